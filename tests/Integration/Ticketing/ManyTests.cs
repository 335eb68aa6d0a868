using Appliance.Contracts;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Queue;
using Appliance.Ticketing.Reports;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Acts on several incidents and reports: a result for each, and a way back.</summary>
public sealed class ManyTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Many_are_closed_with_one_outcome_those_that_cannot_are_named_and_undo_spares_what_changed_since()
    {
        var open = new[] { await _desk.OpenAsync("one"), await _desk.OpenAsync("two"), await _desk.OpenAsync("three") };
        await ChangeAsync([open[2].Id], new() { State = "closed", Outcome = "duplicate", Reason = "already" });
        var closed = (await ChangeAsync([.. open.Select(o => o.Id)], new() { State = "closed", Outcome = "resolved", Reason = "stale" })).Value;
        Assert.Equal((2, "ticketing.refused.closed", open[2].Number), (closed.Done, closed.Left.Single().Reason.Key, closed.Left.Single().Number));
        var sheet = await _desk.ShowAsync(open[0].Number);
        Assert.Equal(("closed", "resolved", "Ana"), (sheet.State, sheet.Outcome, sheet.Owner));
        Assert.Equal("stale", sheet.Timeline.Single(t => t.Kind == "state").Text);

        await ChangeAsync([open[0].Id], new() { State = "in-progress", Reason = "came back" });
        var undone = (await _desk.Get<UndoAct>().RunAsync(_desk.Analyst, closed.Act, Cancel)).Value;
        Assert.Equal((1, open[0].Number, "ticketing.refused.changed-since"), (undone.Done, undone.Left.Single().Number, undone.Left.Single().Reason.Key));
        Assert.Equal("new", (await _desk.ShowAsync(open[1].Number)).State);
        Assert.Null((await _desk.ShowAsync(open[1].Number)).Owner);
        Assert.Equal("in-progress", (await _desk.ShowAsync(open[0].Number)).State);
        var acts = (await _desk.Get<ListActs>().RunAsync(_desk.Analyst, new(), Cancel)).Value.Items;
        Assert.Contains(acts, a => a.Id == closed.Act && a.UndoneBy == "Ana" && a.Count == 2);
    }

    [Fact]
    public async Task Several_fields_of_a_thousand_are_changed_in_one_act_and_given_back()
    {
        for (var i = 0; i < 4; i++)
            await _desk.OpenAsync($"m{i}");
        await _desk.Modules.Database.ExecuteAsync(
            """
            insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, tlp, pap, exercise)
            select gen_random_uuid(), 'INC-2020-' || to_char(n, 'FM00000'), 'old ' || n, 'new', 4, 'other/other', 1003, 'api', now(), now(), 'x', now(), 2, 2, false from generate_series(1, 996) n
            """,
            null,
            Cancel);
        var ids = (await _desk.Modules.Database.QueryAsync<Guid>("select id from ticketing.incidents", null, Cancel)).Select(i => new IncidentId(i)).ToList();
        var answer = (await ChangeAsync(ids, new() { State = "closed", Outcome = "out-of-scope", Reason = "swept", Impact = 3, Urgency = 3, RsitType = "abusive-content/spam" })).Value;
        Assert.Equal((1000, 0), (answer.Done, answer.Left.Count));
        Assert.Equal(1000, await _desk.Modules.Database.FindAsync<int>("select count(*)::int from audit.entries where action = 'ticketing.incident.changed'", null, Cancel));
        Assert.Equal(1000, (await _desk.Get<UndoAct>().RunAsync(_desk.Analyst, answer.Act, Cancel)).Value.Done);
    }

    [Fact]
    public async Task Colleague_gets_an_incident_unless_its_marking_forbids()
    {
        var (omar, guest) = (await _desk.ColleagueAsync("omar"), await _desk.ColleagueAsync("guest", Tlp.Green));
        var amber = await _desk.OpenAsync("amber");
        Assert.Equal(["guest", "omar"], (await _desk.Get<ListColleagues>().RunAsync(_desk.Analyst, default, Cancel)).Value.Select(c => c.Name));
        Assert.Equal("ticketing.refused.may-not-read", (await _desk.Get<TakeOwnership>().RunAsync(_desk.Analyst, new(amber.Id, Owner: guest.Id), Cancel)).Refusals[0].Key);
        Assert.Equal("ticketing.refused.no-colleague", (await _desk.Get<TakeOwnership>().RunAsync(_desk.Analyst, new(amber.Id, Owner: UserId.New()), Cancel)).Refusals[0].Key);
        Assert.True((await _desk.Get<TakeOwnership>().RunAsync(_desk.Analyst, new(amber.Id, Owner: omar.Id), Cancel)).Succeeded);
        var sheet = await _desk.ShowAsync(amber.Number);
        Assert.Equal(("omar", "triage"), (sheet.Owner, sheet.State));
        Assert.Equal([amber.Number], (await _desk.Get<ListIncidents>().RunAsync(omar, new("mine"), Cancel)).Value.Items.Select(i => i.Number));
    }

    [Fact]
    public async Task Snoozed_incident_leaves_the_queue_and_news_brings_it_back()
    {
        await _desk.ReceiveAsync("From: bob@partner.example\r\nSubject: bad host\r\nMessage-ID: <s1@partner.example>\r\n\r\nx\r\n");
        var opened = (await _desk.Get<PromoteReport>().RunAsync(_desk.Analyst, new((await _desk.ReportsAsync())[0].Id, new() { Title = "s" }), Cancel)).Value;
        Assert.Equal(["ticketing.refused.snooze-until", "ticketing.refused.reason"], (await ChangeAsync([opened.Id], new() { SnoozeUntil = DateTimeOffset.UtcNow.AddDays(-1) })).Refusals.Select(r => r.Key));
        Assert.True((await ChangeAsync([opened.Id], new() { SnoozeUntil = DateTimeOffset.UtcNow.AddDays(3), Reason = "vendor answers on Monday" })).Succeeded);
        Assert.Empty((await _desk.Get<ListIncidents>().RunAsync(_desk.Analyst, new(), Cancel)).Value.Items);
        Assert.Equal("vendor answers on Monday", (await _desk.ShowAsync(opened.Number)).SnoozeReason);
        Assert.Equal((0L, 1L), ((await _desk.Get<CountViews>().RunAsync(_desk.Analyst, default, Cancel)).Value.Open, (await _desk.Get<CountViews>().RunAsync(_desk.Analyst, default, Cancel)).Value.Snoozed));

        await _desk.ReceiveAsync("From: bob@partner.example\r\nSubject: Re: bad host\r\nMessage-ID: <s2@partner.example>\r\nReferences: <s1@partner.example>\r\n\r\nnews\r\n");
        var awake = (await _desk.Get<ListIncidents>().RunAsync(_desk.Analyst, new(), Cancel)).Value.Items.Single();
        Assert.Equal((opened.Number, true), (awake.Number, awake.Late));
        Assert.Contains((await _desk.ShowAsync(opened.Number)).Timeline, t => t.Kind == "wake");
    }

    [Fact]
    public async Task Missed_clock_is_told_once_until_something_moves()
    {
        var opened = await _desk.OpenAsync("late");
        await _desk.Modules.Database.ExecuteAsync("update ticketing.incidents set due_at = now() - interval '1 minute'", null, Cancel);
        var job = ActivatorUtilities.CreateInstance<EscalateJob>(_desk.Modules.Services);
        Assert.Equal(1, await job.RunAsync(Cancel));
        Assert.Equal(0, await job.RunAsync(Cancel));
        var sheet = await _desk.ShowAsync(opened.Number);
        Assert.NotNull(sheet.EscalatedAt);
        Assert.Single(sheet.Timeline, t => t.Kind == "escalated");
        await _desk.Get<TakeOwnership>().RunAsync(_desk.Analyst, new(opened.Id), Cancel);
        Assert.Null((await _desk.ShowAsync(opened.Number)).EscalatedAt);
    }

    [Fact]
    public async Task Suggested_incident_says_why_and_reports_go_there_and_back()
    {
        var opened = await _desk.OpenAsync("Phishing", new Observable("url", "https://evil.example/a"), new Observable("ipv4", "192.0.2.9"));
        var (a, b) = (await _desk.ReportAsync("bad", "bob@partner.example", new Observable("url", "https://evil.example/a"), new Observable("ipv4", "192.0.2.9")), await _desk.ReportAsync("other", "eve@elsewhere.example"));
        var lines = (await _desk.ReportsAsync()).ToDictionary(r => r.Id);
        Assert.Equal((opened.Number, "ticketing.suggest.traces"), (lines[a].Suggested!.Number, lines[a].Suggested!.Reason));
        Assert.Equal(2, lines[a].Suggested!.Particulars[0]);
        Assert.Null(lines[b].Suggested);

        var attached = (await _desk.Get<AttachReports>().RunAsync(_desk.Analyst, new([a, b, Guid.NewGuid()], opened.Number), Cancel)).Value;
        Assert.Equal((2, "ticketing.refused.no-report"), (attached.Done.Count, attached.Left.Single().Reason.Key));
        Assert.Equal(2, (await _desk.ShowAsync(opened.Number)).Reports.Count);
        var parties = "select address from ticketing.parties order by address";
        Assert.Equal(["bob@partner.example", "eve@elsewhere.example"], await _desk.Modules.Database.QueryAsync<string>(parties, null, Cancel));

        Assert.Equal(2, (await _desk.Get<ReturnReports>().RunAsync(_desk.Analyst, attached.Done, Cancel)).Value.Done.Count);
        Assert.Empty((await _desk.ShowAsync(opened.Number)).Reports);
        Assert.Empty(await _desk.Modules.Database.QueryAsync<string>(parties, null, Cancel));
        // What the incident had by itself stays.
        Assert.Equal(2, (await _desk.ShowAsync(opened.Number)).Traces.Count);
        Assert.Equal("ticketing.refused.undecided", (await _desk.Get<ReturnReports>().RunAsync(_desk.Analyst, [a], Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Hidden_incident_is_never_suggested()
    {
        var other = _desk.Modules.Person("Omar", Role.Manager);
        await _desk.OpenAsync(new IncidentFields { Title = "canary", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) }, new Observable("domain", "canary.example"));
        var report = await _desk.ReportAsync("s", "", new Observable("domain", "canary.example"));
        Assert.NotNull((await _desk.ReportsAsync()).Single().Suggested);
        Assert.Null((await _desk.Get<ListReports>().RunAsync(other, new(), Cancel)).Value.Items.Single().Suggested);
        Assert.Empty((await _desk.Get<ShowReport>().RunAsync(other, report, Cancel)).Value.Suggestions);
    }

    [Fact]
    public async Task Split_takes_reports_with_traces_thread_and_reporter_into_an_incident_of_their_own()
    {
        await _desk.ReceiveAsync("From: bob@partner.example\r\nSubject: first\r\nMessage-ID: <p1@partner.example>\r\n\r\n192.0.2.9\r\n");
        await _desk.ReceiveAsync("From: eve@elsewhere.example\r\nSubject: second\r\nMessage-ID: <p2@elsewhere.example>\r\n\r\n198.51.100.7\r\n");
        var reports = await _desk.ReportsAsync();
        var opened = (await _desk.Get<PromoteReport>().RunAsync(_desk.Analyst, new(reports.Single(r => r.Subject == "first").Id, new() { Title = "first" }), Cancel)).Value;
        var second = reports.Single(r => r.Subject == "second").Id;
        await _desk.Get<AttachReports>().RunAsync(_desk.Analyst, new([second], opened.Number), Cancel);

        var split = (await _desk.Get<SplitIncident>().RunAsync(_desk.Analyst, new(opened.Id, [second], "second"), Cancel)).Value;
        var (left, right) = (await _desk.ShowAsync(opened.Number), await _desk.ShowAsync(split.Number));
        Assert.Equal(["192.0.2.9"], left.Traces.Where(t => t.Type == "ipv4").Select(t => t.Value));
        Assert.Equal(["198.51.100.7"], right.Traces.Where(t => t.Type == "ipv4").Select(t => t.Value));
        Assert.Equal((1, 1, opened.Number), (left.Reports.Count, right.Reports.Count, right.Links.Single().Number));
        await _desk.ReceiveAsync("From: eve@elsewhere.example\r\nSubject: Re: second\r\nMessage-ID: <p3@elsewhere.example>\r\nReferences: <p2@elsewhere.example>\r\n\r\nmore\r\n");
        Assert.Contains((await _desk.ShowAsync(split.Number)).Timeline, t => t.Kind == "mail-in");
        Assert.Equal("ticketing.refused.not-its-report", (await _desk.Get<SplitIncident>().RunAsync(_desk.Analyst, new(opened.Id, [second], "again"), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Each_reporter_is_thanked_in_a_thread_of_their_own_and_sees_nobody_else()
    {
        for (var i = 1; i <= 3; i++)
            await _desk.ReceiveAsync($"From: r{i}@partner{i}.example\r\nSubject: bad host\r\nMessage-ID: <t{i}@partner{i}.example>\r\n\r\nx\r\n");
        var opened = await _desk.OpenAsync("bad host");
        var done = (await _desk.Get<AttachReports>().RunAsync(_desk.Analyst, new([.. (await _desk.ReportsAsync()).Select(r => r.Id)], opened.Number), Cancel)).Value.Done;
        Assert.Equal(3, (await _desk.Get<AnswerReporters>().RunAsync(_desk.Analyst, new(opened.Id, done, "en"), Cancel)).Value.Sent.Count);
        await _desk.SendAllAsync();
        var messages = _desk.Program.Messages.Select(m => m.Message).ToList();
        Assert.Equal(3, messages.Count);
        for (var i = 1; i <= 3; i++)
        {
            var mine = Assert.Single(messages, m => m.Contains($"r{i}@partner{i}.example", StringComparison.Ordinal));
            Assert.Contains($"In-Reply-To: <t{i}@partner{i}.example>", mine, StringComparison.OrdinalIgnoreCase);
            Assert.Contains($"[{opened.Number}]", mine, StringComparison.Ordinal);
            Assert.DoesNotContain($"partner{(i % 3) + 1}.example", mine, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(Tlp.Amber, Role.Manager, "asked by the ministry", null)]
    [InlineData(Tlp.Amber, Role.Manager, "x", "ticketing.refused.tlp-amber")]
    [InlineData(Tlp.Amber, Role.Analyst, "asked by the ministry", "ticketing.refused.tlp-amber")]
    [InlineData(Tlp.Red, Role.Manager, "asked by the ministry", "ticketing.refused.tlp-red")]
    public async Task Marking_is_overridden_only_with_a_reason_by_those_who_may_and_never_for_red(Tlp tlp, Role role, string reason, string? refusal)
    {
        var person = _desk.Modules.Person("Lee", role);
        var opened = (await _desk.Get<OpenIncident>().RunAsync(person, new(new IncidentFields { Title = "o", Marking = new Marking(tlp, Named: [person.Id]) }), Cancel)).Value;
        var outcome = await _desk.Get<NotifyConstituent>().RunAsync(person, new(opened.Id, [new("stranger@elsewhere.example")], "s", "t", Override: reason), Cancel);
        Assert.Equal(refusal, outcome.Refusals.FirstOrDefault()?.Key);
        Assert.Equal(refusal is null ? 1 : 0, await _desk.Modules.Database.FindAsync<int>("select count(*)::int from audit.entries where action = 'ticketing.incident.marking-overridden' and detail ->> 'reason' = @Reason", new { Reason = reason }, Cancel));
    }

    private Task<Outcome<ManyAnswer>> ChangeAsync(IReadOnlyList<IncidentId> ids, IncidentChange change) => _desk.Get<ChangeIncidents>().RunAsync(_desk.Analyst, new(ids, change), Cancel);
}
