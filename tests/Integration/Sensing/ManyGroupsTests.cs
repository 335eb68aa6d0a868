using System.Diagnostics;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Outbox;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Triage;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Ten thousand alert groups decided by the host, part by part: the tests step the worker.</summary>
public sealed class ManyGroupsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_groups_are_closed_newcomers_stay_and_all_are_given_back_long_after_the_key()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        await PersonAsync(owner, world.Analyst);
        await FillAsync(owner, 1, 10_000);
        var acts = world.Get<IBulkActs>();
        var begun = (await acts.StartAsync(world.Analyst, Order("close", new CloseManyArgument("false", "scanner"), new(new("inbox"))), Cancel)).Value;
        await FillAsync(owner, 10_001, 20);
        await RunAsync(owner, "update sensing.alert_groups set state = 'escalated', incident_number = 'INC-1' where id = (select max(id::text)::uuid from sensing.alert_groups where sid <= 10000)");

        var clock = Stopwatch.GetTimestamp();
        await AllAsync(world);
        TestContext.Current.TestOutputHelper?.WriteLine($"10,000 groups closed in {Stopwatch.GetElapsedTime(clock).TotalMilliseconds:0} ms");
        var ended = (await acts.FindAsync(world.Analyst, begun.Id, Cancel)).Value;
        // What no longer matched when the choosing came to it is not in the act.
        Assert.Equal((BulkStage.Done, 9_999, 9_999, 0), (ended.Stage, ended.Total, ended.Done, ended.Left));
        Assert.Equal(9_999L, await AskAsync(owner, "select count(*) from sensing.alert_groups where state = 'closed' and verdict = 'false' and reason = 'scanner' and not live"));
        Assert.Equal(20L, await AskAsync(owner, "select count(*) from sensing.alert_groups where state = 'open'"));
        Assert.Equal(9_999L, await AskAsync(owner, "select count(*) from sensing.group_history where action = 'closed'"));
        Assert.Equal(9_999L, await AskAsync(owner, "select sum((detail->>'groups')::int) from audit.entries where action = 'sensing.alert-group.closed'"));

        // An hour later, after a colleague touched one of them.
        await RunAsync(owner, "update sensing.group_history set at = at - interval '1 hour'");
        await RunAsync(owner, "insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action) select gen_random_uuid(), id, gen_random_uuid(), now(), gen_random_uuid(), 'omar', 'reopened' from sensing.alert_groups where sid = 77");
        var undo = (await acts.UndoAsync(world.Analyst, begun.Id, Cancel)).Value;
        await AllAsync(world);
        var back = (await acts.FindAsync(world.Analyst, undo.Id, Cancel)).Value;
        Assert.Equal((BulkStage.Done, 9_999, 9_998, 1), (back.Stage, back.Total, back.Done, back.Left));
        var left = (await acts.LeftAsync(world.Analyst, undo.Id, null, 10, Cancel)).Value.Items.Single();
        Assert.Equal(("sensing.refused.touched-since", "Probe 77"), (left.Reason.Key, left.Text));
        Assert.Equal(20L + 9_998, await AskAsync(owner, "select count(*) from sensing.alert_groups where state = 'open' and live"));
    }

    [Fact]
    public async Task Lines_of_the_gathered_inbox_are_taken_and_a_part_without_any_that_may_be_changed_names_each()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        await PersonAsync(owner, world.Analyst);
        await FillAsync(owner, 1, 30);
        var acts = world.Get<IBulkActs>();
        var wanted = new GroupsWanted(new("inbox"), ["sid:3", "sid:4", "sid:5"]);
        var begun = (await acts.StartAsync(world.Analyst, Order("assign", new AssignManyArgument(), wanted), Cancel)).Value;
        Assert.NotNull(await world.Get<BulkStep>().RunAsync(Cancel));
        await RunAsync(owner, "update sensing.alert_groups set state = 'closed', live = false");
        await AllAsync(world);
        var ended = (await acts.FindAsync(world.Analyst, begun.Id, Cancel)).Value;
        Assert.Equal((BulkStage.Done, 3, 0, 3, false), (ended.Stage, ended.Total, ended.Done, ended.Left, ended.MayUndo));
        Assert.All((await acts.LeftAsync(world.Analyst, begun.Id, null, 10, Cancel)).Value.Items, l => Assert.Equal("sensing.refused.closed-already", l.Reason.Key));
        Assert.Equal("sensing.refused.view", (await acts.StartAsync(world.Analyst, Order("assign", new AssignManyArgument(), new(new("attic"))), Cancel)).Refusals[0].Key);
    }

    private static BulkOrder Order<TArgument>(string act, TArgument argument, GroupsWanted groups) =>
        new($"sensing/{act}", JsonSerializer.SerializeToElement(argument, OutboxJson.Options), $"sensing.act.{act}", "sensing.bulk.closed") { Query = JsonSerializer.SerializeToElement(groups, OutboxJson.Options) };

    private static async Task AllAsync(SensingWorld world)
    {
        while (await world.Get<BulkStep>().RunAsync(Cancel) is not null)
            Assert.False(Cancel.IsCancellationRequested);
    }

    private static async Task PersonAsync(NpgsqlDataSource owner, Viewer viewer)
    {
        await RunAsync(owner, $"insert into identity.users (id, name, normal_name, display_name, security_stamp, state, created_at) values ('{viewer.Id.Value}', 'ana', 'ANA', 'ana', 'x', 'active', now())");
        await RunAsync(owner, $"insert into identity.user_roles (user_id, role) values ('{viewer.Id.Value}', 'analyst')");
    }

    private static Task FillAsync(NpgsqlDataSource owner, int from, int count) => RunAsync(owner, $"""
        insert into sensing.alert_groups (id, gid, sid, rev, signature, category, src, dst, severity, count, first_seen, last_seen, first_received, last_received, sensor_id, base_score, score, reasons)
        select gen_random_uuid(), 1, n, 1, 'Probe ' || n, 'Misc', '198.51.100.7', '192.0.2.1', 2, 3, clock_timestamp(), clock_timestamp(), clock_timestamp(), clock_timestamp(), 1, 50, 50, array[]::text[]
        from generate_series({from}, {from + count - 1}) n
        """);

    private static async Task RunAsync(NpgsqlDataSource owner, string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<long> AskAsync(NpgsqlDataSource owner, string sql)
    {
        await using var command = owner.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), System.Globalization.CultureInfo.InvariantCulture);
    }
}
