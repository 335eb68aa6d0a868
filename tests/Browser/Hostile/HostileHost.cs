using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Npgsql;

namespace Appliance.Tests.Browser.Hostile;

/// <summary>A host into which strangers have written: every field that an outsider can set holds a payload, in alerts, mail, feeds, what a peer sends, a carried sheet and reports.</summary>
public sealed class HostileHost : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-hostile-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The host.</summary>
    public HostProcess Host { get; private set; } = null!;

    /// <summary>Pages on which many of the payloads stand at once.</summary>
    public IReadOnlyList<(string Person, string Path)> Lists { get; } =
    [
        ("amina", "/sense/inbox?hours=8760"), ("amina", "/sense/events?hours=8760"), ("amina", "/tickets"), ("amina", "/tickets/reports"), ("amina", "/watch"), ("amina", "/watch/advisories"),
        ("amina", "/directory/constituents"), ("amina", "/search?q=ran"), ("amina", "/search?q=%3Cscript%3E"), ("amina", "/sense/inbox?hours=8760&q=%22%3E%3Cscript%3Eran(1)%3C/script%3E"), ("amina", "/wall/alerts"), ("amina", "/"),
        ("lee", "/share/inbox"), ("lee", "/share/outbox"), ("lee", "/share/peers"), ("lee", "/admin/mail/received"), ("lee", "/admin/audit"), ("lee", "/admin/deliveries"), ("lee", "/watch/feeds"),
        ("amina", "/sense/inbox?hours=8760&by=signature"), ("amina", "/sense/assets"), ("amina", "/sense/rules?view=noise"), ("amina", "/sense/rules?view=indicators"), ("amina", "/sense/rules?view=costs"), ("amina", "/sense/data"), ("amina", "/tickets/follow-ups"), ("amina", "/tickets/acts"), ("amina", "/tickets/handover"), ("amina", "/tickets/tasks?view=open"), ("amina", "/tickets/playbooks"), ("amina", "/notices?view=all"),
        ("lee", "/reports?kind=day"), ("lee", "/reports/print?kind=day"), ("lee", "/reports?kind=%3Cscript%3Eran(1)%3C/script%3E"),
    ];

    /// <summary>Pages of single records, by kind.</summary>
    public IReadOnlyList<(string Person, string Path)> Records { get; private set; } = [];

    internal DemoApi Analyst { get; private set; } = null!;

    internal DemoApi Manager { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        foreach (var part in new[] { "new", "cur", "tmp" })
            Directory.CreateDirectory(Path.Combine(_folder, "mail", part));
        Directory.CreateDirectory(Path.Combine(_folder, "eve"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "eve", "eve.json"), "");
        Host = await HostProcess.StartAsync(new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["kernel__mail__maildir"] = Path.Combine(_folder, "mail"),
            ["sensing__folders__0__name"] = "stock",
            ["sensing__folders__0__path"] = Path.Combine(_folder, "eve"),
            ["sensing__folders__0__kind"] = "suricata",
        });
        var (code, output) = await Host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        var people = DemoPeople.Load(new DataFolder(Host.Data))!;
        DemoApi Api(string name) => new(_http, Host.Http, people.Single(p => p.Name == name).Token);
        (Analyst, Manager) = (Api("amina"), Api("lee"));
        Records = await FillAsync(CancellationToken.None);
        await TellAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<IReadOnlyList<(string Person, string Path)>> FillAsync(CancellationToken cancel)
    {
        await File.AppendAllLinesAsync(Path.Combine(_folder, "eve", "eve.json"), Payloads.All.SelectMany(Alert), cancel);
        foreach (var (payload, i) in Payloads.All.Select((p, i) => (p, i)))
            await DeliverAsync(i, Mail(payload, i), cancel);
        // Two stored scripts of 2026 in a tracker that takes mail: a subject without any log-in (CVE-2026-105455), and a javascript link in HTML mail (CVE-2026-105456).
        await DeliverAsync(900, "From: eve@elsewhere.example\r\nSubject: <script>ran(1)</script>\"'><img src=x onerror=ran(1)>\r\nMessage-ID: <rt1@elsewhere.example>\r\n\r\nx\r\n", cancel);
        await DeliverAsync(901, "From: eve@elsewhere.example\r\nSubject: link\r\nMessage-ID: <rt2@elsewhere.example>\r\nContent-Type: text/html\r\n\r\n<p>see <a href=\"java&#115;cript:ran(2)\">this</a><script>ran(2)</script></p>\r\n", cancel);
        await SheetAsync(cancel);
        var peer = await PeerAsync(cancel);
        await FeedAsync(cancel);
        foreach (var payload in Payloads.All)
            await Manager.PostAsync("ticketing/reports", new { subject = payload, text = Payloads.Together, sender = "eve@elsewhere.example", senderName = payload }, cancel);

        var groups = await Analyst.AwaitAsync("sensing/groups?hours=8760&size=200", a => Items(a).Count() >= Payloads.All.Count ? a : null, s_patience, cancel);
        var ids = Items(groups).Select(g => g["id"]!.ToString()).ToList();
        await Analyst.PostAsync("sensing/groups/escalate", new { ids = ids.Take(10) }, cancel);
        var incidents = Items(await Analyst.AwaitAsync("ticketing/incidents", a => Items(a).Count() >= 10 ? a : null, s_patience, cancel)).Select(i => i["number"]!.ToString()).ToList();
        var reports = Items(await Manager.AwaitAsync("ticketing/reports?limit=200", a => Items(a).Count() >= 2 * Payloads.All.Count ? a : null, s_patience, cancel)).Select(r => r["id"]!.ToString()).ToList();
        var items = Items(await Analyst.AwaitAsync("watch/items?limit=200", a => Items(a).Any() ? a : null, s_patience, cancel)).Select(r => r["id"]!.ToString()).ToList();
        var going = Items(await Analyst.GetAsync("ticketing/incidents", cancel)).Select(i => i["id"]!.ToString()).Take(10);
        await Analyst.PostAsync("ticketing/handovers", new { text = Payloads.Together, incidents = going }, cancel);
        var steps = Payloads.All.Where(p => !p.Any(char.IsControl)).Select(p => new { texts = new { en = new { title = p, text = p + Payloads.Together } }, who = "any", dueMinutes = 1 });
        var playbook = await Analyst.PostAsync("ticketing/playbooks", new { names = new { en = Payloads.All[0] }, types = new[] { "other" }, steps }, cancel);
        foreach (var incident in going.Take(2))
            await Analyst.PostAsync($"ticketing/incidents/{incident}/playbooks", new { playbook = playbook!["id"] }, cancel);
        var received = Items(await Manager.AwaitAsync("uplink/received", First, s_patience, cancel) is null ? null : await Manager.GetAsync("uplink/received", cancel)).Select(r => r["id"]!.ToString()).ToList();
        var constituents = Items(await Manager.GetAsync("directory/constituents?limit=200", cancel)).Select(r => r["id"]!.ToString()).ToList();
        List<string> advisories = [];
        foreach (var payload in Payloads.All.Take(5))
            advisories.Add((await Analyst.PostAsync("watch/advisories", new { fields = new { title = payload, severity = 2, tlp = "green", summary = Payloads.Together, body = Payloads.Together } }, cancel))!["number"]!.ToString());
        await TemplateAsync(going.First());
        return
        [
            .. ids.Skip(10).SelectMany(id => new[] { "", "?tab=flow", "?tab=payload", "?tab=packets", "?tab=raw", "?tab=history" }.Select(tab => ("amina", $"/sense/alerts/{id}{tab}"))),
            ("amina", $"/tickets/playbooks/{playbook!["id"]}"), ("amina", $"/tickets/playbooks/{playbook["id"]}/edit"), ("amina", "/tickets/templates"), ("amina", $"/tickets/templates/{Template}"), ("amina", $"/tickets/new?template={Template}"),
            .. incidents.Select(n => ("amina", $"/tickets/{n}")), .. reports.Select(r => ("lee", $"/tickets/reports/{r}")), .. items.Select(i => ("amina", $"/watch?item={i}")),
            .. received.Select(r => ("lee", $"/share/inbox/{r}")), .. constituents.Select(c => ("lee", $"/directory/constituents/{c}")), ("lee", $"/share/peers/{peer}"),
            .. advisories.SelectMany(a => new[] { "", "/edit", "/print" }.Select(part => ("amina", $"/watch/advisories/{a}{part}"))),
        ];
    }

    private static IEnumerable<string> Alert(string payload, int i)
    {
        var at = DateTimeOffset.UtcNow.AddSeconds(-i).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture);
        var source = $"198.51.100.{i + 1}";
        object Record(string type, object more) => new Dictionary<string, object?>
        {
            ["timestamp"] = at, ["flow_id"] = 1000 + i, ["event_type"] = type, ["src_ip"] = source, ["src_port"] = 1025, ["dest_ip"] = "192.0.2.9", ["dest_port"] = 80, ["proto"] = "TCP", ["app_proto"] = "http",
            [type == "alert" ? "alert" : type] = more,
        };
        var http = new { hostname = payload, url = "/" + payload, http_user_agent = payload, http_refer = payload, http_method = payload, http_content_type = payload };
        var alert = JsonSerializer.SerializeToNode(Record("alert", new { action = "allowed", gid = 1, signature_id = 5000 + i, rev = 1, signature = payload, category = payload, severity = 1 }))!.AsObject();
        alert["http"] = JsonSerializer.SerializeToNode(http);
        alert["tls"] = JsonSerializer.SerializeToNode(new { sni = payload, subject = payload, issuerdn = payload });
        alert["smtp"] = JsonSerializer.SerializeToNode(new { helo = payload, mail_from = payload, rcpt_to = new[] { payload } });
        alert["email"] = JsonSerializer.SerializeToNode(new { from = payload, to = new[] { payload }, subject = payload, attachment = new[] { payload } });
        alert["ssh"] = JsonSerializer.SerializeToNode(new { client = new { software_version = payload }, server = new { software_version = payload } });
        alert["files"] = JsonSerializer.SerializeToNode(new[] { new { filename = payload, state = "CLOSED", size = 1 } });
        alert["payload_printable"] = Payloads.Together;
        alert["payload"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Payloads.Together));
        yield return alert.ToJsonString();
        yield return JsonSerializer.Serialize(Record("http", http));
        yield return JsonSerializer.Serialize(Record("dns", new { type = "query", rrname = payload, rrtype = payload }));
    }

    private static string Mail(string payload, int i)
    {
        var name = "=?utf-8?B?" + Convert.ToBase64String(Encoding.UTF8.GetBytes(payload)) + "?=";
        return $"""
            From: {name} <eve{i}@elsewhere.example>
            Subject: {name}
            Message-ID: <h{i}@elsewhere.example>
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: text/html; charset=utf-8

            <p>{payload}</p>{Payloads.Together}
            --b
            Content-Type: application/octet-stream
            Content-Disposition: attachment; filename="{name}"

            x
            --b--

            """.ReplaceLineEndings("\r\n");
    }

    private async Task DeliverAsync(int number, string message, CancellationToken cancel)
    {
        var name = $"{1700000000 + number}.M{number}P1.hostile";
        var draft = Path.Combine(_folder, "mail", "tmp", name);
        await File.WriteAllTextAsync(draft, message, cancel);
        File.Move(draft, Path.Combine(_folder, "mail", "new", name));
    }

    private async Task SheetAsync(CancellationToken cancel)
    {
        static string Cell(string text) => "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        var sheet = new StringBuilder("name,sector,networks,domains,contact_name,contact_mail,contact_purpose,language\n");
        foreach (var (payload, i) in Payloads.All.Select((p, i) => (p, i)))
            sheet.Append(CultureInfo.InvariantCulture, $"{Cell($"{payload} {i}")},government,10.77.{i}.0/24,h{i}.example,{Cell(payload)},soc@h{i}.example,security,en\n");
        var preview = await Manager.PostAsync("directory/imports", new StringContent(sheet.ToString(), Encoding.UTF8, "text/csv"), cancel);
        await Manager.PostAsync($"directory/imports/{preview!["id"]}/apply", new { }, cancel);
    }

    private async Task<string> PeerAsync(CancellationToken cancel)
    {
        var peer = (await Manager.PostAsync("uplink/peers", new { name = Payloads.All[0], role = "hub", ceiling = "amber", trust = "trusted" }, cancel))!.ToString();
        var credential = await Manager.PostAsync($"uplink/peers/{peer}/credential", new { kind = "basic" }, cancel);
        List<object> objects = [];
        foreach (var payload in Payloads.All)
        {
            var identity = $"identity--{Guid.NewGuid()}";
            objects.Add(new { type = "identity", spec_version = "2.1", id = identity, created = "2026-01-01T00:00:00.000Z", modified = "2026-01-01T00:00:00.000Z", name = payload, description = payload, identity_class = "organization" });
            objects.Add(new { type = "report", spec_version = "2.1", id = $"report--{Guid.NewGuid()}", created_by_ref = identity, created = "2026-01-01T00:00:00.000Z", modified = "2026-01-01T00:00:00.000Z", name = payload, description = Payloads.Together, published = "2026-01-01T00:00:00Z", object_refs = new[] { identity }, labels = new[] { payload } });
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Host.Http, "/taxii2/share/collections/inbox/objects/"))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { objects })),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/taxii+json;version=2.1");
        request.Headers.Accept.ParseAdd("application/taxii+json;version=2.1");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential!["login"]}:{credential["secret"]}")));
        using var answer = await _http.SendAsync(request, cancel);
        Assert.True((int)answer.StatusCode == 202, await answer.Content.ReadAsStringAsync(cancel));
        return peer;
    }

    private async Task FeedAsync(CancellationToken cancel)
    {
        var feed = (await Manager.PostAsync("watch/feeds", new { name = Payloads.All[0], kind = "carried" }, cancel))!.ToString();
        static string Xml(string text) => System.Security.SecurityElement.Escape(text);
        var entries = Payloads.All.Select((p, i) => $"<item><title>{Xml($"Notice {i} {p}")}</title><guid>h{i}</guid><link>https://elsewhere.example/{i}</link><author>{Xml(p)}</author><category>{Xml(p)}</category><description>{Xml(p + Payloads.Together)}</description><pubDate>Sun, 01 Mar 2026 00:00:00 GMT</pubDate></item>");
        await Manager.PostAsync($"watch/feeds/{feed}/carry", new StringContent($"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{Xml(Payloads.All[1])}</title>{string.Concat(entries)}</channel></rss>", Encoding.UTF8, "application/rss+xml"), cancel);
    }

    /// <summary>A template with such words: by the form none is made that holds what belongs to its incident, and here everything is called so.</summary>
    private async Task TemplateAsync(string source)
    {
        await using var database = NpgsqlDataSource.Create(Host.Database);
        await using var command = database.CreateCommand(
            $"insert into ticketing.templates (id, source_id, name, title, summary, carries_marking, notes, changed_at, changed_by, tlp, pap, exercise) values ('{Template}', '{source}', $1, $1, $2, true, $3, now(), $1, 1, 1, false)");
        command.Parameters.AddWithValue(Payloads.All[0]);
        command.Parameters.AddWithValue(Payloads.Together);
        command.Parameters.AddWithValue(Payloads.All.ToArray());
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Notices by people with such names, as a directory of another house might hand them over: they stand in the bell of every page, until the page they lead to is opened, which no test here does.</summary>
    private async Task TellAsync()
    {
        await using var database = NpgsqlDataSource.Create(Host.Database);
        foreach (var payload in Payloads.All)
        {
            await using var command = database.CreateCommand(
                "insert into kernel.notices (id, user_id, at, key, arguments, about, link, by_name) select gen_random_uuid(), id, now(), 'ticketing.notice.noted', array[$1], $1, '/watch/subscribers', $1 from identity.users where name in ('amina', 'lee')");
            command.Parameters.AddWithValue(payload);
            await command.ExecuteNonQueryAsync();
            await using var indicator = database.CreateCommand("insert into sensing.indicators (stix_id, origin, type, value, received_at, ended_at, ended_by, tlp, pap, exercise) values ($1, $1, $1, $1, now(), now(), $1, 1, 1, false)");
            indicator.Parameters.AddWithValue(payload);
            await indicator.ExecuteNonQueryAsync();
        }
        // A sensor's numbers are nobody's text, and the names beside them are those of the alerts above.
        await using var costs = database.CreateCommand(
            """
            insert into sensing.sensor_answers (sensor_id, at, message, body)
            select n.id, now(), 'rule costs', jsonb_build_object('generation', '<script>', 'packets', 5, 'every', 64, 'micros', 9, 'rules', (select jsonb_agg(jsonb_build_object('gid', gid, 'sid', sid, 'checks', 1, 'matches', 1, 'micros', 1)) from sensing.signatures)) from sensing.sensors n
            """);
        await costs.ExecuteNonQueryAsync();
    }

    private const string Template = "0198c0de-0000-7000-8000-00000000beef";

    private static JsonNode? First(JsonNode? answer) => Items(answer).FirstOrDefault();

    internal static IEnumerable<JsonNode> Items(JsonNode? answer) => ((answer as JsonArray) ?? answer?["items"]?.AsArray() ?? []).OfType<JsonNode>();
}
