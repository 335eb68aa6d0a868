using System.Text.Json;
using Appliance.Contracts;
using Appliance.Integration.Ticketing;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Queue;
using Appliance.Ticketing.Reports;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Bulk;

/// <summary>Acts on many, worked part by part: the tests step the worker.</summary>
public sealed class BulkTests : IAsyncLifetime
{
    private static readonly IncidentChange s_close = new() { State = "closed", Outcome = "resolved", Reason = "stale" };

    private TicketingDesk _desk = null!;
    private Viewer _ana = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IBulkActs Acts => _desk.Get<IBulkActs>();

    public async ValueTask InitializeAsync()
    {
        _desk = await TicketingDesk.StartAsync();
        _ana = await _desk.ColleagueAsync("ana");
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task All_that_match_are_done_those_that_cannot_are_named_newcomers_stay_and_undo_gives_all_back()
    {
        await OldIncidentsAsync(1, 1200);
        var waiting = await _desk.OpenAsync("waits for a partner");
        var begun = await StartAsync(_ana, Close());
        Assert.Equal((BulkStage.Choosing, 0), (begun.Stage, begun.Total));
        await OldIncidentsAsync(2001, 3);
        await OneAsync();
        Assert.Equal((BulkStage.Running, 1201), ((await FindAsync(_ana, begun.Id)).Stage, (await FindAsync(_ana, begun.Id)).Total));

        // Closed by a colleague between the choosing and its part.
        Assert.True((await _desk.Get<ChangeIncidents>().RunAsync(_desk.Analyst, new([waiting.Id], s_close with { Outcome = "duplicate" }), Cancel)).Succeeded);
        await AllAsync();
        var ended = await FindAsync(_ana, begun.Id);
        Assert.Equal((BulkStage.Done, 1201, 1200, 1, true), (ended.Stage, ended.Total, ended.Done, ended.Left, ended.MayUndo));
        var left = (await Acts.LeftAsync(_ana, begun.Id, null, 50, Cancel)).Value.Items.Single();
        Assert.Equal(("ticketing.refused.closed", $"{waiting.Number} waits for a partner", $"/tickets/{waiting.Number}"), (left.Reason.Key, left.Text, left.Href));
        Assert.Equal(3, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null"));
        Assert.Equal(1200, await CountAsync("select count(*)::int from audit.entries where action = 'ticketing.incident.changed' and actor_name = 'ana'"));
        Assert.Equal(1200, await CountAsync("select count(distinct subject)::int from audit.entries where action = 'ticketing.incident.changed' and actor_name = 'ana'"));

        await _desk.Modules.Database.ExecuteAsync("update ticketing.incidents set version = version + 1, changed_by = 'omar' where number = 'INC-2020-00007'", null, Cancel);
        var undo = (await Acts.UndoAsync(_ana, begun.Id, Cancel)).Value;
        await AllAsync();
        var back = await FindAsync(_ana, undo.Id);
        Assert.Equal((BulkStage.Done, 1200, 1199, 1, false), (back.Stage, back.Total, back.Done, back.Left, back.MayUndo));
        Assert.Equal("ticketing.refused.changed-since", (await Acts.LeftAsync(_ana, undo.Id, null, 50, Cancel)).Value.Items.Single().Reason.Key);
        Assert.Equal(1199 + 3, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null"));
        Assert.Equal("kernel.bulk.no-undo", (await Acts.UndoAsync(_ana, begun.Id, Cancel)).Refusals[0].Key);
        Assert.Equal(["kernel.bulk.ended", "kernel.bulk.ended", "kernel.bulk.started", "kernel.bulk.started"], (await _desk.Modules.Database.QueryAsync<string>("select action from audit.entries where action like 'kernel.bulk.%' order by action", null, Cancel)));
    }

    [Fact]
    public async Task Right_that_is_taken_away_ends_the_act_where_it_is()
    {
        await OldIncidentsAsync(1, 1200);
        var begun = await StartAsync(_ana, Close());
        await OneAsync();
        await OneAsync();
        await _desk.Modules.Database.ExecuteAsync("delete from identity.user_roles where user_id = @Id", new { Id = _ana.Id.Value }, Cancel);
        await AllAsync();
        var ended = await FindAsync(_ana, begun.Id);
        Assert.Equal((BulkStage.Ended, "kernel.refused.permission", 500), (ended.Stage, ended.Reason!.Key, ended.Done));
        Assert.Equal("ticketing.incident.edit", ended.Reason.Arguments.Single());
        Assert.Equal(700, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null"));
    }

    [Fact]
    public async Task Clearance_that_is_lowered_and_an_account_that_is_locked_count_at_the_next_part()
    {
        await OldIncidentsAsync(1, 1200);
        var begun = await StartAsync(_ana, Close());
        await OneAsync();
        await OneAsync();
        await _desk.Modules.Database.ExecuteAsync("update identity.users set reads_up_to = 1 where id = @Id", new { Id = _ana.Id.Value }, Cancel);
        await OneAsync();
        var half = await FindAsync(_ana, begun.Id);
        Assert.Equal((500, 500), (half.Done, half.Left));
        var left = (await Acts.LeftAsync(_ana with { ReadsUpTo = Tlp.Green }, begun.Id, null, 1, Cancel)).Value.Items.Single();
        Assert.Equal(("", "kernel.bulk.hidden"), (left.Text, left.Reason.Key));
        await _desk.Modules.Database.ExecuteAsync("update identity.users set state = 'locked' where id = @Id", new { Id = _ana.Id.Value }, Cancel);
        await AllAsync();
        Assert.Equal((BulkStage.Ended, "kernel.bulk.person"), ((await FindAsync(_ana, begun.Id)).Stage, (await FindAsync(_ana, begun.Id)).Reason!.Key));
        Assert.Equal(700, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null"));
    }

    [Fact]
    public async Task Ten_of_one_person_wait_for_one_part_of_another_whose_acts_are_many()
    {
        await OldIncidentsAsync(1, 3000);
        var omar = await _desk.ColleagueAsync("omar");
        var many = await StartAsync(_ana, Close());
        await OneAsync();
        await OneAsync();
        var ten = (await _desk.Modules.Database.QueryAsync<Guid>("select id from ticketing.incidents order by id desc limit 10", null, Cancel)).ToArray();
        var few = await StartAsync(omar, Order("change", new IncidentChange { Owner = omar.Id }, null) with { Items = ten });
        await StartAsync(_ana, Close());
        await OneAsync();
        Assert.Equal((BulkStage.Done, 10), ((await FindAsync(omar, few.Id)).Stage, (await FindAsync(omar, few.Id)).Done));
        Assert.Equal(500, (await FindAsync(_ana, many.Id)).Done);
        Assert.Equal("kernel.bulk.none", (await Acts.FindAsync(omar, many.Id, Cancel)).Refusals[0].Key);
        Assert.Equal("kernel.bulk.none", (await Acts.CancelAsync(omar, many.Id, Cancel)).Refusals[0].Key);
        await AllAsync();
        Assert.Equal((3000, 0), ((await FindAsync(_ana, many.Id)).Done, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null")));
    }

    [Fact]
    public async Task Stopped_act_keeps_what_was_done_and_that_can_be_taken_back()
    {
        await OldIncidentsAsync(1, 1200);
        var begun = await StartAsync(_ana, Close());
        await OneAsync();
        await OneAsync();
        Assert.Equal(BulkStage.Cancelled, (await Acts.CancelAsync(_ana, begun.Id, Cancel)).Value.Stage);
        Assert.Null(await _desk.Get<BulkStep>().RunAsync(Cancel));
        Assert.Equal(700, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null"));
        Assert.Equal("kernel.bulk.over", (await Acts.CancelAsync(_ana, begun.Id, Cancel)).Refusals[0].Key);
        await Acts.UndoAsync(_ana, begun.Id, Cancel);
        await AllAsync();
        Assert.Equal(1200, await CountAsync("select count(*)::int from ticketing.incidents where closed_at is null"));
        Assert.Single(await Acts.ShownAsync(_ana, Cancel));
        await Acts.PutAwayAsync(_ana, (await Acts.ShownAsync(_ana, Cancel))[0].Id, Cancel);
        Assert.Empty(await Acts.ShownAsync(_ana, Cancel));
        Assert.Equal(2, (await Acts.ListAsync(_ana, null, 50, Cancel)).Items.Count);
    }

    [Fact]
    public async Task Item_that_breaks_is_left_alone_and_the_others_are_done()
    {
        await OldIncidentsAsync(1, 12);
        await using var owner = NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var trap = owner.CreateCommand("alter table ticketing.incidents add constraint trap check (number <> 'INC-2020-00005' or closed_at is null)");
        await trap.ExecuteNonQueryAsync(Cancel);
        var begun = await StartAsync(_ana, Close());
        await AllAsync();
        var ended = await FindAsync(_ana, begun.Id);
        Assert.Equal((BulkStage.Done, 11, 1), (ended.Stage, ended.Done, ended.Left));
        var left = (await Acts.LeftAsync(_ana, begun.Id, null, 50, Cancel)).Value.Items.Single();
        Assert.Equal(("kernel.bulk.fault", "/tickets/INC-2020-00005"), (left.Reason.Key, left.Href));
        Assert.Equal(11, await CountAsync("select count(*)::int from audit.entries where action = 'ticketing.incident.changed'"));
    }

    [Fact]
    public async Task Reports_are_rejected_and_undo_spares_what_a_colleague_decided_since()
    {
        var reports = new List<Guid>();
        for (var i = 0; i < 5; i++)
            reports.Add(await _desk.ReportAsync($"report {i}", "x@example.org"));
        var begun = await StartAsync(_ana, Order("reject", new RejectManyArgument("noise"), new ReportsChoice()));
        await AllAsync();
        Assert.Equal(5, (await FindAsync(_ana, begun.Id)).Done);
        var incident = await _desk.OpenAsync("one");
        Assert.True((await _desk.Get<AttachReports>().RunAsync(_desk.Analyst, new([reports[2]], incident.Number), Cancel)).Succeeded);
        var undo = (await Acts.UndoAsync(_ana, begun.Id, Cancel)).Value;
        await AllAsync();
        Assert.Equal((4, 1), ((await FindAsync(_ana, undo.Id)).Done, (await FindAsync(_ana, undo.Id)).Left));
        Assert.Equal((4, "attached"), ((await _desk.ReportsAsync()).Count, await _desk.Modules.Database.FindAsync<string>("select state from ticketing.reports where id = @Id", new { Id = reports[2] }, Cancel)));
    }

    [Fact]
    public async Task Orders_that_make_no_sense_are_refused_before_anything_is_stored()
    {
        Assert.Equal("ticketing.refused.no-change", (await Acts.StartAsync(_ana, Order("change", new IncidentChange(), new QueueWanted()), Cancel)).Refusals[0].Key);
        Assert.Equal("kernel.bulk.chosen", (await Acts.StartAsync(_ana, Order("change", s_close, null), Cancel)).Refusals[0].Key);
        Assert.Equal("kernel.bulk.no-act", (await Acts.StartAsync(_ana, Order("vanish", s_close, new QueueWanted()), Cancel)).Refusals[0].Key);
        Assert.Equal("kernel.bulk.person", (await Acts.StartAsync(_desk.Modules.Person("nobody", Role.Analyst), Close(), Cancel)).Refusals[0].Key);
        for (var i = 0; i < StartBulk.MostAtOnce; i++)
            await StartAsync(_ana, Close());
        Assert.Equal("kernel.bulk.too-many", (await Acts.StartAsync(_ana, Close(), Cancel)).Refusals[0].Key);
        await AllAsync();
        Assert.Equal(StartBulk.MostAtOnce, await CountAsync("select count(*)::int from kernel.bulk_runs where state = 'done' and total = 0"));
    }

    private static BulkOrder Close() => Order("change", s_close, new QueueWanted());

    private static BulkOrder Order<TArgument>(string act, TArgument argument, object? query) =>
        new($"ticketing/{act}", JsonSerializer.SerializeToElement(argument, OutboxJson.Options), "ticketing.many.close", "ticketing.page.closed-n")
        {
            Query = query is null ? null : JsonSerializer.SerializeToElement(query, query.GetType(), OutboxJson.Options),
        };

    private async Task<BulkState> StartAsync(Viewer viewer, BulkOrder order)
    {
        var begun = await Acts.StartAsync(viewer, order, Cancel);
        Assert.True(begun.Succeeded, begun.Succeeded ? "" : begun.Refusals[0].Key);
        return begun.Value;
    }

    private async Task<BulkState> FindAsync(Viewer viewer, Guid id) => (await Acts.FindAsync(viewer, id, Cancel)).Value;

    private async Task OneAsync()
    {
        // As after five seconds: what the roles may do is read anew.
        _desk.Get<RolePermissions>().Forget();
        Assert.NotNull(await _desk.Get<BulkStep>().RunAsync(Cancel));
    }

    private async Task AllAsync()
    {
        while (await _desk.Get<BulkStep>().RunAsync(Cancel) is not null)
            _desk.Get<RolePermissions>().Forget();
    }

    private async Task<int> CountAsync(string sql) => await _desk.Modules.Database.FindAsync<int>(sql, null, Cancel);

    private Task OldIncidentsAsync(int from, int count) => _desk.Modules.Database.ExecuteAsync(
        """
        insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, tlp, pap, exercise)
        select gen_random_uuid(), 'INC-2020-' || to_char(n, 'FM00000'), 'old ' || n, 'new', 4, 'other/other', 1003, 'api', clock_timestamp(), now(), 'x', now(), 2, 2, false from generate_series(@From, @From + @Count - 1) n
        """,
        new { From = from, Count = count },
        Cancel);
}
