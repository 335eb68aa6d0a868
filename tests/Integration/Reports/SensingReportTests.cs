using System.Text;
using Appliance.Consoles.Reports;
using Appliance.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Reports;

/// <summary>What Sensing counts, and for whom.</summary>
public sealed class SensingReportTests : IAsyncLifetime
{
    private const string Formula = "=cmd|' /C calc'!A0";
    private const string Script = "<script>alert(1)</script>";
    private ReportWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _world = await ReportWorld.StartAsync();
        await _world.WriteAsync("insert into sensing.sensors (name, path, kind, present, first_seen_at) values ('=east', '/x', 'folder', true, '2026-11-01Z')");
        // Severity 1: forty-one alerts this week and ten the week before. Severity 3: five, RED for Ana alone. An exercise: a hundred.
        await GroupAsync(1, 100, 1, Formula, "10.0.0.1", "'2026-11-10 12:00Z', '2026-11-16 12:30Z'", ReportWorld.Ordinary);
        await GroupAsync(2, 200, 3, Script, "10.0.0.2", "'2026-11-17 12:00Z', '2026-11-17 12:30Z'", $"4, 3, false, '{{{_world.Analyst.Id.Value}}}'");
        await GroupAsync(3, 300, 1, "Drill", "10.0.0.3", "'2026-11-17 12:00Z', '2026-11-17 12:30Z'", "0, 0, true, '{}'");
        await HoursAsync(1, ("2026-11-10 12:00Z", 10), ("2026-11-16 12:00Z", 30), ("2026-11-17 23:00Z", 4));
        await HoursAsync(2, ("2026-11-17 12:00Z", 5));
        await HoursAsync(3, ("2026-11-17 12:00Z", 100));
        // The hours at the edges: the running one, and one that a day of Kathmandu cuts in two.
        await HoursAsync(1, ("2026-11-18 10:00Z", 3), ("2026-11-15 18:00Z", 6));
        await AlertsAsync(1, "2026-11-18 10:05Z", "2026-11-18 10:19:59Z", "2026-11-18 10:25Z", "2026-11-15 18:05Z", "2026-11-15 18:15Z", "2026-11-15 18:20Z", "2026-11-15 18:30Z", "2026-11-15 18:40Z", "2026-11-15 18:50Z");
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Alerts_are_counted_as_the_viewer_may_see_them_to_the_minute_without_exercises()
    {
        var named = await _world.PartAsync(_world.Analyst, new("week"), "sensing.report.alerts");
        var other = await _world.PartAsync(_world.Modules.Person("Ben", Role.Analyst), new("week"), "sensing.report.alerts");

        // 30 and 4 whole hours, 2 of the 3 in the running one; RED adds 5 for whom it names.
        Assert.Equal((41, 10), named.Of("sensing.report.alerts.all"));
        Assert.Equal((36, 10), other.Of("sensing.report.alerts.all"));
        Assert.Equal((5, 0), named.Of("sensing.severity.3"));
        Assert.Equal((0, 0), other.Of("sensing.severity.3"));
        Assert.Equal([$"{Formula} | 36 | 10", $"{Script} | 5 | 0"], named.Rows("sensing.report.signatures"));
        Assert.Equal([$"{Formula} | 36 | 10"], other.Rows("sensing.report.signatures"));
        Assert.Equal(["10.0.0.1 | 36 | 10"], other.Rows("sensing.report.sources"));
        Assert.Equal([30, 4, 2], other.Curve("sensing.report.alerts.plot"));
        Assert.Equal((Tlp.Red, Tlp.Amber), (named.Highest.Tlp, other.Highest.Tlp));
    }

    [Fact]
    public async Task Day_that_begins_at_a_quarter_past_is_counted_exactly()
    {
        await _world.Modules.Services.GetRequiredService<IPersonal>().KeepZoneAsync(_world.Analyst, "Asia/Kathmandu", Cancel);

        // Five of the six alerts between 18:00 and 19:00 came at or after 18:15, when the 16th begins.
        var day = await _world.PartAsync(_world.Analyst, new("day", "2026-11-16"), "sensing.report.alerts");
        var before = await _world.PartAsync(_world.Analyst, new("day", "2026-11-15"), "sensing.report.alerts");

        Assert.Equal((35, 1), day.Of("sensing.report.alerts.all"));
        Assert.Equal(1, before.Of("sensing.report.alerts.all").Now);
    }

    [Fact]
    public async Task Viewer_who_reads_up_to_green_counts_nothing_of_amber()
    {
        var low = _world.Modules.Person("Low", Role.Analyst) with { ReadsUpTo = Tlp.Green };

        var part = await _world.PartAsync(low, new("week"), "sensing.report.alerts");

        Assert.Equal((0, 0), part.Of("sensing.report.alerts.all"));
        Assert.Empty(part.Rows("sensing.report.sources"));
    }

    [Fact]
    public async Task Triage_counts_what_was_done_and_stands()
    {
        await ActAsync(1, "closed", "2026-11-17 09:00Z");
        await ActAsync(2, "escalated", "2026-11-17 13:00Z");
        await _world.WriteAsync("update sensing.alert_groups set state = 'closed', live = false, verdict = 'benign' where sid = 100");
        // Closed and taken back at once: not done.
        await ActAsync(2, "closed", "2026-11-17 14:00:00Z");
        await ActAsync(2, "undone", "2026-11-17 14:00:20Z");

        var named = await _world.PartAsync(_world.Analyst, new("week"), "sensing.report.triage");
        var other = await _world.PartAsync(_world.Modules.Person("Ben", Role.Analyst), new("week"), "sensing.report.triage");

        Assert.Equal((1, 1), named.Of("sensing.report.groups.opened"));
        Assert.Equal((1, 0), named.Of("sensing.report.groups.closed"));
        Assert.Equal((1, 0), named.Of("sensing.report.groups.escalated"));
        Assert.Equal((0, 0), other.Of("sensing.report.groups.escalated"));
        Assert.Equal(["sensing.verdict.benign | 1 | 0"], named.Rows("sensing.report.verdicts"));
        Assert.Equal([0, 1, 0], named.Curve("sensing.report.groups.plot"));
    }

    [Fact]
    public async Task Alerts_closed_by_a_rule_are_told_with_the_rule()
    {
        await _world.WriteAsync(
            $"""
            insert into sensing.auto_close_rules (id, gid, sid, reason, created_at, expires_at, author_id, author_name) values ('{Id(9)}', 1, 100, 'The ministry''s own scanner', '2026-11-01Z', '2026-12-01Z', gen_random_uuid(), 'Ana');
            update sensing.alert_groups set closed_by_rule = '{Id(9)}' where sid = 100
            """);

        var part = await _world.PartAsync(_world.Analyst, new("week"), "sensing.report.alerts");

        Assert.Equal((36, 10), part.Of("sensing.report.alerts.by-rule"));
        Assert.Equal(["The ministry's own scanner | 36 | 10"], part.Rows("sensing.report.rules"));
    }

    [Fact]
    public async Task Sensor_that_sent_nothing_for_hours_is_named_with_them()
    {
        await _world.WriteAsync("insert into sensing.hourly (hour, sensor_id, type, severity, records, bytes) select h, 1, t, 0, 10, 100 from generate_series('2026-11-17 00:00Z'::timestamptz, '2026-11-17 19:00Z', interval '1 hour') h, unnest(array['alert', 'flow']) t");

        var part = await _world.PartAsync(_world.Analyst, new("day", "2026-11-17"), "sensing.report.sensors");

        Assert.Equal((400, 0), part.Of("sensing.report.records"));
        Assert.Equal(4, part.Of("sensing.report.silent-hours").Now);
        Assert.Equal(["=east | 400 | 200 | 4 | "], part.Rows("sensing.report.sensors.table"));
    }

    [Fact]
    public async Task File_is_no_formula_and_says_what_it_is()
    {
        var report = await _world.ReadAsync(_world.Analyst, new("week", Sections: ["sensing.report.alerts"]));
        var csv = Encoding.UTF8.GetString(ReportFile.Csv(report, ReportWorld.Texts));

        Assert.Contains("report,fact,marking,", csv, StringComparison.Ordinal);
        Assert.Contains(",TLP:RED,", csv, StringComparison.Ordinal);
        Assert.Contains($",'{Formula},", csv, StringComparison.Ordinal);
        Assert.All(Appliance.Kernel.Csv.CsvReader.Read(csv.TrimStart('\uFEFF'), ','), row => Assert.All(row.Cells, cell => Assert.False(cell.Length > 0 && "=+-@\t".Contains(cell[0]), cell)));

        var json = Encoding.UTF8.GetString(ReportFile.Json(report, ReportWorld.Texts));
        Assert.DoesNotContain("<script", json, StringComparison.Ordinal);
        Assert.Contains("\"marking\": \"TLP:RED\"", json, StringComparison.Ordinal);
    }

    private Task GroupAsync(int number, int sid, int severity, string signature, string source, string firstAndLast, string marking) => _world.WriteAsync(
        $"""
        insert into sensing.alert_groups (id, gid, sid, rev, signature, category, src, dst, severity, count, first_seen, last_seen, first_received, last_received, sensor_id, base_score, score, reasons, tlp, pap, exercise, named)
        values ('{Id(number)}', 1, {sid}, 1, '{signature.Replace("'", "''", StringComparison.Ordinal)}', '', '{source}', '192.0.2.1', {severity}, 1, {firstAndLast}, {firstAndLast.Replace("11-16", "11-18", StringComparison.Ordinal)}, 1, 10, 10, '{"{}"}', {marking})
        """);

    private Task HoursAsync(int number, params (string Hour, int Alerts)[] hours) =>
        _world.WriteAsync($"insert into sensing.group_hours (group_id, hour, alerts) values {string.Join(", ", hours.Select(h => $"('{Id(number)}', '{h.Hour}', {h.Alerts})"))}");

    private Task AlertsAsync(int number, params string[] times) => _world.WriteAsync(
        $"insert into sensing.alerts (id, group_id, received_at, seen_at, sensor_id, gid, sid, severity, raw) select nextval('sensing.record_ids'), '{Id(number)}', t, t, 1, 1, 100, 1, '{"{}"}' from unnest(array[{string.Join(", ", times.Select(t => $"'{t}'::timestamptz"))}]) t");

    private Task ActAsync(int number, string action, string at) =>
        _world.WriteAsync($"insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action) values (gen_random_uuid(), '{Id(number)}', gen_random_uuid(), '{at}', gen_random_uuid(), 'Ana', '{action}')");

    private static Guid Id(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
}
