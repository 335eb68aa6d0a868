using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Alerts;
using Appliance.Sensing.Events;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Pipeline;
using Appliance.Sensing.Triage;
using Xunit;

namespace Appliance.Integration.Sensing;

public sealed class TriageTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Inbox_is_ordered_by_score_paged_by_key_and_filtered()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", Enumerable.Range(0, 120).Select(i => SensorSpool.Alert(1000 + i, severity: 1 + (i % 3))));
        await world.ReadAsync();
        var list = world.Get<ListGroups>();
        var seen = new List<InboxRow>();
        for (string? after = null; ;)
        {
            var page = (await list.RunAsync(world.Analyst, new(new("inbox"), after, 50), None)).Value;
            seen.AddRange(page.Items);
            Assert.Equal(120, page.Total);
            if ((after = page.Next) is null)
                break;
        }
        Assert.Equal(120, seen.DistinctBy(g => g.Id).Count());
        Assert.Equal(seen.OrderByDescending(g => g.Score).Select(g => g.Score), seen.Select(g => g.Score));
        Assert.Equal(1, seen[0].Hours[^1]);
        Assert.Equal(1005, Assert.Single((await list.RunAsync(world.Analyst, new(new("inbox", Query: "sid:1005")), None)).Value.Items).Sid);
        Assert.Equal(120, (await list.RunAsync(world.Analyst, new(new("inbox", Query: "ip:192.0.2.0/24")), None)).Value.Total);
        Assert.Empty((await list.RunAsync(world.Analyst, new(new("inbox", Query: "src:172.16.0.0/12")), None)).Value.Items);
        Assert.Equal(40, (await list.RunAsync(world.Analyst, new(new("inbox", Query: "sev:1")), None)).Value.Total);
        Assert.Equal("sensing.refused.filter", (await list.RunAsync(world.Analyst, new(new("inbox", Query: "ip:x")), None)).Refusals[0].Key);
    }

    [Fact]
    public async Task Closed_group_lets_new_alerts_form_another_and_can_be_taken_back()
    {
        await using var world = await SensingWorld.StartAsync();
        var group = await OneAsync(world);
        var closed = (await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(group), "false", "scanner of our own"), None)).Value;
        Assert.Equal(1, closed.Done);
        Assert.Equal("closed", await StateAsync(world, group));
        Assert.Equal(1, (await world.Get<UndoTriage>().RunAsync(world.Analyst, new(closed.ActId), None)).Value.Done);
        Assert.Equal("open", await StateAsync(world, group));

        var again = (await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(group)), None)).Value;
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        Assert.Equal(2, await world.AskAsync<long>("select count(*) from sensing.alert_groups"));
        Assert.Equal("sensing.refused.newer-group", (await world.Get<UndoTriage>().RunAsync(world.Analyst, new(again.ActId), None)).Refusals[0].Key);
        Assert.Equal("sensing.refused.newer-group", (await world.Get<ReopenAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(group)), None)).Refusals[0].Key);
    }

    [Fact]
    public async Task Bulk_answers_for_each_group_and_takes_all_that_match()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", Enumerable.Range(0, 300).Select(i => SensorSpool.Alert(1000 + i)));
        await world.ReadAsync();
        var page = (await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox"), null, 3), None)).Value.Items;
        Guid[] ids = [.. page.Select(g => g.Id), Guid.NewGuid()];
        await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(ids[0])), None);
        var answer = (await world.Get<SnoozeAlerts>().RunAsync(world.Analyst, new(new GroupSelection(ids), 2), None)).Value;
        Assert.Equal(2, answer.Done);
        Assert.Equal(["sensing.refused.closed-already", "sensing.refused.no-group"], answer.Refused.Select(r => r.Refusal!.Key).Order());

        var all = (await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(new GroupSelection([], new InboxFilter("inbox", Query: "TEST"))), None)).Value;
        Assert.Equal(297, all.Done);
        Assert.Equal(0, (await world.Get<CountInbox>().RunAsync(world.Analyst, new(), None)).Value.Inbox);
        Assert.Equal(297, (await world.Get<UndoTriage>().RunAsync(world.Analyst, new(all.ActId), None)).Value.Done);
        Assert.Equal(4, await world.AskAsync<long>("select count(*) from audit.entries where action like 'sensing.alert-group.%'"));
    }

    [Fact]
    public async Task Escalation_publishes_the_fact_and_the_number_comes_back()
    {
        await using var world = await SensingWorld.StartAsync();
        var group = await OneAsync(world);
        Assert.True((await world.Get<EscalateAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(group)), None)).Succeeded);
        var body = await world.AskAsync<string>("select body::text from kernel.outbox_events where name = 'sensing.alert-escalated'");
        Assert.Contains("evil.example", body, StringComparison.Ordinal);
        Assert.Contains("National Bank", body, StringComparison.Ordinal);
        Assert.Equal("sensing.refused.has-incident", (await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(group)), None)).Refusals[0].Key);

        var incident = new IncidentId(Guid.CreateVersion7());
        await PublishAsync(world, new IncidentOpened { Marking = Marking.Default, Incident = incident, Number = "INC-1", Title = "x", FromAlerts = new AlertGroupId(group) });
        Assert.Equal("INC-1", (await world.Get<ShowGroup>().RunAsync(world.Analyst, new(group), None)).Value.Group.IncidentNumber);
        await PublishAsync(world, new IncidentClosed { Marking = Marking.Default, Incident = incident, Number = "INC-1", Outcome = "false-positive", FromAlerts = new AlertGroupId(group) });
        var page = (await world.Get<ShowGroup>().RunAsync(world.Analyst, new(group), None)).Value;
        Assert.Equal(("closed", "false"), (page.Group.State, page.Group.Verdict));
        Assert.Equal(["incident-closed", "incident-opened", "escalated"], page.History.Select(h => h.Action));
    }

    [Fact]
    public async Task Auto_close_rule_swallows_what_it_names_until_it_ends()
    {
        await using var world = await SensingWorld.StartAsync();
        var group = await OneAsync(world);
        var preview = (await world.Get<PreviewSuppression>().RunAsync(world.Analyst, new(1, 1, "10.0.0.0/8", null), None)).Value;
        Assert.Equal((1L, 1L, 0L), (preview.Alerts, preview.Groups, preview.Escalated));
        var rule = (await world.Get<SuppressAlerts>().RunAsync(world.Analyst, new(1, 1, "10.0.0.0/8", null, 7, "our own scanner"), None)).Value;
        Assert.Equal("closed", await StateAsync(world, group));
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(1, source: "10.9.9.9"), SensorSpool.Alert(1, source: "172.16.0.1"));
        await world.ReadAsync();
        Assert.Equal(1, (await world.Get<CountInbox>().RunAsync(world.Analyst, new(), None)).Value.Inbox);
        Assert.Equal(3, Assert.Single((await world.Get<ListAutoClose>().RunAsync(world.Analyst, new(), None)).Value).Hits);

        Assert.True((await world.Get<EndAutoClose>().RunAsync(world.Analyst, new(rule), None)).Succeeded);
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        Assert.Equal(2, (await world.Get<CountInbox>().RunAsync(world.Analyst, new(), None)).Value.Inbox);
        Assert.Equal("sensing.refused.suppress-all", (await world.Get<SuppressAlerts>().RunAsync(world.Analyst, new(1, null, null, null, 7, "x"), None)).Refusals[0].Key);
    }

    [Fact]
    public async Task Rights_and_markings_are_checked_in_the_handlers()
    {
        await using var world = await SensingWorld.StartAsync();
        var group = await OneAsync(world);
        var auditor = world.Modules.Person("aud", Role.Auditor);
        Assert.Equal(RefusalKind.Forbidden, (await world.Get<ListGroups>().RunAsync(auditor, new(new("inbox")), None)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.Forbidden, (await world.Get<CloseAlerts>().RunAsync(auditor, new(GroupSelection.One(group)), None)).Refusals[0].Kind);
        await using (var owner = Npgsql.NpgsqlDataSource.Create(world.Modules.Owner))
        await using (var command = owner.CreateCommand("update sensing.alert_groups set tlp = 4"))
            await command.ExecuteNonQueryAsync(None);
        Assert.Empty((await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox")), None)).Value.Items);
        Assert.Equal(RefusalKind.NotFound, (await world.Get<ShowGroup>().RunAsync(world.Analyst, new(group), None)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(group)), None)).Refusals[0].Kind);
    }

    [Fact]
    public async Task Events_are_searched_by_field_over_alerts_and_records()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("events", Enumerable.Range(0, 500).Select(i => SensorSpool.Dns(i, $"n{i}.example")));
        world.Spool.Put("alerts", SensorSpool.Alert(77));
        await world.ReadAsync();
        var search = world.Get<SearchEvents>();
        Assert.Equal("n42.example", Assert.Single((await search.RunAsync(world.Analyst, new("n42.example"), None)).Value.Rows.Items).Name);
        Assert.Equal(2, (await search.RunAsync(world.Analyst, new("flow:77"), None)).Value.Rows.Items.Count);
        Assert.Equal("alert", Assert.Single((await search.RunAsync(world.Analyst, new("sid:77"), None)).Value.Rows.Items).Type);
        Assert.Equal(50, (await search.RunAsync(world.Analyst, new("ip:192.0.2.53 port:53 type:dns"), None)).Value.Rows.Items.Count);
        var seen = new HashSet<string>();
        for (string? after = null; ;)
        {
            var found = (await search.RunAsync(world.Analyst, new(null, 24, after, 120), None)).Value;
            Assert.False(found.Partial);
            Assert.All(found.Rows.Items, r => Assert.True(seen.Add(r.Key)));
            if ((after = found.Rows.Next) is null)
                break;
        }
        Assert.Equal(501, seen.Count);
        var detail = (await world.Get<ShowEvent>().RunAsync(world.Analyst, new(seen.Last()), None)).Value;
        Assert.NotEmpty(detail.Raw);
    }

    [Fact]
    public async Task Empty_inbox_names_the_broken_link()
    {
        await using var world = await SensingWorld.StartAsync();
        var pipeline = world.Get<DiagnosePipeline>();
        Assert.Equal(("interface", "none"), Broken(await pipeline.RunAsync(world.Analyst, new(), None)));
        world.Spool.Put("alerts", SensorSpool.Engine("""{"message":"sensor started","version":"1"}"""),
            """{"timestamp":"2026-11-20T10:00:00.000000+0000","event_type":"stats","stats":{"decoder":{"pkts":42},"sensor":{"interfaces":[{"name":"eth1","state":"not captured","reason":"CAP_NET_RAW missing"}]}}}""");
        await world.ReadAsync();
        Assert.Equal(("interface", "refused"), Broken(await pipeline.RunAsync(world.Analyst, new(), None)));
        world.Spool.Put("alerts", """{"timestamp":"2026-11-20T10:00:00.000000+0000","event_type":"stats","stats":{"decoder":{"pkts":42},"sensor":{"interfaces":[{"name":"eth1","state":"capturing"}]}}}""");
        await world.ReadAsync();
        Assert.Equal(("engine", "no-rules"), Broken(await pipeline.RunAsync(world.Analyst, new(), None)));
        world.Spool.Put("alerts", SensorSpool.Engine("""{"message":"generation loaded","generation":1,"rules_loaded":3,"rules_failed":0}"""), SensorSpool.Alert(1));
        await world.ReadAsync();
        Assert.Equal(("filters", "query"), Broken(await pipeline.RunAsync(world.Analyst, new(new InboxFilter("inbox", Query: "nothing")), None)));
    }

    private static (string, string) Broken(Outcome<PipelineView> outcome) => (outcome.Value.Broken!.Key, outcome.Value.Broken.Finding);

    private static async Task<Guid> OneAsync(SensingWorld world)
    {
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        return await world.AskAsync<Guid>("select id from sensing.alert_groups");
    }

    private static Task<string> StateAsync(SensingWorld world, Guid group) => world.AskAsync<string>("select state from sensing.alert_groups where id = @group", new { group });

    private static async Task PublishAsync(SensingWorld world, EventRecord fact)
    {
        await using (var work = await world.Modules.Database.BeginAsync(Viewer.System("test"), None))
        {
            work.Publish(fact);
            await work.CommitAsync(None);
        }
        await world.Modules.DeliverAsync();
    }
}
