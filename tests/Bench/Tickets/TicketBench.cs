using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Appliance.Bench.Tickets;

/// <summary>What an operator waits for at the API over a million tickets and ten million messages and observables.</summary>
internal static class TicketBench
{
    private const int Times = 40;

    public static async Task RunAsync(BenchOptions options)
    {
        await using var host = await BenchHost.PrepareAsync();
        var since = Stopwatch.GetTimestamp();
        await TicketData.WriteAsync(host.Owner, options.Incidents, options.Records);
        Say($"  {options.Incidents:N0} tickets, {options.Records:N0} messages and observables, written in {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s");
        await host.PeopleAsync();
        var maildir = Directory.CreateDirectory(Path.Combine(host.Data, "maildir")).FullName;
        Directory.CreateDirectory(Path.Combine(maildir, "new"));
        await host.StartAsync(new() { ["kernel__mail__maildir"] = maildir });
        using var client = Client(host);

        await PageAsync(client, "queue, open", 150, _ => "incidents?view=open");
        await PageAsync(client, "queue, closed (nearly all)", 150, _ => "incidents?view=closed");
        await NextAsync(client);
        await PageAsync(client, "counts of the views", 100, _ => "incidents/counts");
        await PageAsync(client, "exact observable", 50, i => $"incidents?view=closed&words=10.0.{(i * 37) % 250}.{(i * 7) % 250}");
        await PageAsync(client, "words, one hit", 300, i => $"incidents?view=closed&words=single{1 + ((i * 7919L) % (options.Records / 2)):00000000}");
        await PageAsync(client, "words, some hits (two rare words)", 300, i => $"incidents?view=closed&words=w{15000 + i}+w{12000 + i}");
        await PageAsync(client, "words, many hits (a rare word)", 300, i => $"incidents?view=closed&words=w{15000 + i}");
        await PageAsync(client, "words, a fifth of all", 300, _ => "incidents?view=closed&words=w00000", 8);
        await PageAsync(client, "words, a fifth of all, among the open", 300, _ => "incidents?view=open&words=w00000", 8);
        await PageAsync(client, "words, one in two hundred", 300, i => $"incidents?view=closed&words=w{100 + i:00000}", 8);
        await PageAsync(client, "words, Chinese, two letters, 2 in 100", 300, _ => "incidents?view=closed&words=%E5%8F%AF%E7%96%91", 8);
        await PageAsync(client, "words, Chinese beside a rare word", 300, i => $"incidents?view=closed&words=%E5%8F%AF%E7%96%91+w{9000 + i:00000}");
        await PageAsync(client, "words, Arabic beside a rare word", 300, i => $"incidents?view=closed&words=%D9%85%D8%AD%D8%A7%D9%88%D9%84%D8%A9+w{9000 + i:00000}");
        await PageAsync(client, "ticket with 500 messages", 300, _ => "incidents/INC-B-00000500");
        await MergeAsync(client);
        await CloseAsync(client);
        await MailAsync(client, host.Owner, maildir);
    }

    private static async Task PageAsync(HttpClient client, string what, double wanted, Func<int, string> address, int times = Times)
    {
        var taken = new double[times];
        var found = 0L;
        for (var i = -1; i < times; i++)
        {
            var since = Stopwatch.GetTimestamp();
            var answer = await GetAsync(client, address(i + 1));
            if (i >= 0)
                taken[i] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            found = Math.Max(found, (long?)answer["total"] ?? 0);
        }
        Table(what, taken, wanted, found);
    }

    private static async Task NextAsync(HttpClient client)
    {
        var taken = new double[Times];
        var after = "";
        for (var i = 0; i < Times; i++)
        {
            var since = Stopwatch.GetTimestamp();
            var answer = await GetAsync(client, $"incidents?view=closed{after}");
            taken[i] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            after = $"&after={Uri.EscapeDataString((string)answer["next"]!)}";
        }
        Table("queue, the next page, forty times", taken, 150, 0);
    }

    private static async Task CloseAsync(HttpClient client)
    {
        var ids = new List<string>();
        for (var after = ""; ids.Count < 1000;)
        {
            var page = await GetAsync(client, $"incidents?view=open&limit=200{after}");
            ids.AddRange(page["items"]!.AsArray().Select(i => (string)i!["id"]!));
            if (page["next"] is null)
                break;
            after = $"&after={Uri.EscapeDataString((string)page["next"]!)}";
        }
        var since = Stopwatch.GetTimestamp();
        var done = 0;
        foreach (var part in ids.Take(1000).Chunk(500))
            done += (int)(await PostAsync(client, "incidents/change", new { incidents = part, state = "closed", outcome = "resolved", reason = "Cleaned by its owner." }))["done"]!;
        Line($"bulk close of {done:N0} (wanted 5.0 s)", Stopwatch.GetElapsedTime(since));
    }

    private static async Task MergeAsync(HttpClient client)
    {
        var other = (string)(await GetAsync(client, "incidents/INC-B-00001500"))["id"]!;
        var since = Stopwatch.GetTimestamp();
        await PostAsync(client, "incidents/merge", new { into = "INC-B-00001000", incidents = new[] { other } });
        Line("merge with 10,000 observables (wanted 3.0 s)", Stopwatch.GetElapsedTime(since));
    }

    private static async Task MailAsync(HttpClient client, string owner, string maildir)
    {
        const int many = 1500;
        var before = await TicketData.ReportsAsync(owner);
        var since = Stopwatch.GetTimestamp();
        for (var i = 0; i < many; i++)
            await WriteMailAsync(maildir, i);
        while (await TicketData.ReportsAsync(owner) < before + many && Stopwatch.GetElapsedTime(since) < TimeSpan.FromMinutes(5))
            await Task.Delay(250);
        var taken = Stopwatch.GetElapsedTime(since).TotalSeconds;
        var came = await TicketData.ReportsAsync(owner) - before;
        Say(string.Create(CultureInfo.InvariantCulture, $"  {"mail, all of it shown as reports",-44} {came:N0} of {many:N0} in {taken:0.0} s, {came / taken:0} a second (wanted 50)"));
        var shown = new double[10];
        for (var i = 0; i < shown.Length; i++)
        {
            since = Stopwatch.GetTimestamp();
            await WriteMailAsync(maildir, many + i);
            while (await NewestAsync(client) != $"Strange page {many + i}" && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30))
                await Task.Delay(20);
            shown[i] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        }
        Table("mail, one, until it is listed", shown, 2000, 0);
    }

    private static async Task<string?> NewestAsync(HttpClient client) => (string?)(await GetAsync(client, "reports?state=new&limit=1"))["items"]?[0]?["subject"];

    private static async Task WriteMailAsync(string maildir, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{number}.bench");
        Directory.CreateDirectory(Path.Combine(maildir, "tmp"));
        await File.WriteAllTextAsync(Path.Combine(maildir, "tmp", name), $"From: User {number} <user{number}@sender.example>\r\nTo: cirt@cirt.example\r\nSubject: Strange page {number}\r\nMessage-ID: <bench-{number}@sender.example>\r\nDate: Mon, 23 Nov 2026 01:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe page hxxp://evil-{number}[.]example/login at 198.51.100.{number % 250} asks for passwords.\r\n");
        File.Move(Path.Combine(maildir, "tmp", name), Path.Combine(maildir, "new", name));
    }

    private static HttpClient Client(BenchHost host)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var people = JsonNode.Parse(File.ReadAllText(Path.Combine(host.Data, "keys", "demo.json")))!.AsArray();
        var client = new HttpClient(handler) { BaseAddress = new Uri(host.Https, "/api/v1/ticketing/"), Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)people.Single(p => (string)Field(p!, "name")! == "amina")!.AsObject().Single(f => f.Key.Equals("token", StringComparison.OrdinalIgnoreCase)).Value!);
        return client;

        static JsonNode? Field(JsonNode person, string name) => person.AsObject().Single(f => f.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string address) => JsonNode.Parse(await client.GetStringAsync(address))!;

    private static async Task<JsonNode> PostAsync(HttpClient client, string address, object body)
    {
        using var answer = await client.PostAsJsonAsync(address, body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException($"{address} answered {(int)answer.StatusCode}: {text}");
    }

    private static void Table(string what, double[] taken, double wanted, long found)
    {
        var sorted = taken.Order().ToArray();
        Say(string.Create(CultureInfo.InvariantCulture, $"  {what,-44} p50 {sorted[sorted.Length / 2],7:0} ms   p95 {sorted[(int)Math.Ceiling(sorted.Length * 0.95) - 1],7:0} ms   most {sorted[^1],7:0} ms   (wanted p95 {wanted:0} ms){(found > 0 ? $"   up to {found:N0} found" : "")}"));
    }

    private static void Line(string what, TimeSpan taken) => Say(string.Create(CultureInfo.InvariantCulture, $"  {what,-44} {taken.TotalSeconds,7:0.0} s"));

    private static void Say(string line) => Console.WriteLine(line);
}
