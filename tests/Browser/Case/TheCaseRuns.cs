using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Appliance.Tests.Case;

/// <summary>One case from the packet to the centre's acknowledgement, each step seen in the browser, in PostgreSQL and on the wire.</summary>
public sealed class TheCaseRuns
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private const string Constituents =
        """
        name,sector,networks,asns,domains,contact_name,contact_mail,contact_purpose,language
        Ministry of Finance of Samplia,government,192.168.182.0/24;192.0.2.0/24,,finance.example,Duty officer,soc@finance.example,security,en
        """;

    [Fact]
    public async Task A_packet_becomes_a_warning_that_the_centre_has_taken()
    {
        Assert.SkipWhen(MailServer.Absence is not null, MailServer.Absence ?? "");
        await using var stage = await CaseStage.SetAsync();
        var (analyst, manager, cancel) = (stage.Analyst, stage.Manager, TestContext.Current.CancellationToken);
        await PairAsync(stage, cancel);
        var preview = await manager.PostAsync("directory/imports", new StringContent(Constituents, Encoding.UTF8, "text/csv"), cancel);
        await manager.PostAsync($"directory/imports/{preview!["id"]}/apply", new { }, cancel);
        await stage.Home.StartSensorAsync();

        await using var amina = await CaseStage.SignInAsync(stage.Home, "amina");
        await amina.Page.GotoAsync("/sense/inbox");
        await ReplayAsync(stage, cancel);

        // Alerts are in the inbox within five seconds of the replay's last packet; the page says so by itself or on the pill.
        var shown = Stopwatch.GetTimestamp();
        var group = await analyst.AwaitAsync("sensing/groups", Named, TimeSpan.FromSeconds(5), cancel);
        Assert.InRange(Stopwatch.GetElapsedTime(shown).TotalSeconds, 0, 5);
        Assert.Equal("Ministry of Finance of Samplia", (group["sourceConstituent"] ?? group["destinationConstituent"])!.ToString());
        var alerts = await CaseStage.CountAsync(stage.Home, "select sum(count) from sensing.alert_groups");

        // Escalated by keyboard alone.
        await amina.Page.GotoAsync("/sense/inbox");
        var rows = amina.Page.Locator("tbody tr");
        await Assertions.Expect(rows.First).ToBeVisibleAsync();
        await Assertions.Expect(amina.Page.GetByText("Ministry of Finance of Samplia").First).ToBeVisibleAsync();
        await amina.PictureAsync("case-inbox");
        await amina.PutCursorAsync();
        await amina.Page.Keyboard.PressAsync("s");
        var line = await analyst.AwaitAsync("ticketing/incidents", a => Items(a).FirstOrDefault(), s_patience, cancel);
        var number = line["number"]!.ToString();
        await amina.Page.GotoAsync($"/tickets/{number}");
        await Assertions.Expect(amina.Page.GetByText("Ministry of Finance of Samplia").First).ToBeVisibleAsync();
        await amina.PictureAsync("case-incident");

        // The power fails in the middle: nothing is lost, nothing is there twice.
        await stage.Home.KillAsync();
        await stage.Home.StartAgainAsync();
        await Task.Delay(TimeSpan.FromSeconds(2), cancel);
        Assert.Equal(alerts, await CaseStage.CountAsync(stage.Home, "select sum(count) from sensing.alert_groups"));
        Assert.Equal(1, await CaseStage.CountAsync(stage.Home, "select count(*) from ticketing.incidents"));

        await using var lee = await CaseStage.SignInAsync(stage.Home, "lee");
        await TellAsync(stage, amina, number);
        var advisory = await WarnAsync(stage, amina, lee);
        await lee.ApproveSharesAsync(2);

        // The centre shows it, and home shows that the centre has it.
        await using var officer = await CaseStage.SignInAsync(stage.Centre, "lee");
        await stage.Officer.AwaitAsync("uplink/received", a => Items(a).FirstOrDefault(i => i["title"]!.ToString().Contains("Path traversal", StringComparison.Ordinal)), s_patience, cancel);
        await officer.Page.GotoAsync("/share/inbox");
        await Assertions.Expect(officer.Page.GetByText("Path traversal").First).ToBeVisibleAsync();
        await officer.PictureAsync("case-centre");
        await manager.AwaitAsync($"watch/advisories/{advisory}", a => a["acknowledgements"]!.AsArray().FirstOrDefault(), s_patience, cancel);
        await lee.GoAsync($"/watch/advisories/{advisory}");
        await lee.SeesAsync("Regional Response Centre");
        await lee.PictureAsync("case-advisory");

        Assert.Equal(0, await CaseStage.CountAsync(stage.Home, "select count(*) from kernel.outbox_deliveries where state = 'parked' or (state = 'waiting' and tries > 0)"));
        Assert.Equal(1, await CaseStage.CountAsync(stage.Home, "select count(*) from ticketing.incidents"));
        var (code, output) = await stage.Home.RunAsync("audit", "verify");
        Assert.True(code == 0, output);
        Assert.Empty(officer.Faults);
        Assert.Empty(lee.Faults);
    }

    private static async Task PairAsync(CaseStage stage, CancellationToken cancel)
    {
        var centre = await stage.Manager.PostAsync("uplink/peers", new { name = "Regional Response Centre", role = "hub", ceiling = "amber", trust = "trusted" }, cancel);
        var credential = await stage.Manager.PostAsync($"uplink/peers/{centre}/credential", new { kind = "basic" }, cancel);
        var home = await stage.Officer.PostAsync("uplink/peers", new { name = "Samplia CIRT", role = "national", rootUrl = new Uri(stage.Home.Http, "/taxii2/"), ceiling = "amber", trust = "trusted" }, cancel);
        await stage.Officer.PutAsync($"uplink/peers/{home}/secret", new { kind = "basic", login = credential!["login"], secret = credential["secret"] }, cancel);
    }

    /// <summary>A real scan from the kit with the public rules that name it; the product's own sample where the kit is absent.</summary>
    private static async Task ReplayAsync(CaseStage stage, CancellationToken cancel)
    {
        if (Environment.GetEnvironmentVariable("APPLIANCE_CONFORMANCE") is { Length: > 0 } kits && File.Exists(Path.Combine(kits, "sensing/pcaps/demo/web-scan-nmap.pcap")))
        {
            var before = await LoadedAsync(stage, _ => true, cancel);
            var rules = File.ReadLines(Path.Combine(kits, "sensing/rules/et-open-a.rules")).Where(r => r.StartsWith("alert", StringComparison.Ordinal) && r.Contains("Nmap", StringComparison.Ordinal));
            await stage.Manager.PostAsync("sensing/rules?name=scan.rules", new StringContent(string.Join('\n', rules), Encoding.UTF8, "text/plain"), cancel);
            await LoadedAsync(stage, n => n > before, cancel);
            await using var capture = File.OpenRead(Path.Combine(kits, "sensing/pcaps/demo/web-scan-nmap.pcap"));
            await stage.Manager.PostAsync("sensing/captures?name=web-scan-nmap.pcap", new StreamContent(capture), cancel);
        }
        else
        {
            await using var sample = File.OpenRead(Path.Combine(Checkout.Root, "modules/Sensing/Module/Samples/sample-case.pcap"));
            await stage.Manager.PostAsync("sensing/captures?name=sample-case.pcap", new StreamContent(sample), cancel);
        }
        await stage.Manager.AwaitAsync("sensing/captures", a => Items(a).FirstOrDefault(c => c["state"]!.ToString() == "done"), s_patience, cancel);
    }

    private static async Task<int> LoadedAsync(CaseStage stage, Func<int, bool> enough, CancellationToken cancel)
    {
        var sensor = await stage.Manager.AwaitAsync("sensing/sensors", a => Items(a).FirstOrDefault(s => (int)s["rulesLoaded"]! > 0 && enough((int)s["rulesLoaded"]!)), s_patience, cancel);
        return (int)sensor["rulesLoaded"]!;
    }

    private static async Task TellAsync(CaseStage stage, BrowserSession amina, string number)
    {
        await amina.ConfirmIncidentAsync(number);
        await amina.TellAsync(number, "soc@finance.example", "Your portal is scanned", "Please look at the server named below.");
        var message = (await stage.Mail.MessagesAsync(1, s_patience)).Single();
        Assert.Contains(number, message, StringComparison.Ordinal);
        Assert.Contains("TLP:AMBER", message, StringComparison.Ordinal);
        Assert.Contains("soc@finance.example", message, StringComparison.Ordinal);
    }

    private static async Task<string> WarnAsync(CaseStage stage, BrowserSession amina, BrowserSession lee)
    {
        var number = await amina.WriteAdvisoryAsync("Path traversal against web portals", "Portals are probed.", "Update to 4.2.1.", "ipv4 198.51.100.23");
        await lee.PublishAdvisoryAsync(number);
        Assert.Contains(await stage.Mail.MessagesAsync(2, s_patience), m => m.Contains("TLP:GREEN", StringComparison.Ordinal));
        return number;
    }

    private static JsonNode? Named(JsonNode answer) => Items(answer).FirstOrDefault(g => g["sourceConstituent"] is not null || g["destinationConstituent"] is not null);

    private static IEnumerable<JsonNode> Items(JsonNode? answer) => ((answer as JsonArray) ?? answer?["items"]?.AsArray() ?? []).OfType<JsonNode>();
}
