using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Outbox;
using Appliance.Sensing.Alerts;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Triage;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Alert groups given to a colleague: who may be given what, what they are told, and the way back.</summary>
public sealed class AssignTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_colleague_is_given_groups_told_of_it_and_it_can_be_taken_back()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        var bob = await PersonAsync(world, owner, "bob", Role.Operator);
        var clerk = await PersonAsync(world, owner, "clerk", Role.Auditor);
        var groups = await FillAsync(world, 3);
        Assert.Equal(["bob"], (await world.Get<ListTriagers>().RunAsync(world.Analyst, default, Cancel)).Value.Select(c => c.Name));

        var assign = world.Get<AssignAlerts>();
        var given = (await assign.RunAsync(world.Analyst, new(GroupSelection.One(groups[0]), To: bob.Id), Cancel)).Value;
        Assert.Equal(1, given.Done);
        Assert.Equal(["1"], await OwnAsync(world, bob));
        var told = Assert.Single((await world.Get<INotices>().ListAsync(bob, unread: true, null, 10, Cancel)).Items);
        Assert.Equal(("sensing.notice.assigned", $"/sense/alerts/{groups[0]}", "ana"), (told.Key, told.Link, told.By));
        var line = (await world.Get<ShowGroup>().RunAsync(bob, new(groups[0]), Cancel)).Value.History[0];
        Assert.Equal(("assigned", "ana", "bob"), (line.Action, line.ActorName, line.Note));
        Assert.Equal(1, await world.AskAsync<int>("select count(*)::int from audit.entries where action = 'sensing.alert-group.assigned' and detail->>'note' = 'bob'"));

        // Several at once are one notice; who is given their own work is told nothing.
        await assign.RunAsync(world.Analyst, new(new GroupSelection([groups[1], groups[2]]), To: bob.Id), Cancel);
        Assert.Contains((await world.Get<INotices>().ListAsync(bob, unread: true, null, 10, Cancel)).Items, n => n is { Key: "sensing.notice.assigned-many", Link: "/sense/inbox?view=mine" });
        await assign.RunAsync(bob, new(new GroupSelection(groups), To: bob.Id), Cancel);
        Assert.Equal(2, (await world.Get<INotices>().ListAsync(bob, unread: false, null, 10, Cancel)).Items.Count);

        // Not to who may not triage, nor to nobody's name.
        foreach (var wrong in new[] { clerk.Id, UserId.New() })
            Assert.Equal("sensing.refused.assign-who", (await assign.RunAsync(world.Analyst, new(GroupSelection.One(groups[0]), To: wrong), Cancel)).Refusals[0].Key);
        Assert.Equal(RefusalKind.Forbidden, (await assign.RunAsync(clerk, new(GroupSelection.One(groups[0]), To: bob.Id), Cancel)).Refusals[0].Kind);

        var back = (await assign.RunAsync(world.Analyst, new(new GroupSelection(groups), To: world.Analyst.Id), Cancel)).Value;
        Assert.Empty(await OwnAsync(world, bob));
        await world.Get<UndoTriage>().RunAsync(world.Analyst, new(back.ActId), Cancel);
        Assert.Equal(3, (await OwnAsync(world, bob)).Count);
        await assign.RunAsync(world.Analyst, new(new GroupSelection(groups), ToMe: false), Cancel);
        Assert.Equal(3, await world.AskAsync<int>("select count(*)::int from sensing.alert_groups where owner_id is null and owner_name is null"));
    }

    [Fact]
    public async Task What_a_colleague_may_not_read_is_left_and_said()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        var bob = await PersonAsync(world, owner, "bob", Role.Analyst, Tlp.Green);
        var groups = await FillAsync(world, 3);
        await RunAsync(owner, "update sensing.alert_groups set tlp = 1 where sid = 2");
        await RunAsync(owner, $"update sensing.alert_groups set tlp = 4, named = array['{bob.Id.Value}', '{world.Analyst.Id.Value}']::uuid[] where sid = 3");
        var answer = (await world.Get<AssignAlerts>().RunAsync(world.Analyst, new(new GroupSelection(groups), To: bob.Id), Cancel)).Value;
        Assert.Equal(2, answer.Done);
        Assert.Equal("sensing.refused.assign-marking", Assert.Single(answer.Refused).Refusal!.Key);
        Assert.Equal(["2", "3"], await OwnAsync(world, bob));
    }

    [Fact]
    public async Task All_that_match_are_given_by_the_host()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        await PersonAsync(owner, world.Analyst, Role.Analyst);
        var bob = await PersonAsync(world, owner, "bob", Role.Analyst);
        await FillAsync(world, 40);
        var acts = world.Get<IBulkActs>();
        var order = new BulkOrder("sensing/assign", JsonSerializer.SerializeToElement(new AssignManyArgument(To: bob.Id.Value), OutboxJson.Options), "sensing.act.assign-to", "sensing.bulk.given")
        {
            Query = JsonSerializer.SerializeToElement(new GroupsWanted(new("inbox", Query: "-sid:1..10")), OutboxJson.Options),
        };
        var begun = (await acts.StartAsync(world.Analyst, order, Cancel)).Value;
        while (await world.Get<BulkStep>().RunAsync(Cancel) is not null)
            Assert.False(Cancel.IsCancellationRequested);
        Assert.Equal((BulkStage.Done, 30, 0), ((await acts.FindAsync(world.Analyst, begun.Id, Cancel)).Value is var ended ? ended.Stage : default, ended.Done, ended.Left));
        Assert.Equal(30, (await OwnAsync(world, bob)).Count);
        var undo = (await acts.UndoAsync(world.Analyst, begun.Id, Cancel)).Value;
        while (await world.Get<BulkStep>().RunAsync(Cancel) is not null)
            Assert.False(Cancel.IsCancellationRequested);
        Assert.Equal(30, (await acts.FindAsync(world.Analyst, undo.Id, Cancel)).Value.Done);
        Assert.Empty(await OwnAsync(world, bob));
    }

    private static async Task<IReadOnlyList<string>> OwnAsync(SensingWorld world, Viewer viewer) =>
        [.. (await world.Get<ListGroups>().RunAsync(viewer, new(new("mine"), Size: 200), Cancel)).Value.Items.Select(g => g.Sid.ToString(System.Globalization.CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal)];

    private static async Task<List<Guid>> FillAsync(SensingWorld world, int groups)
    {
        world.Spool.Put("alerts", Enumerable.Range(1, groups).Select(i => SensorSpool.Alert(i)));
        await world.ReadAsync();
        return [.. (await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox"), Size: 200), Cancel)).Value.Items.OrderBy(g => g.Sid).Select(g => g.Id)];
    }

    private static async Task<Viewer> PersonAsync(SensingWorld world, NpgsqlDataSource owner, string name, Role role, Tlp readsUpTo = Tlp.AmberStrict)
    {
        var viewer = world.Modules.Person(name, role) with { ReadsUpTo = readsUpTo };
        await PersonAsync(owner, viewer, role);
        return viewer;
    }

    private static async Task PersonAsync(NpgsqlDataSource owner, Viewer viewer, Role role)
    {
        await using var command = owner.CreateCommand(
            """
            insert into identity.users (id, name, normal_name, display_name, mail, normal_mail, security_stamp, state, reads_up_to, language, created_at)
            values ($1, $2, upper($2), $2, '', '', 'x', 'active', $3, 'en', now())
            """);
        command.Parameters.AddWithValue(viewer.Id.Value);
        command.Parameters.AddWithValue(viewer.Name);
        command.Parameters.AddWithValue((short)viewer.ReadsUpTo);
        await command.ExecuteNonQueryAsync(Cancel);
        await RunAsync(owner, $"insert into identity.user_roles (user_id, role) values ('{viewer.Id.Value}', '{role.ToString()!.ToLowerInvariant()}')");
    }

    private static async Task RunAsync(NpgsqlDataSource owner, string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
