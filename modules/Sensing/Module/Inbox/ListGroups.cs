using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Dapper;

namespace Appliance.Sensing.Inbox;

/// <summary>Asks for one page of a view.</summary>
internal sealed record ListGroupsRequest(InboxFilter Filter, string? After = null, int Size = 50);

/// <summary>One page of alert groups, the most urgent first, read by key.</summary>
internal sealed class ListGroups(Database database, TimeProvider time) : Query<ListGroupsRequest, Page<InboxRow>>
{
    private const int CountCap = 1000;

    private const string List =
        $"""
        select {InboxRow.Columns}
        from sensing.alert_groups m
        where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
          and (@cursor_id::uuid is null or (m.score, m.last_received, m.id) < (@cursor_score, @cursor_at, @cursor_id))
        order by m.score desc, m.last_received desc, m.id desc
        limit @limit
        """;

    private const string Count =
        $"""
        select count(*) from (
            select 1 from sensing.alert_groups m
            where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
            limit @cap + 1) capped
        """;

    private const string Hours =
        """
        select group_id as id, hour, alerts
        from sensing.group_hours
        where group_id = any(@ids) and hour > @since
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<Page<InboxRow>>> HandleAsync(Viewer viewer, ListGroupsRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var size = Math.Clamp(request.Size, 1, 200);
        var mark = $"{request.Filter.View}|{request.Filter.WindowHours}|{request.Filter.Query}";
        var cursor = InboxCursor.Read(request.After, mark);
        var outcome = request.Filter.Parameters(viewer, now, new
        {
            limit = size + 1,
            cap = CountCap,
            cursor_id = cursor?.Id,
            cursor_score = cursor?.Score,
            cursor_at = cursor?.At.UtcDateTime,
        });
        if (!outcome.TryGet(out var parameters))
            return Outcome<Page<InboxRow>>.Refused(outcome.Refusals);
        await using var connection = await database.OpenAsync(cancel);
        var rows = (await connection.QueryAsync<InboxRow>(new CommandDefinition(List, parameters, commandTimeout: 10, cancellationToken: cancel))).AsList();
        var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition(Count, parameters, commandTimeout: 10, cancellationToken: cancel));
        var more = rows.Count > size;
        if (more)
            rows.RemoveAt(size);
        await SparkAsync(rows, now, cancel);
        await AssetNames.FillAsync(database, rows, cancel);
        return new Page<InboxRow>(rows, more ? InboxCursor.Write(rows[^1], mark) : null, Math.Min(total, CountCap), total > CountCap);
    }

    private async Task SparkAsync(List<InboxRow> rows, DateTimeOffset now, CancellationToken cancel)
    {
        var newest = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var oldest = newest.AddHours(-23);
        var hours = await database.QueryAsync<HourRow>(Hours, new { ids = rows.Select(r => r.Id).ToArray(), since = oldest.AddHours(-1) }, cancel);
        var byGroup = hours.ToLookup(h => h.Id);
        foreach (var row in rows)
        {
            var buckets = new long[24];
            foreach (var hour in byGroup[row.Id])
            {
                var bucket = (int)(hour.Hour - oldest).TotalHours;
                if (bucket is >= 0 and < 24)
                    buckets[bucket] = hour.Alerts;
            }
            row.Hours = buckets;
        }
    }

    private sealed class HourRow
    {
        public Guid Id { get; init; }
        public DateTimeOffset Hour { get; init; }
        public long Alerts { get; init; }
    }
}
