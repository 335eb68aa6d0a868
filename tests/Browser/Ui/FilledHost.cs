using System.Text.Json.Nodes;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Case;
using Npgsql;

namespace Appliance.Tests.Browser.Ui;

/// <summary>A host with something on every desk: alerts, an incident, a report, an advisory, a constituent, a peer; and the addresses of all its pages.</summary>
public sealed class FilledHost : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The host.</summary>
    public HostProcess Host { get; private set; } = null!;

    /// <summary>Every page and who opens it: the manager and administrator, or the analyst.</summary>
    public IReadOnlyList<(string Person, string Path)> Pages { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true", ["PSEUDO_LOCALE"] = "1" });
        var (code, output) = await Host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        await Host.StartSensorAsync();
        var people = DemoPeople.Load(new DataFolder(Host.Data))!;
        DemoApi Api(string name) => new(_http, Host.Http, people.Single(p => p.Name == name).Token);
        Pages = await FillAsync(Api("amina"), Api("lee"), CancellationToken.None);
        await TellAsync(Incident);
    }

    /// <summary>The page of its incident; those below it come later.</summary>
    public string Incident => Pages.First(p => p.Path.StartsWith("/tickets/INC-", StringComparison.Ordinal)).Path;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Host.DisposeAsync();
    }

    private static async Task<IReadOnlyList<(string Person, string Path)>> FillAsync(DemoApi analyst, DemoApi manager, CancellationToken cancel)
    {
        const string Sheet = "name,sector,networks,domains,contact_name,contact_mail,contact_purpose,language\nMinistry of Finance,government,192.0.2.0/26,finance.example,Duty officer,soc@finance.example,security,en\n";
        var preview = await manager.PostAsync("directory/imports", new StringContent(Sheet, System.Text.Encoding.UTF8, "text/csv"), cancel);
        await manager.PostAsync($"directory/imports/{preview!["id"]}/apply", new { }, cancel);
        var constituent = First(await manager.GetAsync("directory/constituents", cancel))!["id"];
        await manager.AwaitAsync("sensing/sensors", a => Items(a).FirstOrDefault(s => (int)s["rulesLoaded"]! > 0), s_patience, cancel);
        await using var sample = File.OpenRead(Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap"));
        await manager.PostAsync("sensing/captures?name=sample-case.pcap", new StreamContent(sample), cancel);
        var groups = await analyst.AwaitAsync("sensing/groups", a => Items(a).Count() > 2 ? a : null, s_patience, cancel);
        await analyst.PostAsync("sensing/groups/escalate", new { ids = new[] { First(groups)!["id"]!.ToString() } }, cancel);
        var incident = await analyst.AwaitAsync("ticketing/incidents", First, s_patience, cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/playbooks", new { playbook = "0198c0de-0000-7000-8000-0000000000a1" }, cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/tasks", new { title = "Call the ministry", who = "owner", dueMinutes = 1 }, cancel);
        var template = await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/template", new { name = "Web attack", title = "Attack on {organisation}", tasks = new[] { new { texts = new { en = new { title = "Call the owner" } }, who = "owner" } } }, cancel);
        var mailing = await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/mailings", new { list = "192.0.2.10,infected with Example,443\n45.84.1.9\nno address", kind = "infected" }, cancel);
        var fields = new { title = "Path traversal against web portals", severity = 2, tlp = "green", summary = "Portals are probed.", body = "## What to do\n\nUpdate to 4.2.1." };
        var advisory = (await analyst.PostAsync("watch/advisories", new { fields }, cancel))!;
        await manager.PostAsync("watch/feeds", new { name = "Vendor", kind = "carried" }, cancel);
        var peer = await manager.PostAsync("uplink/peers", new { name = "Regional Response Centre", role = "hub", ceiling = "amber", trust = "trusted" }, cancel);
        var left = await analyst.AwaitAsync("sensing/groups", First, s_patience, cancel);

        string[] ofManager =
        [
            "/", "/account", "/account?tab=factor", "/account?tab=sessions", "/account?tab=look", "/admin/audit", "/admin/backup", "/admin/deliveries", "/admin/health", "/admin/jobs",
            "/admin/mail", "/admin/mail/received", "/admin/mail-keys", "/admin/mail-keys?view=others", "/admin/roles", "/admin/roles?tab=person", "/admin/roles?tab=who&right=kernel.users.manage", "/admin/roles/new?from=analyst", "/admin/tokens", "/admin/webhooks", "/admin/settings", "/admin/users", "/directory/constituents", "/directory/constituents/new",
            $"/directory/constituents/{constituent}", "/directory/import", "/help", "/help?page=/sense/inbox", "/help/parts", "/wall/numbers", "/wall/alerts", "/readiness", "/search", "/search?q=ministry",
            "/sense/inbox", "/sense/inbox?by=signature", "/sense/inbox?q=-sid:1%20port:%3E0", "/sense/rules", "/sense/rules?view=noise", "/sense/rules?view=indicators", "/sense/rules?view=costs", "/sense/rules?view=hidden", "/sense/rules/edit",
            "/sense/rules/sources/0198c0de-0000-7000-8000-000000000001", "/sense/assets", "/sense/assets?view=names", $"/sense/assets/{left["destination"]}", "/sense/captures", "/sense/sensors", "/sense/sensors/1", "/sense/events", "/sense/data",
            "/setup/steps/factor", "/setup/steps/organisation", "/setup/steps/network", "/setup/steps/constituents", "/setup/steps/rules", "/setup/steps/mail", "/setup/steps/selftest", "/setup/steps/finish",
            "/share/inbox", "/share/outbox", "/share/peers", "/share/peers/new", $"/share/peers/{peer}", "/watch/feeds", "/watch/subscribers", "/no/such/page", "/notices", "/notices?view=all", "/bulk",
            "/reports", "/reports?kind=month", "/reports?kind=custom", "/reports/print?kind=week",
        ];
        string[] ofAnalyst =
        [
            $"/sense/alerts/{left["id"]}", $"/sense/alerts/{left["id"]}?tab=packets", "/sense/rules?view=wrong", "/tickets", "/tickets?view=snoozed", "/tickets/acts", "/tickets/follow-ups", "/tickets/handover", "/tickets/tasks", "/tickets/tasks?view=open", "/tickets/templates", $"/tickets/templates/{template!["id"]}", $"/tickets/new?template={template["id"]}", "/tickets/playbooks", "/tickets/playbooks?view=retired", "/tickets/playbooks/new", "/tickets/playbooks/0198c0de-0000-7000-8000-0000000000a1", "/tickets/playbooks/0198c0de-0000-7000-8000-0000000000a1/edit", "/tickets/new", "/tickets/reports", "/tickets/reports/new", $"/tickets/{incident["number"]}", $"/tickets/{incident["number"]}/mailings/new", $"/tickets/{incident["number"]}/mailings/{mailing!["id"]}",
            "/watch", "/watch/advisories", "/watch/advisories/new", $"/watch/advisories/{advisory["number"]}", $"/watch/advisories/{advisory["number"]}/edit", $"/watch/advisories/{advisory["number"]}/print",
        ];
        return [.. ofManager.Select(p => ("lee", p)), .. ofAnalyst.Select(p => ("amina", p))];
    }

    /// <summary>What a third colleague would have done: the sample country has two.</summary>
    private async Task TellAsync(string incident)
    {
        await using var database = NpgsqlDataSource.Create(Host.Database);
        await using var command = database.CreateCommand("insert into kernel.notices (id, user_id, at, key, arguments, about, link, by_name) select gen_random_uuid(), id, now(), 'ticketing.notice.noted', array[$1], 'incident/x', $2, 'Omar Haddad' from identity.users");
        command.Parameters.AddWithValue(incident.Split('/')[^1]);
        command.Parameters.AddWithValue(incident);
        await command.ExecuteNonQueryAsync();
        // What peers and an advisory would have named, and what a sensor that captures would have said.
        await using var looked = database.CreateCommand(
            """
            insert into sensing.indicators (stix_id, peer, type, value, key, received_at, valid_until, tlp, pap, exercise) values
                ('indicator--1', gen_random_uuid(), 'domain', 'c2.badactor.example', 'c2.badactor.example', now(), now() + interval '9 days', 3, 2, false),
                ('indicator--2', gen_random_uuid(), 'ipv4', 'no address at all', null, now(), null, 1, 1, false);
            insert into sensing.indicators (stix_id, origin, type, value, key, received_at, valid_until, tlp, pap, exercise) values
                ('advisory--1', 'ADV-2026-0001', 'sha256', repeat('ab', 32), repeat('ab', 32), now(), now() + interval '30 days', 1, 1, false);
            insert into sensing.sensor_answers (sensor_id, at, message, body) select id, now(), 'rule costs',
                '{"generation":3,"packets":48211,"every":64,"micros":90000,"rules":[{"gid":1,"sid":9000002,"checks":1200,"matches":4,"micros":31000},{"gid":1,"sid":7,"checks":90000,"matches":0,"micros":12000}]}' from sensing.sensors
            """);
        await looked.ExecuteNonQueryAsync();
    }

    private static JsonNode? First(JsonNode? answer) => Items(answer).FirstOrDefault();

    private static IEnumerable<JsonNode> Items(JsonNode? answer) => ((answer as JsonArray) ?? answer?["items"]?.AsArray() ?? []).OfType<JsonNode>();
}
