using System.Collections.Concurrent;
using Appliance.Contracts;
using Appliance.Tests;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Queue;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>
/// Many writers at once while their connections are cut at random: every acknowledged note stands exactly once, a note that was acknowledged before another began comes before it,
/// and counters equal a recount.
/// </summary>
public sealed class WritersTests
{
    [Fact]
    public Task Four_writers_lose_no_acknowledged_note() => RunAsync(writers: 4, tickets: 8, acts: 25);

    [LongFact]
    public Task Twenty_writers_lose_no_acknowledged_note() => RunAsync(writers: 20, tickets: 200, acts: 1000);

    private static async Task RunAsync(int writers, int tickets, int acts)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var desk = await TicketingDesk.StartAsync();
        var incidents = new List<IncidentRef>();
        for (var i = 0; i < tickets; i++)
            incidents.Add(await desk.OpenAsync($"t{i}"));
        var acknowledged = new ConcurrentBag<Acknowledged>();
        var (unknown, order) = (new ConcurrentBag<string>(), 0L);
        using var done = new CancellationTokenSource();
        var killer = KillAsync(desk.Modules.Owner, done.Token);

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            for (var n = 0; n < acts; n++)
            {
                var at = incidents[random.Next(tickets)];
                var text = $"w{writer}-{n}";
                var began = Interlocked.Increment(ref order);
                try
                {
                    var kind = random.Next(10);
                    if (kind == 0)
                    {
                        var other = incidents[random.Next(tickets)];
                        await desk.InScopeAsync<MergeIncidents, Outcome<ManyAnswer>>(m => m.RunAsync(desk.Analyst, new(at.Number, [other.Id]), cancel));
                        continue;
                    }
                    if (kind == 1)
                    {
                        await desk.InScopeAsync<ChangeIncidents, Outcome<ManyAnswer>>(m => m.RunAsync(desk.Analyst, new([at.Id], new() { Severity = random.Next(1, 5) }), cancel));
                        continue;
                    }
                    var outcome = await desk.InScopeAsync<AddNote, Outcome<Done>>(a => a.RunAsync(desk.Analyst, new(at.Id, text), cancel));
                    if (outcome.Succeeded)
                        acknowledged.Add(new(text, began, Interlocked.Increment(ref order)));
                    else
                        unknown.Add(text);
                }
                catch (NpgsqlException)
                {
                    // The connection was cut where no act could say so: whether the note stands is not known, and it counts as such.
                    unknown.Add(text);
                }
            }
        }, cancel)));
        await done.CancelAsync();
        var kills = await killer;

        var stored = await desk.Modules.Database.QueryAsync<StoredNote>("select incident_id, text from ticketing.timeline where kind = 'note' order by incident_id, at, id", null, cancel);
        var counts = stored.GroupBy(s => s.Text).ToDictionary(g => g.Key, g => g.Count());
        Assert.True(kills > 0, "no connection was cut");
        Assert.All(acknowledged, a => Assert.Equal(1, counts.GetValueOrDefault(a.Text)));
        Assert.All(unknown, u => Assert.InRange(counts.GetValueOrDefault(u), 0, 1));
        var known = acknowledged.ToDictionary(a => a.Text);
        foreach (var ticket in stored.GroupBy(s => s.IncidentId))
        {
            var latestBegin = 0L;
            foreach (var note in ticket.Select(s => known.GetValueOrDefault(s.Text)).OfType<Acknowledged>())
            {
                Assert.True(note.Answered > latestBegin, $"{note.Text} was answered before a note in front of it began");
                latestBegin = Math.Max(latestBegin, note.Began);
            }
        }
        var open = await desk.Modules.Database.FindAsync<long>("select count(*) from ticketing.incidents where closed_at is null and merged_into is null", null, cancel);
        Assert.Equal(open, (await desk.Get<CountViews>().RunAsync(desk.Analyst, default, cancel)).Value.Open);
        // No chain of merges goes round, and every part names the end of its chain.
        Assert.Equal(0, await desk.Modules.Database.FindAsync<int>(
            "select count(*)::int from ticketing.incidents m join ticketing.incidents r on r.id = m.root_id where r.merged_into is not null", null, cancel));
    }

    /// <summary>Cuts a random connection of the product every few milliseconds; answers how many.</summary>
    private static async Task<int> KillAsync(string owner, CancellationToken done)
    {
        const string Cut =
            """
            select count(pg_terminate_backend(pid))::int
            from (select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' order by random() limit 1) one
            """;
        await using var source = NpgsqlDataSource.Create(owner);
        var kills = 0;
        while (!done.IsCancellationRequested)
        {
            await using var command = source.CreateCommand(Cut);
            kills += (int)(await command.ExecuteScalarAsync(CancellationToken.None) ?? 0);
            await Task.Delay(Random.Shared.Next(20, 120), CancellationToken.None);
        }
        return kills;
    }

    private sealed record Acknowledged(string Text, long Began, long Answered);

    private sealed class StoredNote
    {
        public Guid IncidentId { get; set; }

        public string Text { get; set; } = "";
    }
}
