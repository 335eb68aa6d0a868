using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Health;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;

namespace Appliance.Kernel.Reporting;

/// <summary>What the appliance says of itself in a report: its mail, and its own health. Numbers that a reader may not see elsewhere are left out here too.</summary>
internal sealed class KernelReport(Database database, HealthBoard board) : IReportParts
{
    private const string Mail = "kernel.report.mail";
    private const string Machine = "kernel.report.machine";

    private const string CountIn =
        $"""
        with seen as materialized (
            select m.kind, m.state, width_bucket(m.received_at, @Steps) as step, m.received_at >= @From as is_now, m.tlp, m.pap
            from kernel.mail_in m
            where (m.received_at >= @From and m.received_at < @To or m.received_at >= @BeforeFrom and m.received_at < @BeforeTo) and not m.exercise and {Visible.Rows}
        )
        select 'in' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select 'bounces', null, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen where kind = 'bounce'
        union all
        select 'quarantined', null, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen where state = 'quarantined'
        union all
        select 'in', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    private const string CountOut =
        $"""
        with seen as materialized (
            select m.id, width_bucket(m.created_at, @Steps) as step, m.created_at >= @From as is_now, m.tlp, m.pap
            from kernel.mail_out m
            where (m.created_at >= @From and m.created_at < @To or m.created_at >= @BeforeFrom and m.created_at < @BeforeTo) and not m.exercise and {Visible.Rows}
        )
        select 'out' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select case when r.state in ('failed', 'unknown') then 'failed' else r.state end, null, null, 0, (count(*) filter (where s.is_now))::float8, (count(*) filter (where not s.is_now))::float8, null, null
        from seen s join kernel.mail_recipients r on r.mail_id = s.id group by 1
        union all
        select 'out', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    private const string CountRuns =
        """
        select 'failed' as kind, r.job as name, null as other, 0 as step, (count(*) filter (where r.started_at >= @From))::float8 as now, (count(*) filter (where r.started_at < @From))::float8 as before
        from jobs.runs r
        where (r.started_at >= @From and r.started_at < @To or r.started_at >= @BeforeFrom and r.started_at < @BeforeTo) and r.state in ('failed', 'interrupted')
        group by r.job
        """;

    private const string CountLogIns =
        """
        select e.action as kind, null as name, null as other, 0 as step, (count(*) filter (where e.at >= @From))::float8 as now, (count(*) filter (where e.at < @From))::float8 as before
        from audit.entries e
        where (e.at >= @From and e.at < @To or e.at >= @BeforeFrom and e.at < @BeforeTo) and e.action in ('kernel.session.opened', 'kernel.account.locked-by-tries')
        group by e.action
        """;

    private const string CountParked = "select count(*) from kernel.outbox_deliveries where state = 'parked'";

    private const string CountBackups =
        """
        select 'backups' as kind, null as name, null as other, 0 as step, (count(*) filter (where made_at >= @From and made_at < @To))::float8 as now, (count(*) filter (where made_at >= @BeforeFrom and made_at < @BeforeTo))::float8 as before
        from kernel.backups
        union all
        select 'last', null, null, 0, extract(epoch from max(made_at))::float8, null from kernel.backups where made_at < @To
        union all
        select 'checked', null, null, 0, extract(epoch from max(at))::float8, null from kernel.backup_checks where whole and at < @To
        """;

    public IReadOnlyList<ReportSection> Sections { get; } = [new(Mail, KernelPermissions.ReadMail), new(Machine, KernelPermissions.ReadHealth)];

    public Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel) => section switch
    {
        Mail => MailAsync(viewer, period, cancel),
        Machine => MachineAsync(viewer, period, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, "not a section of the kernel"),
    };

    private async Task<ReportPart> MailAsync(Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var parameters = ReportCounts.Over(viewer, period);
        var taken = await database.QueryAsync<ReportCount>(CountIn, parameters, cancel);
        var sent = await database.QueryAsync<ReportCount>(CountOut, parameters, cancel);
        return new(
            [
                taken.Number("in", "kernel.report.mail.in"),
                taken.Number("bounces", "kernel.report.mail.bounces"),
                taken.Number("quarantined", "kernel.report.mail.quarantined"),
                sent.Number("out", "kernel.report.mail.out"),
                sent.Number("sent", "kernel.report.mail.sent"),
                sent.Number("failed", "kernel.report.mail.failed"),
            ],
            [],
            [new("kernel.report.mail.plot", ReportUnit.Count, [taken.Line(period, "in", "kernel.report.mail.in", "a"), sent.Line(period, "out", "kernel.report.mail.out", "c")])],
            taken.Concat(sent).Highest());
    }

    private async Task<ReportPart> MachineAsync(Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var (numbers, tables, parameters) = (new List<ReportNumber>(), new List<ReportTable>(), ReportCounts.Over(viewer, period));
        if (viewer.May(KernelPermissions.ReadAudit))
        {
            var logIns = await database.QueryAsync<ReportCount>(CountLogIns, parameters, cancel);
            numbers.Add(logIns.Number("kernel.session.opened", "kernel.report.log-ins"));
            numbers.Add(logIns.Number("kernel.account.locked-by-tries", "kernel.report.lock-outs"));
        }
        if (viewer.May(KernelPermissions.ReadJobs))
        {
            var runs = await database.QueryAsync<ReportCount>(CountRuns, parameters, cancel);
            numbers.Add(runs.Number("failed", "kernel.report.jobs-failed"));
            tables.Add(runs.Table("failed", "kernel.report.jobs", "kernel.report.job"));
        }
        if (viewer.May(KernelPermissions.ManageOutbox))
            numbers.Add(new("kernel.report.parked", await database.FindAsync<long>(CountParked, null, cancel), null));
        var backups = await database.QueryAsync<ReportCount>(CountBackups, parameters, cancel);
        numbers.Add(backups.Number("backups", "kernel.report.backups"));
        numbers.Add(new("kernel.report.last-backup", backups.FirstOrDefault(b => b.Kind == "last")?.Now, null, ReportUnit.Moment));
        numbers.Add(new("kernel.report.last-check", backups.FirstOrDefault(b => b.Kind == "checked")?.Now, null, ReportUnit.Moment));
        var health = await board.ReadAsync(cancel);
        numbers.Add(new("kernel.report.checks", health.Lines.Count(l => l.Reading.State != HealthState.Good), null));
        return new(numbers, tables, [], Marking.Default);
    }
}
