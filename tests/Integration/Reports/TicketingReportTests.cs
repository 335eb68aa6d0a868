using Appliance.Consoles.Reports;
using Appliance.Contracts;
using Xunit;

namespace Appliance.Integration.Reports;

/// <summary>What Ticketing counts, and for whom.</summary>
public sealed class TicketingReportTests : IAsyncLifetime
{
    private ReportWorld _world = null!;
    private Viewer _other = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await ReportWorld.StartAsync();
        _other = _world.Modules.Person("Ben", Role.Analyst);
        var red = $"4, 2, false, '{{{_world.Analyst.Id.Value}}}'";
        // Opened this week: two to be seen by all, one RED; one of a drill, one that became part of another. One the week before, closed this week.
        await IncidentAsync(1, 1, "abusive-content/spam", "2026-11-16 08:00Z", taken: "2026-11-16 08:10Z", closed: "2026-11-16 10:00Z");
        await IncidentAsync(2, 2, "=1+1", "2026-11-17 08:00Z", taken: "2026-11-17 08:30Z", due: "2026-11-18 08:00Z");
        await IncidentAsync(3, 2, "malicious-code/c2-server", "2026-11-17 09:00Z", taken: "2026-11-17 10:00Z", marking: red);
        await IncidentAsync(4, 2, "abusive-content/spam", "2026-11-17 09:00Z", marking: "2, 2, true, '{}'");
        await IncidentAsync(5, 2, "abusive-content/spam", "2026-11-17 09:00Z");
        await _world.WriteAsync($"update ticketing.incidents set merged_into = '{Id(1)}', root_id = '{Id(1)}' where id = '{Id(5)}'");
        await IncidentAsync(6, 3, "abusive-content/spam/newsletters", "2026-11-10 08:00Z", closed: "2026-11-18 08:00Z");
        await _world.WriteAsync(
            $"""
            insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name) values
                (gen_random_uuid(), '{Id(1)}', '2026-11-16 08:40Z', 'mail-out', false, gen_random_uuid(), 'Ana'),
                (gen_random_uuid(), '{Id(1)}', '2026-11-16 09:40Z', 'mail-out', false, gen_random_uuid(), 'Ana');
            insert into ticketing.reports (id, source, state, received_at, subject, tlp, pap, exercise, named) values
                (gen_random_uuid(), 'mail', 'new', '2026-11-17 08:00Z', 'a', 2, 2, false, default),
                (gen_random_uuid(), 'mail', 'attached', '2026-11-17 08:00Z', 'b', 2, 2, false, default),
                (gen_random_uuid(), 'phone', 'rejected', '2026-11-10 08:00Z', 'c', 2, 2, false, default),
                (gen_random_uuid(), 'form', 'new', '2026-11-17 08:00Z', 'd', 4, 2, false, '{"{"}{_world.Analyst.Id.Value}{"}"}')
            """);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Incidents_are_counted_as_the_viewer_may_see_them_merged_ones_once()
    {
        var named = await _world.PartAsync(_world.Analyst, new("week"), "ticketing.report.incidents");
        var other = await _world.PartAsync(_other, new("week"), "ticketing.report.incidents");

        Assert.Equal(((3, 1), (2, 1)), (named.Of("ticketing.report.opened"), other.Of("ticketing.report.opened")));
        Assert.Equal((2, 0), other.Of("ticketing.report.closed"));
        Assert.Equal(((2, 1), (1, 1)), (named.Of("ticketing.report.open"), other.Of("ticketing.report.open")));
        Assert.Equal((1, null), other.Of("ticketing.report.overdue"));
        Assert.Equal(["ui.severity.high | 2 | 0", "ui.severity.critical | 1 | 0", "ui.severity.medium | 0 | 1"], named.Rows("ticketing.report.by-priority"));
        Assert.Equal(["ticketing.rsit.abusive-content/spam | 1 | 1", "ticketing.rsit.=1+1 | 1 | 0"], other.Rows("ticketing.report.by-type"));
        Assert.Equal([1, 1, 0], other.Curve("ticketing.report.plot"));
        Assert.Equal([1, 0, 1], other.Curve("ticketing.report.plot", 1));
        Assert.Equal((Tlp.Red, Tlp.Amber), (named.Highest.Tlp, other.Highest.Tlp));
    }

    [Fact]
    public async Task Times_are_the_middle_and_what_nine_of_ten_took()
    {
        var named = await _world.PartAsync(_world.Analyst, new("week"), "ticketing.report.times");
        var other = await _world.PartAsync(_other, new("week"), "ticketing.report.times");

        // Taken up after 10, 30 and, to be seen by one, 60 minutes.
        Assert.Equal((30, null), named.Of("ticketing.report.time.taken-half"));
        Assert.Equal((20, null), other.Of("ticketing.report.time.taken-half"));
        Assert.Equal(28, other.Of("ticketing.report.time.taken-most").Now);
        Assert.Equal(40, other.Of("ticketing.report.time.answered-half").Now);
        // Closed after 2 hours and after 8 days: 120 and 11,520 minutes.
        Assert.Equal(5820, other.Of("ticketing.report.time.closed-half").Now);
        Assert.Equal([10, 45, 0], named.Curve("ticketing.report.time.taken.plot"));
    }

    [Fact]
    public async Task Reports_are_counted_by_the_way_they_came()
    {
        var named = await _world.PartAsync(_world.Analyst, new("week"), "ticketing.report.received");
        var other = await _world.PartAsync(_other, new("week"), "ticketing.report.received");

        Assert.Equal(((3, 1), (2, 1)), (named.Of("ticketing.report.received.all"), other.Of("ticketing.report.received.all")));
        Assert.Equal(["ticketing.source.mail | 2 | 0", "ticketing.source.phone | 0 | 1"], other.Rows("ticketing.report.by-channel"));
        Assert.Equal((0, 1), other.Of("ticketing.report.received.rejected"));
    }

    [Fact]
    public async Task Notes_of_the_shifts_stand_in_the_report_of_whoever_may_read_them()
    {
        await _world.WriteAsync(
            $"""
            insert into ticketing.handovers (id, at, by_id, by_name, text, accepted_at, accepted_by, accepted_name, tlp, pap, exercise, named) values
                (gen_random_uuid(), '2026-11-18 06:00Z', gen_random_uuid(), 'Omar', '=1+1 **two** wait', '2026-11-18 06:05Z', gen_random_uuid(), 'Lee', 2, 2, false, default),
                (gen_random_uuid(), '2026-11-18 07:00Z', gen_random_uuid(), 'Omar', 'for one', null, null, null, 4, 2, false, '{"{"}{_world.Analyst.Id.Value}{"}"}')
            """);

        var named = await _world.PartAsync(_world.Analyst, new(), "ticketing.report.shifts");
        var other = await _world.PartAsync(_other, new(), "ticketing.report.shifts");

        Assert.Equal(((2, 0), (1, 0)), (named.Of("ticketing.report.shifts.written"), other.Of("ticketing.report.shifts.written")));
        Assert.EndsWith(" | Omar | Lee | =1+1 **two** wait", Assert.Single(other.Rows("ticketing.report.shifts.notes")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_of_an_organisation_counts_only_what_is_its_own()
    {
        var own = Guid.NewGuid();
        await _world.WriteAsync($"update ticketing.incidents set constituents = array['{own}'::uuid] where id = '{Id(2)}'");

        var part = await _world.PartAsync(_world.Analyst with { Constituent = new(own) }, new("week"), "ticketing.report.incidents");

        Assert.Equal((1, 0), part.Of("ticketing.report.opened"));
    }

    private Task IncidentAsync(int number, int severity, string type, string opened, string? taken = null, string? closed = null, string? due = null, string marking = ReportWorld.Ordinary)
    {
        static string Value(string? at) => at is null ? "null" : $"'{at}'";
        return _world.WriteAsync(
            $"""
            insert into ticketing.incidents (id, number, title, state, outcome, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, taken_at, closed_at, due_at, tlp, pap, exercise, named)
            values ('{Id(number)}', 'INC-T-{number}', 'x', '{(closed is null ? "triage" : "closed")}', {(closed is null ? "null" : "'resolved'")}, {severity}, '{type}', 1003, 'api', '{opened}', '{opened}', 'Ana', '{opened}', {Value(taken)}, {Value(closed)}, {Value(due)}, {marking})
            """);
    }

    private static Guid Id(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
}
