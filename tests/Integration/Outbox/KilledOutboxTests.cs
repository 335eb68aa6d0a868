using System.Globalization;
using Appliance.Host.Demo;
using Appliance.Integration.Sensing;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Outbox;

/// <summary>
/// The real host dies while facts travel: analysts escalate groups, each escalation becomes an incident in another module, whose number travels back.
/// What was answered to an analyst is done; every fact has one effect; nothing is left behind.
/// </summary>
public sealed class KilledOutboxTests
{
    private const int PerAct = 40;
    private const int ActsPerRound = 2;
    private const int FactsPerRound = PerAct * ActsPerRound * 2;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Ten_kills_while_facts_travel_lose_none_and_do_nothing_twice() => KillAsync(10);

    [LongFact]
    public Task Fifty_kills_while_facts_travel_lose_none_and_do_nothing_twice() => KillAsync(50);

    private static async Task KillAsync(int kills)
    {
        var groups = kills * PerAct * ActsPerRound;
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        await using var database = NpgsqlDataSource.Create(host.Database);
        new SensorSpool(host.SensorFolder).Put("alerts", Enumerable.Range(1, groups).Select(n => SensorSpool.Alert(n)));
        await UntilAsync(database, "select count(*) from sensing.alert_groups", groups);
        using var http = new HttpClient();
        var analyst = new DemoApi(http, host.Http, DemoPeople.Load(new DataFolder(host.Data))![0].Token);
        var desk = new Desk(analyst, await GroupsAsync(database));

        var midway = 0;
        for (var kill = 0; kill < kills; kill++)
        {
            // Each round dies at another place on the way from the first fact to the last.
            var target = await AskAsync(database, Done) + 1 + (kill * 37 % (FactsPerRound * 3 / 4));
            var escalating = desk.EscalateAsync(ActsPerRound, Cancel);
            await UntilAsync(database, Done, target);
            await host.KillAsync();
            await escalating;
            midway += await AskAsync(database, Open) > 0 ? 1 : 0;
            await host.StartAgainAsync();
        }

        // On a busy machine a round is sometimes over before the kill; most must have met facts on their way.
        Assert.InRange(midway, (kills + 1) / 2, kills);

        await desk.EscalateAsync(int.MaxValue, Cancel);
        Assert.Equal(groups, desk.Answered);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills, {groups} groups, {desk.CommittedUnanswered} acts done and not answered");
        // Two facts a group: the escalation, and the incident it led to.
        await UntilAsync(database, "select count(*) from kernel.outbox_deliveries where subscription in ('ticketing/open-from-alert', 'sensing/incident-opened') and state = 'done'", groups * 2);

        Assert.Equal(0, await AskAsync(database, "select count(*) from kernel.outbox_deliveries where state <> 'done' or tries <> 1"));
        Assert.Equal(groups, await AskAsync(database, "select count(*) from kernel.outbox_events where name = 'sensing.alert-escalated'"));
        Assert.Equal(groups, await AskAsync(database, "select count(distinct aggregate) from kernel.outbox_events where name = 'sensing.alert-escalated'"));
        Assert.Equal(groups, await AskAsync(database, "select count(*) from ticketing.incidents"));
        Assert.Equal(groups, await AskAsync(database, "select count(distinct from_alerts) from ticketing.incidents"));
        Assert.Equal(groups, await AskAsync(database, "select last from ticketing.numbers"));
        Assert.Equal(groups, await AskAsync(database, "select count(*) from ticketing.timeline where kind = 'opened'"));
        Assert.Equal(groups, await AskAsync(database, "select count(*) from audit.entries where action = 'ticketing.incident.opened'"));
        Assert.Equal(groups, await AskAsync(database, "select count(*) from sensing.group_history where action = 'incident-opened'"));
        Assert.Equal(groups, await AskAsync(database, "select count(distinct incident_number) from sensing.alert_groups where state = 'escalated'"));
    }

    private const string Done = "select count(*) from kernel.outbox_deliveries where state = 'done'";

    private const string Open = "select count(*) from kernel.outbox_deliveries where state <> 'done'";

    private static async Task<Queue<Guid[]>> GroupsAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select id from sensing.alert_groups order by id");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        List<Guid> ids = [];
        while (await reader.ReadAsync(Cancel))
            ids.Add(reader.GetGuid(0));
        return new(ids.Chunk(PerAct));
    }

    private static async Task UntilAsync(NpgsqlDataSource database, string count, long wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(s_patience);
        for (var seen = 0L; (seen = await AskAsync(database, count)) < wanted;)
        {
            Assert.False(limit.IsCancellationRequested, $"{seen} of {wanted} after {s_patience.TotalSeconds} s: {count}");
            await Task.Delay(10, Cancel);
        }
    }

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }

    /// <summary>An analyst who escalates act by act, and after an answer that never came asks again.</summary>
    private sealed class Desk(DemoApi api, Queue<Guid[]> left)
    {
        /// <summary>Groups whose escalation was answered: by a yes, or by the word that it was done before.</summary>
        public int Answered { get; private set; }

        /// <summary>Acts that were done though the host died before it could say so.</summary>
        public int CommittedUnanswered { get; private set; }

        public async Task EscalateAsync(int acts, CancellationToken cancel)
        {
            while (acts > 0 && left.TryPeek(out var ids))
            {
                try
                {
                    await api.PostAsync("sensing/groups/escalate", new { ids }, cancel);
                    acts--;
                }
                catch (HttpRequestException)
                {
                    // The host died under it; whether it was committed shows when the same is asked again.
                    return;
                }
                catch (InvalidOperationException refused) when (refused.Message.Contains("sensing.refused.has-incident", StringComparison.Ordinal))
                {
                    // It was committed before the host died; its facts were of that round.
                    CommittedUnanswered++;
                }

                Answered += left.Dequeue().Length;
            }
        }
    }
}
