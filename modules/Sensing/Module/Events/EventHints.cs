using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;
using Dapper;

namespace Appliance.Sensing.Events;

/// <summary>What the bar of the records offers, counted in the newest records and alerts.</summary>
internal sealed class EventHints(Database database, TimeProvider time) : QueryHints(database, time)
{
    // Alerts are numbered in their order of arrival, records are indexed by it: both are read from the end.
    private const string Rows =
        $"""
        with looked as materialized (
            (select m.type, m.src, m.dst, m.src_port, m.dst_port, m.proto, m.app_proto, m.name, m.sensor_id, null::bigint as sid, null::smallint as severity, null::text as signature, m.exercise, m.replay
             from sensing.events m where {Visible.Rows} and m.received_at >= @since order by m.received_at desc, m.id desc limit @rows / 2)
            union all
            (select 'alert', m.src, m.dst, m.src_port, m.dst_port, m.proto, m.app_proto, m.name, m.sensor_id, m.sid, m.severity, m.raw -> 'alert' ->> 'signature', m.exercise, m.replay
             from sensing.alerts m where {Visible.Rows} and m.received_at >= @since order by m.id desc limit @rows / 2)), found as (

        """;

    private const string Src = $"{Rows} select host(src) as value, null::text as about, count(*) as count from looked where src is not null group by src) {HintSql.Best}";
    private const string Dst = $"{Rows} select host(dst) as value, null::text as about, count(*) as count from looked where dst is not null group by dst) {HintSql.Best}";

    private const string Ip =
        $"""
        {Rows}
            select host(s.address) as value, null::text as about, count(*) as count
            from looked l cross join lateral (select l.src as address union select l.dst) s where s.address is not null group by s.address)
        {HintSql.Best}
        """;

    private const string Port = Rows + HintSql.Port;
    private const string Proto = Rows + HintSql.Proto;
    private const string Type = $"""{Rows} select type as value, null::text as about, count(*) as count from looked where type not like '%"%' group by type) {HintSql.Best}""";
    private const string Name = Rows + HintSql.Name;
    private const string Sid = $"{Rows} select sid::text as value, max(signature) as about, count(*) as count from looked where sid is not null group by sid) {HintSql.Best}";
    private const string Severity = $"{Rows} select severity::text as value, null::text as about, count(*) as count from looked where severity is not null group by severity) {HintSql.Best}";

    private const string Sensor = Rows + HintSql.Sensor;

    private const string Is =
        $"""
        {Rows}
            select t.trait as value, null::text as about, count(*) as count
            from looked l cross join lateral (values ('exercise', l.exercise), ('replay', l.replay is not null)) t (trait, holds) where t.holds group by t.trait)
        {HintSql.Best}
        """;

    protected override IReadOnlyList<string> Fields { get; } = ["type", "ip", "src", "dst", "port", "proto", "name", "sid", "sev", "flow", "sensor", "is", "after", "before"];

    protected override IReadOnlyList<string> Traits { get; } = ["exercise", "replay"];

    protected override string? SqlOf(string field) => field switch
    {
        "type" => Type,
        "src" => Src,
        "dst" => Dst,
        "ip" => Ip,
        "port" => Port,
        "proto" => Proto,
        "name" => Name,
        "sid" => Sid,
        "sev" => Severity,
        "sensor" => Sensor,
        "is" => Is,
        _ => null,
    };

    protected override DynamicParameters Parameters(Viewer viewer, QueryHintsRequest request, DateTimeOffset since) => Visible.With(viewer, new { since });
}
