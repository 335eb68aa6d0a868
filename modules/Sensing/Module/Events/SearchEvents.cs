using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;
using Appliance.Sensing.Inbox;
using Dapper;
using Npgsql;

namespace Appliance.Sensing.Events;

/// <summary>Asks for records, newest arrival first.</summary>
/// <param name="Query">The query bar.</param>
/// <param name="WindowHours">How far back.</param>
/// <param name="After">Behind this row, or where a partial answer ended.</param>
/// <param name="Size">Rows.</param>
/// <param name="Seconds">When the time is over; files get more than pages.</param>
internal sealed record SearchEventsRequest(string? Query = null, int WindowHours = 24, string? After = null, int Size = 50, int Seconds = 3);

/// <summary>One record as the list shows it.</summary>
internal sealed class EventRow
{
    public long Id { get; init; }
    public DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset SeenAt { get; init; }
    public string Type { get; init; } = "";
    public IPAddress? Src { get; init; }
    public int? SrcPort { get; init; }
    public IPAddress? Dst { get; init; }
    public int? DstPort { get; init; }
    public string? Proto { get; init; }
    public string? AppProto { get; init; }
    public string? Name { get; init; }
    public long? FlowId { get; init; }
    public Guid? GroupId { get; init; }
    public string? Replay { get; init; }
    public bool Exercise { get; init; }

    /// <summary>Names the record in an address: time of arrival finds the hour, id the row.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{ReceivedAt.UtcTicks}-{Id}");
}

/// <summary>A page of records.</summary>
/// <param name="Rows">The page.</param>
/// <param name="Partial">True when the time ran out: only arrivals since <paramref name="SearchedFrom"/> were looked at.</param>
/// <param name="SearchedFrom">How far back the search came.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Onward">Where to go on from, when it is partial.</param>
internal sealed record EventsFound(Page<EventRow> Rows, bool Partial, DateTimeOffset SearchedFrom, long Milliseconds, string? Onward);

/// <summary>
/// Searches alerts and records backwards in stretches, until the page is full or three seconds are over: an honest partial answer, from which one can go on, instead of a long wait.
/// </summary>
internal sealed class SearchEvents(Database database, TimeProvider time) : Query<SearchEventsRequest, EventsFound>
{
    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_quick = TimeSpan.FromMilliseconds(400);

    private const string Condition =
        $"""
        m.received_at >= @from and m.received_at < @to
        and (@cursor_id::bigint is null or (m.received_at, m.id) < (@cursor_at, @cursor_id))
        and {FilterSql.Common}
        and {FilterSql.OfRecords}
        """;

    private const string OfAlerts =
        """
        (@sid::bigint is null or m.sid = @sid) and (@sids::int8multirange is null or m.sid <@ @sids::int8multirange) and (@not_sids::int8multirange is null or not m.sid <@ @not_sids::int8multirange)
        and (@severity::int8multirange is null or m.severity::bigint <@ @severity::int8multirange) and (@not_severity::int8multirange is null or not m.severity::bigint <@ @not_severity::int8multirange)
        """;

    private const string Sql =
        $"""
        (select m.id, m.received_at, m.seen_at, m.type, m.src, m.src_port, m.dst, m.dst_port, m.proto, m.app_proto, m.name, m.flow_id, null::uuid as group_id, m.replay, m.exercise
         from sensing.events m
         where (@types::text[] is null or m.type = any(@types::text[])) and (@not_types::text[] is null or m.type <> all(@not_types::text[])) and @sids::int8multirange is null and @severity::int8multirange is null and {Visible.Rows} and {Condition}
         order by m.received_at desc, m.id desc
         limit @limit)
        union all
        (select m.id, m.received_at, m.seen_at, 'alert' as type, m.src, m.src_port, m.dst, m.dst_port, m.proto, m.app_proto, m.name, m.flow_id, m.group_id, m.replay, m.exercise
         from sensing.alerts m
         where (@types::text[] is null or 'alert' = any(@types::text[])) and (@not_types::text[] is null or 'alert' <> all(@not_types::text[])) and {OfAlerts} and {Visible.Rows} and {Condition}
         order by m.received_at desc, m.id desc
         limit @limit)
        order by received_at desc, id desc
        limit @limit
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<EventsFound>> HandleAsync(Viewer viewer, SearchEventsRequest request, CancellationToken cancel)
    {
        var parsed = FilterTerms.Parse(request.Query);
        if (!parsed.TryGet(out var terms))
            return Outcome<EventsFound>.Refused(parsed.Refusals);
        var started = time.GetTimestamp();
        var now = time.GetUtcNow();
        var oldest = now.AddHours(-Math.Clamp(request.WindowHours, 1, InboxFilter.LongestWindowHours));
        var size = Math.Clamp(request.Size, 1, 200);
        var cursor = ReadCursor(request.After);
        var rows = new List<EventRow>();
        var budget = TimeSpan.FromSeconds(Math.Clamp(request.Seconds, 1, 60));
        // A short stretch first, so that even a busy minute gives an answer; a quick one is followed by one twice as long, so that a year takes some twenty steps.
        var (to, step, partial) = (cursor is { } c ? c.At.AddTicks(10) : terms.Before ?? now.AddMinutes(1), s_first, false);
        var from = to;
        while (rows.Count <= size && from > oldest)
        {
            var left = budget - time.GetElapsedTime(started);
            var since = time.GetTimestamp();
            if (left <= TimeSpan.Zero)
            {
                partial = true;
                break;
            }
            from = to - step < oldest ? oldest : to - step;
            try
            {
                rows.AddRange(await StretchAsync(viewer, terms, from, to, cursor, size + 1 - rows.Count, left, cancel));
            }
            catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.QueryCanceled)
            {
                (partial, from) = (true, to);
                break;
            }
            (to, step) = (from, time.GetElapsedTime(since) < s_quick ? step * 2 : step);
        }
        var more = rows.Count > size;
        if (more)
            rows.RemoveRange(size, rows.Count - size);
        var next = more ? WriteCursor(rows[^1].ReceivedAt, rows[^1].Id) : null;
        var onward = partial && next is null ? WriteCursor(from, 0) : null;
        return new EventsFound(new Page<EventRow>(rows, next), partial, from, (long)time.GetElapsedTime(started).TotalMilliseconds, onward);
    }

    private async Task<IEnumerable<EventRow>> StretchAsync(
        Viewer viewer, FilterTerms terms, DateTimeOffset from, DateTimeOffset to, (DateTimeOffset At, long Id)? cursor, int limit, TimeSpan left, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "select set_config('statement_timeout', @milliseconds, true)",
            new { milliseconds = Math.Max(50, (int)left.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) },
            transaction,
            cancellationToken: cancel));
        var parameters = Visible.With(viewer, new
        {
            from,
            to,
            limit,
            cursor_id = cursor?.Id,
            cursor_at = cursor?.At.UtcDateTime,
        });
        terms.AddTo(parameters);
        return await connection.QueryAsync<EventRow>(new CommandDefinition(Sql, parameters, transaction, cancellationToken: cancel));
    }

    private static string WriteCursor(DateTimeOffset at, long id) =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks}-{id}")));

    private static (DateTimeOffset At, long Id)? ReadCursor(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 100 || !Base64Url.IsValid(text))
            return null;
        return EventKey.TryParse(Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)), out var at, out var id) ? (at, id) : null;
    }
}

/// <summary>Reads <see cref="EventRow.Key"/>.</summary>
internal static class EventKey
{
    public static bool TryParse(string? text, out DateTimeOffset at, out long id)
    {
        (at, id) = (default, 0);
        var parts = (text ?? "").Split('-');
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTime.MaxValue.Ticks
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out id))
            return false;
        at = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }
}

/// <summary>Asks for one record by its key.</summary>
internal sealed record ShowEventRequest(string Key);

/// <summary>One record, whole.</summary>
internal sealed class EventDetail
{
    public long Id { get; init; }
    public string Type { get; init; } = "";
    public string Raw { get; init; } = "";
    public Guid? GroupId { get; init; }
}

/// <summary>The raw record behind a row of the list.</summary>
internal sealed class ShowEvent(Database database) : Query<ShowEventRequest, EventDetail>
{
    private const string Sql =
        $"""
        select m.id, m.type, m.raw::text as raw, null::uuid as group_id from sensing.events m where m.received_at = @at and m.id = @id and {Visible.Rows}
        union all
        select m.id, 'alert', m.raw::text, m.group_id from sensing.alerts m where m.id = @id and {Visible.Rows}
        limit 1
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<EventDetail>> HandleAsync(Viewer viewer, ShowEventRequest request, CancellationToken cancel)
    {
        if (!EventKey.TryParse(request.Key, out var at, out var id))
            return Refuse.NotFound("sensing.refused.no-event");
        var row = await database.FindAsync<EventDetail>(Sql, Visible.With(viewer, new { at, id }), cancel);
        return row is null ? Refuse.NotFound("sensing.refused.no-event") : row;
    }
}
