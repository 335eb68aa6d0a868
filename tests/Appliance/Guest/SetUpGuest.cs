using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Appliance.Tests;
using Xunit;

namespace Appliance.Image.Tests.Guest;

/// <summary>One machine for all tests of this folder: set up by a signed answer file on a second disk, looked at from within, worked with from outside, switched off and on again.</summary>
/// <remarks>
/// Nothing in the image is there for the test: what runs within comes by the hypervisor's credentials (systemd.system-credentials(7)), which whoever runs a virtual machine always has.
/// The second network port is a tap device, so that ports are scanned past the forwarder; without the right to make one the scan is left out and says so.
/// </remarks>
public sealed partial class SetUpGuest : IAsyncLifetime
{
    private const string Tap = "citap0", Network = "198.18.77.1/24";

    /// <summary>The address that the answer file gives the machine.</summary>
    internal const string Address = "198.18.77.2";

    // SHA-256 of the code on the card, which never stands in the file itself.
    private const string CodeOnTheCard = "k7pw4-9mzt2-xq3hv-6rbn8-d5cfg";

    private static readonly string s_answers =
        $$"""
        answers: 1
        organisation: { name: Samplia CIRT, country: sp, mail: cirt@samplia.example, address: "https://cirt.samplia.example", language: fr }
        machine:
          hostName: cirt.samplia.example
          port: "52:54:00:77:00:02"
          addresses: [{{Address}}/24]
          mailFor: [samplia.example]
        people:
          - { name: amina, display: Amina, mail: amina@samplia.example }
          - { name: boris, roles: [analyst, operator], code: {{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(CodeOnTheCard)))}} }
        sensor: { homeNetworks: [198.51.100.0/24] }

        """;

    private const string Check =
        """
        [Unit]
        Description=The test looks at this machine from within
        After=cirt.service cirt-sensor.service
        [Service]
        Type=exec
        ExecStart=/bin/sh -c 'mkdir -p /run/cirt-checks; mount -o ro LABEL=CIRT-CHECKS /run/cirt-checks; exec /bin/bash /run/cirt-checks/checks'
        StandardOutput=tty
        TTYPath=/dev/ttyS1

        """;

    private static readonly string[] s_permissions =
        ["sensing.alert.read", "sensing.alert.triage", "sensing.capture.replay", "sensing.sensor.read", "ticketing.incident.read", "ticketing.incident.edit", "ticketing.incident.confirm", "ticketing.report.triage"];

    private Guest? _guest;
    private Scratch? _scratch;
    private bool _hasTap;

    /// <summary>What the machine said of itself after its first start, and after its second.</summary>
    internal string[] First { get; private set; } = [];

    internal string[] Again { get; private set; } = [];

    internal double SecondsToHealthy { get; private set; }

    internal string LogInPage { get; private set; } = "";

    internal string Incident { get; private set; } = "";

    internal string IncidentAgain { get; private set; } = "";

    internal byte[] Paper { get; private set; } = [];

    internal string MailAnswer { get; private set; } = "";

    internal string StrangersAnswer { get; private set; } = "";

    internal bool MailArrived { get; private set; }

    internal (string Before, string After) Certificates { get; private set; }

    /// <summary>Open ports as nmap found them from outside; null where no tap device could be made.</summary>
    internal string? Ports { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (Guest.Absence is not null)
            return;
        _scratch = new Scratch();
        _hasTap = (await Tool.RunAsync("ip", ["tuntap", "add", "dev", Tap, "mode", "tap"])).Code == 0
            && (await Tool.RunAsync("ip", ["addr", "add", Network, "dev", Tap])).Code == 0 && (await Tool.RunAsync("ip", ["link", "set", Tap, "up"])).Code == 0;
        var mail = FreePort.Take();
        _guest = new Guest("set-up", await SettingsAsync(mail));
        await _guest.StartAsync();
        SecondsToHealthy = await _guest.HealthyAsync();
        LogInPage = await _guest.Http.GetStringAsync("login");
        await EnrolAsync(_guest.Http);
        First = await _guest.SecondAsync("checks done");
        await MainCaseAsync(_guest.Http);
        var before = _guest.Fingerprint;
        await _guest.PowerOffAsync();

        await _guest.StartAsync();
        await _guest.HealthyAsync();
        IncidentAgain = await _guest.Http.GetStringAsync(IncidentsPath);
        Certificates = (before, _guest.Fingerprint);
        MailAnswer = await SmtpAsync(mail, "report@samplia.example");
        StrangersAnswer = await SmtpAsync(mail, "someone@elsewhere.example");
        MailArrived = await ArrivedAsync(_guest.Http);
        Again = await _guest.SecondAsync("checks done");
        if (_hasTap)
            Ports = await Tool.DemandAsync("nmap", "-n", "-Pn", "-sS", "-p-", "--min-rate", "1500", "--max-retries", "2", "--open", "-oG", "-", Address);
        await _guest.PowerOffAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_guest is not null)
            await _guest.DisposeAsync();
        if (_hasTap)
            await Tool.RunAsync("ip", ["link", "del", Tap]);
        _scratch?.Dispose();
    }

    private const string IncidentsPath = "api/v1/ticketing/incidents?limit=10";

    private async Task<Dictionary<string, string>> SettingsAsync(int mail)
    {
        var scratch = _scratch!;
        var fingerprint = await SignAsync(scratch, s_answers);
        Directory.CreateDirectory(scratch.At("checks"));
        File.Copy(Checkout.At("tests", "Appliance", "Guest", "checks"), scratch.At("checks", "checks"));
        scratch.Write("checks/permissions", string.Join(' ', s_permissions));
        await Tool.DemandAsync("truncate", "-s", "8M", scratch.At("checks.img"));
        await Tool.DemandAsync("mke2fs", "-q", "-t", "ext4", "-L", "CIRT-CHECKS", "-d", scratch.At("checks"), scratch.At("checks.img"));
        scratch.Write("credentials/cirt.answers-key", fingerprint);
        scratch.Write("credentials/systemd.extra-unit.cirt-check.service", Check);
        scratch.Write("credentials/systemd.unit-dropin.multi-user.target~cirt-check", "[Unit]\nWants=cirt-check.service\n");
        var settings = new Dictionary<string, string>
        {
            ["CIRT_TRY_MEMORY"] = "4096",
            ["CIRT_TRY_MAIL"] = mail.ToString(CultureInfo.InvariantCulture),
            ["CIRT_TRY_MEDIA"] = $"{scratch.At("answers.img")} {scratch.At("checks.img")}",
            ["CIRT_TRY_CREDENTIALS"] = scratch.At("credentials"),
        };
        if (File.Exists("/usr/bin/swtpm"))
            settings["CIRT_TRY_TPM"] = "1";
        else
            scratch.Write("credentials/cirt.disk", "unencrypted");
        if (_hasTap)
            settings["CIRT_TRY_TAP"] = Tap;
        return settings;
    }

    /// <summary>A FAT medium with the signed file, as an engineer's stick; answers the fingerprint that stands on the card.</summary>
    internal static async Task<string> SignAsync(Scratch scratch, string answers)
    {
        var file = scratch.Write("medium/answers.yaml", answers);
        var environment = new Dictionary<string, string?> { ["CIRT_DATA"] = scratch.At("data") };
        var (made, key) = await CirtProcess.RunAsync(["answers", "keygen", scratch.At("author.pem")], environment);
        Assert.True(made == 0, key);
        var (code, said) = await CirtProcess.RunAsync(["answers", "sign", file, scratch.At("author.pem")], environment);
        Assert.True(code == 0, said);
        await Tool.DemandAsync("truncate", "-s", "8M", scratch.At("answers.img"));
        await Tool.DemandAsync("mformat", "-i", scratch.At("answers.img"), "-v", "CIRTANSWERS", "::");
        await Tool.DemandAsync("mcopy", ["-i", scratch.At("answers.img"), .. Directory.GetFiles(scratch.At("medium")), "::"]);
        return said.Split("fingerprint ")[1].Trim().Split('\n')[0];
    }

    /// <summary>Boris opens the page behind the code on the card and chooses a password; only then may a token act for him.</summary>
    private static async Task EnrolAsync(HttpClient http)
    {
        using var ask = new HttpRequestMessage(HttpMethod.Get, $"invite/{CodeOnTheCard}") { Headers = { { "Accept", "text/html" } } };
        using var page = await http.SendAsync(ask);
        var token = FormToken().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["token"] = CodeOnTheCard, ["password"] = "a quiet harbour at dawn", ["language"] = "en", ["next"] = "/", ["__RequestVerificationToken"] = System.Net.WebUtility.HtmlDecode(token),
        });
        using var answer = await http.PostAsync("account/invite", form);
        Assert.Equal("/", answer.Headers.Location?.OriginalString);
    }

    /// <summary>Capture → alert → incident → paper, by the API that the pages use.</summary>
    private async Task MainCaseAsync(HttpClient http)
    {
        var token = First.Last(l => l.StartsWith("token ", StringComparison.Ordinal))["token ".Length..];
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await DemandAsync(http, "api/v1/sensing/self-test", new { exercise = false });
        var groups = await UntilAsync(http, "api/v1/sensing/groups", page => page.GetProperty("items").GetArrayLength() > 0);
        await DemandAsync(http, "api/v1/sensing/groups/escalate", new { ids = new[] { groups.GetProperty("items")[0].GetProperty("id").GetString() } });
        var incidents = await UntilAsync(http, IncidentsPath, page => page.GetProperty("items").GetArrayLength() > 0);
        Incident = incidents.GetProperty("items")[0].GetProperty("number").GetString()!;
        Paper = await http.GetByteArrayAsync($"api/v1/ticketing/incidents/{Incident}/report.pdf");
    }

    private static async Task<bool> ArrivedAsync(HttpClient http)
    {
        var reports = await UntilAsync(http, "api/v1/ticketing/reports", page => page.GetRawText().Contains("Strange log-ins by mail", StringComparison.Ordinal));
        return reports.ValueKind == JsonValueKind.Object;
    }

    private static async Task DemandAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"POST {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Empty where nothing came within a minute: an emulated machine may be busy for so long, and is asked again.</summary>
    private static async Task<string> TextAsync(HttpClient http, string path)
    {
        using var within = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            using var answer = await http.GetAsync(path, within.Token);
            var text = await answer.Content.ReadAsStringAsync(within.Token);
            Assert.True(answer.IsSuccessStatusCode, $"GET {path}: {answer.StatusCode} {text}");
            return text;
        }
        catch (OperationCanceledException)
        {
            return "";
        }
    }

    private static async Task<JsonElement> UntilAsync(HttpClient http, string path, Func<JsonElement, bool> wanted)
    {
        var end = DateTime.UtcNow + TimeSpan.FromMinutes(10);
        while (true)
        {
            var text = await TextAsync(http, path);
            if (text.Length > 0 && JsonDocument.Parse(text).RootElement is var page && wanted(page))
                return page;
            Assert.True(DateTime.UtcNow < end, $"GET {path} still answers '{text}'");
            await Task.Delay(2000);
        }
    }

    /// <summary>One message; the server's answer to the recipient, or to the whole message where it was taken.</summary>
    private static async Task<string> SmtpAsync(int port, string recipient)
    {
        using var client = new TcpClient { ReceiveTimeout = 60_000 };
        await client.ConnectAsync("127.0.0.1", port);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
        async Task<string> ReadAsync()
        {
            string line;
            do
                line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) ?? "closed";
            while (line.Length > 3 && line[3] == '-');
            return line;
        }
        async Task<string> AskAsync(string word)
        {
            await writer.WriteLineAsync(word);
            return await ReadAsync();
        }
        await ReadAsync();
        await AskAsync("EHLO soc.ministry.example");
        await AskAsync("MAIL FROM:<soc@ministry.example>");
        var answer = await AskAsync($"RCPT TO:<{recipient}>");
        if (answer.StartsWith('2'))
        {
            await AskAsync("DATA");
            answer = await AskAsync($"From: soc@ministry.example\r\nTo: {recipient}\r\nSubject: Strange log-ins by mail\r\nMessage-ID: <one@ministry.example>\r\n\r\nSince this morning, from 192.0.2.7.\r\n.");
        }
        await AskAsync("QUIT");
        return answer;
    }

    [System.Text.RegularExpressions.GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"", System.Text.RegularExpressions.RegexOptions.NonBacktracking)]
    private static partial System.Text.RegularExpressions.Regex FormToken();
}
