using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Appliance.Host.Demo;

/// <summary>
/// Plays the case of the sample country as its people would, through the REST API: capture, alert, incident, notice, advisory, approval, the centre's
/// acknowledgement. Played once; started again it finds the case and goes on where it stopped.
/// </summary>
/// <param name="analyst">Amina, at home.</param>
/// <param name="manager">Lee, at home: the second pair of eyes.</param>
/// <param name="centre">The officer of the regional centre.</param>
/// <param name="national">Where the centre reaches the national node.</param>
/// <param name="say">One line per step.</param>
internal sealed class DemoPlayer(DemoApi analyst, DemoApi manager, DemoApi centre, Uri national, Action<string> say)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public async Task PlayAsync(CancellationToken cancel)
    {
        if (Items(await manager.GetAsync("uplink/peers", cancel)).Any())
        {
            say("the case was played before; everything is where it was");
            return;
        }
        await CountryAsync(cancel);
        await PairAsync(cancel);
        var incident = await IncidentAsync(cancel);
        await NotifyAsync(incident, cancel);
        var advisory = await AdvisoryAsync(incident, cancel);
        await ShareAsync(cancel);
        await AcknowledgedAsync(advisory, cancel);
        say("the case is through: look at Home, then follow the incident's timeline");
    }

    /// <summary>Constituents from the sheet, a feed from the carried file.</summary>
    private async Task CountryAsync(CancellationToken cancel)
    {
        var preview = await manager.PostAsync("directory/imports", Sample("constituents.csv", "text/csv"), cancel);
        await manager.PostAsync($"directory/imports/{Text(preview, "id")}/apply", new { }, cancel);
        say("the directory knows six constituents of Samplia, their networks and contacts");
        await FeedAsync("Sample vendor advisories", "advisories.atom", "application/atom+xml", cancel);
        say("a vendor's feed was carried in; its items are on the Watch desk");
    }

    private async Task FeedAsync(string name, string file, string type, CancellationToken cancel)
    {
        var feed = await manager.PostAsync("watch/feeds", new { name, kind = "carried" }, cancel);
        await manager.PostAsync($"watch/feeds/{feed}/carry", Sample(file, type), cancel);
    }

    /// <summary>The two nodes learn of each other: a credential made here is entered there.</summary>
    private async Task PairAsync(CancellationToken cancel)
    {
        var hub = await manager.PostAsync("uplink/peers", new { name = "Regional Response Centre", role = "hub", ceiling = "amber", trust = "trusted" }, cancel);
        var credential = await manager.PostAsync($"uplink/peers/{hub}/credential", new { kind = "basic" }, cancel);
        var home = await centre.PostAsync("uplink/peers", new { name = "Samplia CIRT", role = "national", rootUrl = new Uri(national, "/taxii2/"), ceiling = "amber", trust = "trusted" }, cancel);
        await centre.PutAsync($"uplink/peers/{home}/secret", new { kind = "basic", login = Text(credential, "login"), secret = Text(credential, "secret") }, cancel);
        say("Samplia and the Regional Response Centre are peers");
    }

    /// <summary>The sample capture is replayed; its worst group that names a constituent becomes an incident.</summary>
    private async Task<JsonNode> IncidentAsync(CancellationToken cancel)
    {
        await manager.PostAsync("sensing/captures?name=sample-case.pcap", Sample("sample-case.pcap", "application/vnd.tcpdump.pcap"), cancel);
        say("the sensor replays the sample capture");
        var group = await analyst.AwaitAsync(
            "sensing/groups",
            answer => Items(answer).FirstOrDefault(g => g["sourceConstituent"] is not null || g["destinationConstituent"] is not null),
            s_patience,
            cancel);
        say($"alert: {group["signature"]} ({group["source"]} to {group["destination"]})");
        await analyst.PostAsync("sensing/groups/escalate", new { ids = new[] { Text(group, "id") } }, cancel);
        var line = await analyst.AwaitAsync("ticketing/incidents?view=open", answer => Items(answer).FirstOrDefault(), s_patience, cancel);
        var number = Text(line, "number");
        say($"escalated: incident {number} names {string.Join(", ", line["constituents"]!.AsArray())}");
        var incident = (await analyst.GetAsync($"ticketing/incidents/{number}", cancel))!;
        var id = Text(incident, "id");
        await analyst.PostAsync($"ticketing/incidents/{id}/owner", new { }, cancel);
        await analyst.PostAsync($"ticketing/incidents/{id}/state", new { from = "triage", to = "in-progress" }, cancel);
        await analyst.PostAsync($"ticketing/incidents/{id}/notes", new { text = "The request got an answer of 200: the portal hands out files outside its root. Calling the duty officer." }, cancel);
        await analyst.PostAsync($"ticketing/incidents/{id}/confirm", new { }, cancel);
        return (await analyst.GetAsync($"ticketing/incidents/{number}", cancel))!;
    }

    private async Task NotifyAsync(JsonNode incident, CancellationToken cancel)
    {
        var constituent = incident["fields"]!["constituents"]!.AsArray().First();
        var card = (await analyst.GetAsync($"directory/constituents/{constituent}", cancel))!;
        var body = new
        {
            recipients = card["contacts"]!.AsArray().Select(c => Text(c, "mail")).ToArray(),
            subject = $"{incident["fields"]!["title"]}",
            text = "We saw traffic towards your network that points to an intrusion attempt. Please check the server named below, keep its logs, and answer to this message with the number in the subject.",
        };
        await analyst.PostAsync($"ticketing/incidents/{Text(incident, "id")}/notify", body, cancel);
        say("the constituent's contact is told; without a mail server the message waits in the local outbox");
    }

    private async Task<string> AdvisoryAsync(JsonNode incident, CancellationToken cancel)
    {
        var fields = new
        {
            title = "Path traversal against web portals in Samplia",
            severity = 2,
            tlp = "green",
            summary = "Portals in Samplia are probed for path traversal. One answered.",
            body = "## What we see\n\nRequests that climb out of the document root, from one network, since this morning.\n\n## What to do\n\n1. Update the portal to 4.2.1 or later.\n2. Search the access log for `../` and its encoded forms.\n3. Tell us what you find.",
            observables = new[] { new { type = "ipv4", value = "198.51.100.23" } },
            links = new[] { "https://vendor.example/advisories/2026-001" },
        };
        var advisory = (await analyst.PostAsync("watch/advisories", new { fields }, cancel))!;
        var (id, number) = (Text(advisory, "id"), Text(advisory, "number"));
        await analyst.PostAsync($"watch/advisories/{id}/submit", new { version = await VersionAsync(number, cancel) }, cancel);
        await manager.PostAsync($"watch/advisories/{id}/approve", new { version = await VersionAsync(number, cancel) }, cancel);
        await manager.PostAsync($"watch/advisories/{id}/publish", new { version = await VersionAsync(number, cancel) }, cancel);
        say($"advisory {number} about {Text(incident, "number")}: written by Amina, approved by Lee, published to the country");
        return number;
    }

    private async Task<int> VersionAsync(string number, CancellationToken cancel) =>
        (int)(await manager.GetAsync($"watch/advisories/{number}", cancel))!["advisory"]!["version"]!;

    /// <summary>Every pending share is looked at and approved for the centre, by the hash of exactly the bytes shown.</summary>
    private async Task ShareAsync(CancellationToken cancel)
    {
        var kinds = new HashSet<string>();
        while (kinds.Count < 2)
        {
            var share = await manager.AwaitAsync("uplink/shares?state=pending", answer => Items(answer).FirstOrDefault(), s_patience, cancel);
            var id = Text(share, "id");
            var sheet = (await manager.GetAsync($"uplink/shares/{id}", cancel))!;
            var peers = sheet["peers"]!.AsArray().Where(p => p!["hinderKey"] is null).Select(p => Text(p, "id")).ToArray();
            var approval = new { peers, legalBasis = "National CIRT decree, article 12: exchange with the regional centre", sha256 = Text(sheet, "sha256") };
            if (peers.Length == 0)
                throw new InvalidOperationException($"no peer may receive {share["number"]}");
            await manager.PostAsync($"uplink/shares/{id}/approve", approval, cancel);
            kinds.Add(Text(share, "kind"));
            say($"approved on the outbox: {share["number"]} may go to the Regional Response Centre");
        }
    }

    private async Task AcknowledgedAsync(string advisory, CancellationToken cancel)
    {
        await centre.AwaitAsync("uplink/received", answer => Items(answer).FirstOrDefault(), s_patience, cancel);
        say("the centre pulled it over TAXII and shows it");
        await manager.AwaitAsync($"watch/advisories/{advisory}", answer => answer["acknowledgements"]!.AsArray().FirstOrDefault(), s_patience, cancel);
        say("the centre's acknowledgement arrived at home");
    }

    private static IEnumerable<JsonNode> Items(JsonNode? answer) => ((answer as JsonArray) ?? answer?["items"]?.AsArray() ?? []).OfType<JsonNode>();

    private static string Text(JsonNode? node, string name) =>
        node?[name]?.ToString() ?? throw new InvalidOperationException($"the answer has no '{name}': {node?.ToJsonString()}");

    private static StreamContent Sample(string name, string type)
    {
        var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Appliance.Host.Demo.Data.{name}")
            ?? throw new InvalidOperationException($"the sample {name} is not part of this build");
        return new StreamContent(stream) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
    }
}
