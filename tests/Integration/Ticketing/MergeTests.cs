using Appliance.Contracts;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Queue;
using Appliance.Ticketing.Reports;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Merging loses nothing, and its undo gives both back exactly, at any later time.</summary>
public sealed class MergeTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Many_become_one_and_undo_gives_all_back_exactly()
    {
        var target = await _desk.OpenAsync("Beacon", new Observable("domain", "a.example"));
        var sources = new[] { await _desk.OpenAsync("Beacon again", new Observable("domain", "b.example")), await _desk.OpenAsync("Third", new Observable("domain", "a.example")) };
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(sources[0].Id, "seen twice"), Cancel);
        var before = await SnapshotAsync();

        var merged = (await MergeAsync(target.Number, [.. sources.Select(s => s.Id)])).Value;
        Assert.Equal((2, 0), (merged.Done, merged.Left.Count));
        Assert.Equal([target.Number], await QueueAsync());
        var sheet = await _desk.ShowAsync(target.Number);
        Assert.Equal(["a.example", "b.example"], sheet.Traces.Select(t => t.Value));
        Assert.Contains(sheet.Timeline, t => t is { Kind: "note", Text: "seen twice" } && t.Of == sources[0].Number);
        Assert.Equal(target.Number, (await _desk.ShowAsync(sources[0].Number)).PartOf);
        // Done twice it changes nothing more.
        Assert.Equal(0, (await MergeAsync(target.Number, [sources[0].Id])).Value.Done);

        Assert.Equal(2, (await UndoAsync(merged.Act)).Value.Done);
        Assert.Equal(before, await SnapshotAsync());
        Assert.Equal(3, (await QueueAsync()).Count);
        Assert.Null((await _desk.ShowAsync(sources[0].Number)).PartOf);
        Assert.Equal("ticketing.refused.undone", (await UndoAsync(merged.Act)).Refusals[0].Key);
        var acts = await _desk.Modules.Database.QueryAsync<string>("select distinct action from audit.entries where action like 'ticketing.%' order by action", null, Cancel);
        Assert.Subset(acts.ToHashSet(), new HashSet<string> { "ticketing.incident.merged", "ticketing.incident.merged-into", "ticketing.act.undone" });
    }

    [Fact]
    public async Task Mail_to_either_number_arrives_and_stays_with_its_number_after_the_undo()
    {
        await _desk.ReceiveAsync("From: bob@partner.example\r\nSubject: one\r\nMessage-ID: <a1@partner.example>\r\n\r\nx\r\n");
        await _desk.ReceiveAsync("From: eve@elsewhere.example\r\nSubject: two\r\nMessage-ID: <b1@elsewhere.example>\r\n\r\ny\r\n");
        var reports = await _desk.ReportsAsync();
        var one = await PromoteAsync(reports.Single(r => r.Subject == "one").Id);
        var two = await PromoteAsync(reports.Single(r => r.Subject == "two").Id);
        var merged = (await MergeAsync(one.Number, [two.Id])).Value;

        await _desk.ReceiveAsync($"From: eve@elsewhere.example\r\nSubject: [{two.Number}] more\r\nMessage-ID: <b2@elsewhere.example>\r\n\r\nto the old number\r\n");
        await _desk.ReceiveAsync("From: bob@partner.example\r\nSubject: Re: one\r\nMessage-ID: <a2@partner.example>\r\nReferences: <a1@partner.example>\r\n\r\nto the thread\r\n");
        var timeline = (await _desk.ShowAsync(one.Number)).Timeline.Where(t => t.Kind == "mail-in").ToList();
        Assert.Equal([("to the old number", two.Number), ("to the thread", null)], timeline.Select(t => (t.Text.Trim(), t.Of)));

        await UndoAsync(merged.Act);
        Assert.Equal("to the thread", Assert.Single((await _desk.ShowAsync(one.Number)).Timeline, t => t.Kind == "mail-in").Text.Trim());
        Assert.Equal("to the old number", Assert.Single((await _desk.ShowAsync(two.Number)).Timeline, t => t.Kind == "mail-in").Text.Trim());
    }

    [Fact]
    public async Task Opposite_merges_at_the_same_time_leave_one_incident()
    {
        for (var round = 0; round < 5; round++)
        {
            var (a, b) = (await _desk.OpenAsync($"a{round}"), await _desk.OpenAsync($"b{round}"));
            var outcomes = await Task.WhenAll(
                _desk.InScopeAsync<MergeIncidents, Outcome<ManyAnswer>>(m => m.RunAsync(_desk.Analyst, new(a.Number, [b.Id]), Cancel)),
                _desk.InScopeAsync<MergeIncidents, Outcome<ManyAnswer>>(m => m.RunAsync(_desk.Analyst, new(b.Number, [a.Id]), Cancel)));
            Assert.Equal(1, outcomes.Sum(o => o.TryGet(out var answer) ? answer.Done : 0));
            Assert.Equal(round + 1, (await QueueAsync()).Count);
        }
    }

    [Fact]
    public async Task Chain_of_merges_is_shown_at_its_end_and_undone_in_the_middle()
    {
        var (a, b, c) = (await _desk.OpenAsync("a"), await _desk.OpenAsync("b"), await _desk.OpenAsync("c"));
        await MergeAsync(b.Number, [a.Id]);
        var second = (await MergeAsync(c.Number, [b.Id])).Value;
        Assert.Equal(c.Number, (await _desk.ShowAsync(a.Number)).PartOf);
        // What is done with a merged number is done with the one it is part of.
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(a.Id, "to the root"), Cancel);
        Assert.Contains((await _desk.ShowAsync(c.Number)).Timeline, t => t.Text == "to the root" && t.Of is null);
        await UndoAsync(second.Act);
        Assert.Equal(b.Number, (await _desk.ShowAsync(a.Number)).PartOf);
        Assert.Equal([a.Number], (await _desk.ShowAsync(b.Number)).Merged.Select(m => m.Number));
        Assert.Empty((await _desk.ShowAsync(c.Number)).Merged);
    }

    [Fact]
    public async Task Message_wears_the_strictest_label_of_the_parts_and_red_parts_stay_hidden()
    {
        var other = _desk.Modules.Person("Omar", Role.Manager);
        var open = await _desk.OpenAsync(new IncidentFields { Title = "open", Marking = new Marking(Tlp.Green) });
        var red = await _desk.OpenAsync(new IncidentFields { Title = "canary-merge", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) }, new Observable("domain", "canary-merge.example"));
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(red.Id, "canary-note"), Cancel);
        await MergeAsync(open.Number, [red.Id]);
        Assert.Equal(Tlp.Red, (await _desk.ShowAsync(open.Number)).Mark.Tlp);
        Assert.Equal("ticketing.refused.tlp-red", (await _desk.Get<NotifyConstituent>().RunAsync(_desk.Analyst, new(open.Id, [new("x@any.example")], "s", "t"), Cancel)).Refusals[0].Key);
        var theirs = (await _desk.Get<ShowIncident>().RunAsync(other, open.Number, Cancel)).Value;
        Assert.DoesNotContain("canary", System.Text.Json.JsonSerializer.Serialize(theirs), StringComparison.Ordinal);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<ShowIncident>().RunAsync(other, red.Number, Cancel)).Refusals[0].Kind);
        Assert.Empty((await _desk.Get<ListIncidents>().RunAsync(other, new(Words: "canary-merge.example"), Cancel)).Value.Items);
    }

    [Fact]
    public async Task What_cannot_be_one_is_refused_with_the_reason()
    {
        var live = await _desk.OpenAsync("live");
        var drill = await _desk.OpenAsync(new IncidentFields { Title = "drill", Marking = Marking.Default with { Exercise = true } });
        Assert.Equal("ticketing.refused.merge-exercise", (await MergeAsync(live.Number, [drill.Id])).Refusals[0].Key);
        Assert.Equal("ticketing.refused.merge-self", (await MergeAsync(live.Number, [live.Id])).Refusals[0].Key);
        Assert.Equal("ticketing.refused.link-number", (await MergeAsync("INC-1999-00001", [live.Id])).Refusals[0].Key);
        Assert.Equal("ticketing.refused.many", (await MergeAsync(live.Number, [])).Refusals[0].Key);
    }

    [Fact]
    public async Task Ten_thousand_traces_are_merged_in_one_transaction_within_three_seconds()
    {
        var (a, b) = (await _desk.OpenAsync("a"), await _desk.OpenAsync("b"));
        foreach (var id in new[] { a.Id, b.Id })
            await _desk.Modules.Database.ExecuteAsync("insert into ticketing.observables select @Id, 'domain', 'd' || n || '.example', 'form', now() from generate_series(1, 10000) n", new { Id = id.Value }, Cancel);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(1, (await MergeAsync(a.Number, [b.Id])).Value.Done);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), watch.Elapsed.ToString());
        Assert.Equal(20_000, await _desk.Modules.Database.FindAsync<int>("select count(*)::int from ticketing.observables", null, Cancel));
    }

    private Task<Outcome<ManyAnswer>> MergeAsync(string into, IReadOnlyList<IncidentId> sources) => _desk.Get<MergeIncidents>().RunAsync(_desk.Analyst, new(into, sources), Cancel);

    private Task<Outcome<ManyAnswer>> UndoAsync(Guid act) => _desk.Get<UndoAct>().RunAsync(_desk.Analyst, act, Cancel);

    private async Task<IncidentRef> PromoteAsync(Guid report) => (await _desk.Get<PromoteReport>().RunAsync(_desk.Analyst, new(report, new() { Title = "p" }), Cancel)).Value;

    private async Task<IReadOnlyList<string>> QueueAsync() => [.. (await _desk.Get<ListIncidents>().RunAsync(_desk.Analyst, new(), Cancel)).Value.Items.Select(i => i.Number)];

    /// <summary>Everything stored of incidents apart from the version and time of the last change and from what only the history gains.</summary>
    private async Task<string> SnapshotAsync() => string.Join('\n', await _desk.Modules.Database.QueryAsync<string>(
        """
        select (to_jsonb(i) - 'version' - 'changed_at' - 'changed_by')::text from ticketing.incidents i
        union all select to_jsonb(o)::text from ticketing.observables o
        union all select to_jsonb(p)::text from ticketing.parties p
        union all select to_jsonb(x)::text from ticketing.messages x
        union all select to_jsonb(t)::text from ticketing.timeline t where t.kind not in ('merge', 'merged', 'unmerge')
        order by 1
        """,
        null,
        Cancel));
}
