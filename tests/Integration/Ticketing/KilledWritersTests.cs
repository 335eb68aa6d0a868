using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>
/// Many writers over the API while the host itself is killed at random moments: notes, merges, changes, and one note of each incident to which everybody appends a line.
/// Every acknowledged note and line stands exactly once, what was acknowledged before another began comes before it, no version is lost or given twice, and counters equal a recount.
/// </summary>
public sealed class KilledWritersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Four_writers_and_three_kills_lose_nothing_that_was_acknowledged() => RunAsync(writers: 4, tickets: 6, kills: 3, between: TimeSpan.FromSeconds(2));

    [LongFact]
    public Task Twenty_writers_and_thirty_kills_lose_nothing_that_was_acknowledged() => RunAsync(writers: 20, tickets: 200, kills: 30, between: TimeSpan.FromSeconds(8));

    private static async Task RunAsync(int writers, int tickets, int kills, TimeSpan between)
    {
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true", ["kernel__api__requestsPerMinute"] = "100000" });
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        await using var database = NpgsqlDataSource.Create(host.Database);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20), BaseAddress = new Uri(host.Http, "/api/v1/ticketing/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == "amina").Token);
        var world = new World(http, database, await OpenAsync(http, database, tickets));

        using var done = new CancellationTokenSource();
        var all = Task.WhenAll(Enumerable.Range(0, writers).Select(w => Task.Run(() => world.WriteAsync(w, done.Token), Cancel)));
        var random = new Random(13);
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(between * (0.5 + random.NextDouble()), Cancel);
            await host.KillAsync();
            await host.StartAgainAsync();
        }
        await Task.Delay(between, Cancel);
        await done.CancelAsync();
        await all;
        TestContext.Current.SendDiagnosticMessage($"{writers} writers, {kills} kills: {world.Notes.Count} notes and {world.Lines.Count} lines acknowledged, {world.Unknown} answers unknown, {world.Refused} refused");
        Assert.True(world.Notes.Count > 20 && world.Lines.Count > 20 && world.Unknown > 0, $"{world.Notes.Count} notes, {world.Lines.Count} lines, {world.Unknown} unknown: too few to tell");

        // Notes, in the order of each incident.
        var stored = new List<(Guid Incident, string Text)>();
        await ReadAsync(database, "select incident_id, text from ticketing.timeline where kind = 'note' order by incident_id, at, id", r => stored.Add((r.GetGuid(0), r.GetString(1))));
        InOrder(world.Notes, stored.GroupBy(s => s.Incident).Select(g => g.Select(s => s.Text)));

        // Lines, in the last version of each shared note; versions without a gap.
        var versions = new List<(Guid Note, int Version, string Text)>();
        await ReadAsync(database, "select note_id, version, text from ticketing.note_versions order by note_id, version", r => versions.Add((r.GetGuid(0), r.GetInt32(1), r.GetString(2))));
        foreach (var note in versions.GroupBy(v => v.Note))
            Assert.Equal(Enumerable.Range(2, note.Count()), note.Select(v => v.Version));
        InOrder(world.Lines, versions.GroupBy(v => v.Note).Select(g => g.Last().Text.Split('\n').Skip(1)));

        var open = 0L;
        await ReadAsync(database, "select count(*) from ticketing.incidents where closed_at is null and merged_into is null", r => open = r.GetInt64(0));
        var counts = await http.GetFromJsonAsync<System.Text.Json.Nodes.JsonNode>("incidents/counts", Cancel);
        Assert.Equal(open, (long)counts!["open"]!);
        await ReadAsync(database, "select count(*) from ticketing.incidents m join ticketing.incidents r on r.id = m.root_id where r.merged_into is not null", r => Assert.Equal(0, r.GetInt64(0)));
    }

    /// <summary>Each acknowledged text once, none before another that was answered before it began.</summary>
    private static void InOrder(ConcurrentDictionary<string, (long Began, long Answered)> acknowledged, IEnumerable<IEnumerable<string>> lists)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in lists)
        {
            var latestBegin = 0L;
            foreach (var text in list)
            {
                Assert.True(seen.Add(text), $"{text} stands twice");
                if (!acknowledged.TryGetValue(text, out var one))
                    continue;
                Assert.True(one.Answered > latestBegin, $"{text} was answered before one in front of it began");
                latestBegin = Math.Max(latestBegin, one.Began);
            }
        }
        Assert.Empty(acknowledged.Keys.Except(seen));
    }

    private static async Task<List<Ticket>> OpenAsync(HttpClient http, NpgsqlDataSource database, int tickets)
    {
        var opened = new List<Ticket>();
        for (var i = 0; i < tickets; i++)
        {
            using var answer = await http.PostAsJsonAsync("incidents", new { title = $"t{i}" }, Cancel);
            var incident = (await answer.Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonNode>(Cancel))!;
            var id = (Guid)incident["id"]!;
            (await http.PostAsJsonAsync($"incidents/{id}/notes", new { text = $"shared {id}" }, Cancel)).EnsureSuccessStatusCode();
            var note = Guid.Empty;
            await ReadAsync(database, $"select id from ticketing.timeline where kind = 'note' and incident_id = '{id}'", r => note = r.GetGuid(0));
            opened.Add(new(id, (string)incident["number"]!, note));
        }
        return opened;
    }

    private static async Task ReadAsync(NpgsqlDataSource database, string sql, Action<NpgsqlDataReader> row)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        while (await reader.ReadAsync(Cancel))
            row(reader);
    }

    private sealed record Ticket(Guid Id, string Number, Guid Note);

    private sealed class World(HttpClient http, NpgsqlDataSource database, List<Ticket> tickets)
    {
        private long _order;
        private long _unknown;
        private long _refused;

        public ConcurrentDictionary<string, (long Began, long Answered)> Notes { get; } = new();

        public ConcurrentDictionary<string, (long Began, long Answered)> Lines { get; } = new();

        public long Unknown => Interlocked.Read(ref _unknown);

        public long Refused => Interlocked.Read(ref _refused);

        public async Task WriteAsync(int writer, CancellationToken done)
        {
            var random = new Random(writer);
            for (var n = 0; !done.IsCancellationRequested; n++)
            {
                var at = tickets[random.Next(tickets.Count)];
                var text = string.Create(CultureInfo.InvariantCulture, $"w{writer}-{n}");
                var began = Interlocked.Increment(ref _order);
                try
                {
                    await (random.Next(20) switch
                    {
                        0 => DoAsync(HttpMethod.Post, "incidents/merge", new { into = at.Number, incidents = new[] { tickets[random.Next(tickets.Count)].Id } }),
                        1 => DoAsync(HttpMethod.Post, "incidents/change", new { incidents = new[] { at.Id }, severity = random.Next(1, 5) }),
                        < 11 => AppendAsync(at, text, began),
                        _ => NoteAsync(at, text, began),
                    });
                }
                catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or IOException)
                {
                    // The host died under the question: whether it was done is not known, and it counts as such.
                    Interlocked.Increment(ref _unknown);
                    await Task.Delay(20, Cancel);
                }
            }
        }

        private async Task NoteAsync(Ticket at, string text, long began)
        {
            if (await DoAsync(HttpMethod.Post, $"incidents/{at.Id}/notes", new { text }))
                Notes[text] = (began, Interlocked.Increment(ref _order));
        }

        private async Task AppendAsync(Ticket at, string line, long began)
        {
            var (version, text) = (1, $"shared {at.Id}");
            await ReadAsync(database, $"select version, text from ticketing.note_versions where note_id = '{at.Note}' order by version desc limit 1", r => (version, text) = (r.GetInt32(0), r.GetString(1)));
            if (await DoAsync(HttpMethod.Put, $"notes/{at.Note}", new { version, text = $"{text}\n{line}" }))
                Lines[line] = (began, Interlocked.Increment(ref _order));
        }

        private async Task<bool> DoAsync(HttpMethod method, string path, object body)
        {
            using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
            using var answer = await http.SendAsync(request, Cancel);
            if ((int)answer.StatusCode >= 500)
                throw new HttpRequestException($"{(int)answer.StatusCode}");
            if (!answer.IsSuccessStatusCode)
                Interlocked.Increment(ref _refused);
            return answer.IsSuccessStatusCode;
        }
    }
}
