using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Inbox;
using Dapper;

namespace Appliance.Sensing.Alerts;

/// <summary>Asks for one group and one of its alerts, the newest by default.</summary>
internal sealed record ShowGroupRequest(Guid Id, long? Alert = null);

/// <summary>A group with everything its page shows.</summary>
internal sealed record GroupPage(
    InboxRow Group, string Sensor, AlertRecord? Alert, IReadOnlyList<AlertLine> Alerts, IReadOnlyList<HistoryLine> History, RelatedCounts Related, RuleLine? Rule);

/// <summary>One alert with its raw record.</summary>
internal sealed class AlertRecord
{
    public long Id { get; init; }
    public DateTimeOffset SeenAt { get; init; }
    public DateTimeOffset ReceivedAt { get; init; }
    public long? FlowId { get; init; }
    public string Raw { get; init; } = "";
}

/// <summary>One alert in the list of its group.</summary>
internal sealed class AlertLine
{
    public long Id { get; init; }
    public DateTimeOffset SeenAt { get; init; }
    public int? SrcPort { get; init; }
    public int? DstPort { get; init; }
    public string? Name { get; init; }
}

/// <summary>One line of the history.</summary>
public sealed class HistoryLine
{
    public DateTimeOffset At { get; init; }
    public string ActorName { get; init; } = "";
    public string Action { get; init; } = "";
    public string Note { get; init; } = "";
}

/// <summary>How much else there is, over thirty days, capped.</summary>
internal sealed class RelatedCounts
{
    public long SameSignature { get; init; }
    public long SameSource { get; init; }
    public long SameDestination { get; init; }
    public long Flow { get; init; }
    public long Rejects { get; init; }
}

/// <summary>The rule that alerted, as loaded.</summary>
public sealed class RuleLine
{
    public string Text { get; init; } = "";
    public string File { get; init; } = "";
    public int Line { get; init; }
    public string Source { get; init; } = "";
}

/// <summary>The page of one alert group.</summary>
internal sealed class ShowGroup(Database database, TimeProvider time) : Query<ShowGroupRequest, GroupPage>
{
    private const string Group =
        $"""
        select {InboxRow.Columns}
        from sensing.alert_groups m
        where m.id = @id and {Visible.RowsOfConstituents}
        """;

    private const string One =
        $"""
        select m.id, m.seen_at, m.received_at, m.flow_id, m.raw::text as raw
        from sensing.alerts m
        where m.group_id = @id and (@alert::bigint is null or m.id = @alert) and {Visible.Rows}
        order by m.id desc
        limit 1
        """;

    private const string Alerts =
        $"""
        select m.id, m.seen_at, m.src_port, m.dst_port, m.name
        from sensing.alerts m
        where m.group_id = @id and {Visible.Rows}
        order by m.id desc
        limit 100
        """;

    private const string History =
        "select at, actor_name, action, note from sensing.group_history where group_id = @id order by at desc limit 200";

    private const string Related =
        $"""
        select
            (select count(*) from (select 1 from sensing.alert_groups m where m.sid = @sid and m.id <> @id and m.last_received >= @since and {Visible.RowsOfConstituents} limit 1000) c) as same_signature,
            (select count(*) from (select 1 from sensing.alert_groups m where m.src = @src::inet and m.id <> @id and m.last_received >= @since and {Visible.RowsOfConstituents} limit 1000) c) as same_source,
            (select count(*) from (select 1 from sensing.alert_groups m where m.dst = @dst::inet and m.id <> @id and m.last_received >= @since and {Visible.RowsOfConstituents} limit 1000) c) as same_destination,
            (select count(*) from (select 1 from sensing.events m where m.flow_id = @flow and {Visible.Rows} limit 1000) c) as flow,
            (select count(*) from (select 1 from sensing.rejects m where m.record_id = @record and {Visible.Rows} limit 10) c) as rejects
        """;

    private const string Rule =
        """
        select r.text, r.file, r.line, s.name as source
        from sensing.rules r
        join sensing.rule_sources s on s.id = r.source_id
        where r.sid = @sid and r.gid = @gid
        order by s.enabled desc
        limit 1
        """;

    private const string Sensor = "select name from sensing.sensors where id = @sensor";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<GroupPage>> HandleAsync(Viewer viewer, ShowGroupRequest request, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        var group = await connection.QueryFirstOrDefaultAsync<InboxRow>(Command(Group, new { id = request.Id }));
        if (group is null)
            return Refuse.NotFound("sensing.refused.no-group");
        await AssetNames.FillAsync(database, [group], cancel);
        var alert = await connection.QueryFirstOrDefaultAsync<AlertRecord>(Command(One, new { id = request.Id, alert = request.Alert }));
        var alerts = (await connection.QueryAsync<AlertLine>(Command(Alerts, new { id = request.Id }))).AsList();
        var history = (await connection.QueryAsync<HistoryLine>(Command(History, new { id = request.Id }))).AsList();
        var related = await connection.QueryFirstAsync<RelatedCounts>(Command(Related, new
        {
            id = request.Id,
            sid = group.Sid,
            src = group.Src?.ToString(),
            dst = group.Dst?.ToString(),
            flow = alert?.FlowId,
            record = alert?.Id,
            since = time.GetUtcNow().AddDays(-30),
        }));
        var rule = await connection.QueryFirstOrDefaultAsync<RuleLine>(Command(Rule, new { sid = group.Sid, gid = group.Gid }));
        var sensor = await connection.QueryFirstOrDefaultAsync<string>(Command(Sensor, new { sensor = group.SensorId }));
        return new GroupPage(group, sensor ?? "", alert, alerts, history, related, rule);

        CommandDefinition Command(string sql, object own) => new(sql, Visible.With(viewer, own), commandTimeout: 5, cancellationToken: cancel);
    }
}
