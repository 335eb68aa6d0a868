using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Reporting;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Reporting;

/// <summary>What the sensors sent, and the hours in which one of them sent nothing. By whole hours of arrival, from the roll-up that is kept for ever.</summary>
internal static class SensorCounts
{
    private const string Sql =
        """
        with counted as (
            select h.sensor_id, h.hour, h.hour >= @From as is_now, sum(h.records)::float8 as records, sum(h.records) filter (where h.type = 'alert') as alerts
            from sensing.hourly h
            where h.hour >= @From and h.hour < @To or h.hour >= @BeforeFrom and h.hour < @BeforeTo
            group by 1, 2, 3
        )
        select 'records' as kind, s.name, null as other, 0 as step, coalesce(sum(c.records) filter (where c.is_now), 0) as now, coalesce(sum(c.records) filter (where not c.is_now), 0) as before, null::smallint as tlp, null::smallint as pap
        from sensing.sensors s left join counted c on c.sensor_id = s.id group by s.name
        union all
        select 'alerts', s.name, null, 0, coalesce(sum(c.alerts) filter (where c.is_now), 0)::float8, coalesce(sum(c.alerts) filter (where not c.is_now), 0)::float8, null, null
        from sensing.sensors s left join counted c on c.sensor_id = s.id group by s.name
        union all
        select 'silent', s.name, null, 0, count(*)::float8, 0, null, null
        from sensing.sensors s
        cross join generate_series(date_trunc('hour', greatest(@From, s.first_seen_at) + interval '1 hour - 1 microsecond', 'UTC'), @To::timestamptz - interval '1 hour', interval '1 hour') as t (hour)
        where s.present and not exists (select 1 from counted c where c.sensor_id = s.id and c.hour = t.hour)
        group by s.name
        union all
        select 'step', null, null, width_bucket(c.hour, @Steps), sum(c.records), 0, null, null from counted c where c.is_now group by 4
        """;

    public static async Task<ReportPart> ReadAsync(Database database, SensorStates states, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<ReportCount>(Sql, ReportCounts.Over(viewer, period), cancel);
        var sensors = await states.ReadAsync(database, cancel);
        double Of(string kind, string sensor) => rows.FirstOrDefault(r => r.Kind == kind && r.Name == sensor)?.Now ?? 0;
        return new(
            [
                rows.Number("records", "sensing.report.records"),
                rows.Number("alerts", "sensing.report.alerts.all"),
                new("sensing.report.silent-hours", rows.Where(r => r.Kind == "silent").Sum(r => r.Now ?? 0), null),
            ],
            [
                new("sensing.report.sensors.table", ["sensing.report.sensor", "sensing.report.records", "sensing.report.alerts.all", "sensing.report.silent-hours", "sensing.report.lost"],
                [
                    .. sensors.Where(s => s.Present || Of("records", s.Name) > 0)
                        .OrderByDescending(s => Of("silent", s.Name)).ThenByDescending(s => Of("records", s.Name)).ThenBy(s => s.Name, StringComparer.Ordinal)
                        .Take(ReportPart.MostRows)
                        .Select(s => (IReadOnlyList<ReportCell>)[ReportCell.Of(s.Name), ReportCell.Of(Of("records", s.Name)), ReportCell.Of(Of("alerts", s.Name)), ReportCell.Of(Of("silent", s.Name)), ReportCell.Of(s.HeartbeatAt is null ? null : (double)s.Heartbeat.Lost)]),
                ]),
            ],
            [new("sensing.report.records.plot", ReportUnit.Count, [rows.Line(period, "step", "sensing.report.records", "a")])],
            Marking.Default);
    }
}
