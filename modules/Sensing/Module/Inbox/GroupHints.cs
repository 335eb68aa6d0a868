using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;
using Dapper;

namespace Appliance.Sensing.Inbox;

/// <summary>What the inbox's bar offers, counted in groups of the view, newest arrival first.</summary>
internal sealed class GroupHints(Database database, TimeProvider time) : QueryHints(database, time)
{
    // The index on (state, last_received) is read backwards: the same few thousand rows, however many there are.
    private const string Rows =
        $"""
        with looked as materialized (
            select m.* from sensing.alert_groups m
            where {Visible.RowsOfConstituents} and m.state = @state and (not @mine or m.owner_id = @viewer_id) and m.last_received >= @since
            order by m.last_received desc
            limit @rows), found as (

        """;

    private const string Src = $"{Rows} select host(src) as value, max(src_constituent_name) as about, count(*) as count from looked where src is not null group by src) {HintSql.Best}";
    private const string Dst = $"{Rows} select host(dst) as value, max(dst_constituent_name) as about, count(*) as count from looked where dst is not null group by dst) {HintSql.Best}";

    private const string Ip =
        $"""
        {Rows}
            select host(s.address) as value, max(s.owner) as about, count(*) as count
            from looked l cross join lateral (select l.src as address, l.src_constituent_name as owner union select l.dst, l.dst_constituent_name) s
            where s.address is not null group by s.address)
        {HintSql.Best}
        """;

    private const string Sid = $"{Rows} select sid::text as value, max(signature) as about, count(*) as count from looked group by sid) {HintSql.Best}";
    private const string Severity = $"{Rows} select severity::text as value, null::text as about, count(*) as count from looked group by severity) {HintSql.Best}";

    private const string Port = Rows + HintSql.Port;
    private const string Proto = Rows + HintSql.Proto;
    private const string Name = Rows + HintSql.Name;
    private const string Owner = $"""{Rows} select owner_name as value, null::text as about, count(*) as count from looked where owner_name not like '%"%' group by owner_name) {HintSql.Best}""";

    private const string Sensor = Rows + HintSql.Sensor;

    private const string Is =
        $"""
        {Rows}
            select t.trait as value, null::text as about, count(*) as count
            from looked l cross join lateral (values
                ('exercise', l.exercise), ('replay', l.replay is not null), ('ticket', l.incident_id is not null), ('owner', l.owner_id is not null), ('mine', l.owner_id = @viewer_id),
                ('constituent', cardinality(l.constituents) > 0), ('new', 'new-signature' = any(l.reasons)), ('indicator', 'watchlist' = any(l.reasons))) t (trait, holds)
            where t.holds group by t.trait)
        {HintSql.Best}
        """;

    protected override IReadOnlyList<string> Fields { get; } = [.. FilterTerms.Fields.Where(f => f is not "type")];

    protected override string? SqlOf(string field) => field switch
    {
        "src" => Src,
        "dst" => Dst,
        "ip" => Ip,
        "sid" => Sid,
        "sev" => Severity,
        "port" => Port,
        "proto" => Proto,
        "name" => Name,
        "owner" => Owner,
        "sensor" => Sensor,
        "is" => Is,
        _ => null,
    };

    protected override DynamicParameters Parameters(Viewer viewer, QueryHintsRequest request, DateTimeOffset since) => Visible.With(viewer, new
    {
        state = request.View is "snoozed" or "escalated" or "closed" ? request.View : "open",
        mine = request.View == "mine",
        since,
    });
}
