using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Search;

namespace Appliance.Ticketing.Queue;

/// <summary>Which incidents to list.</summary>
/// <param name="View">mine, unassigned, open, overdue, snoozed or closed.</param>
/// <param name="Words">In number, title, summary, notes and mail, in any of the six languages; a trace finds the incidents that hold it.</param>
/// <param name="After">Key of the previous page's end.</param>
/// <param name="Limit">1 to 200.</param>
internal sealed record IncidentsWanted(string View = "open", string Words = "", string? After = null, int Limit = 50);

/// <summary>A line of the queue.</summary>
internal sealed record IncidentLine(
    IncidentId Id, string Number, string Title, string State, int Severity, string RsitType, string? Owner, IReadOnlyList<string> Constituents, DateTimeOffset OpenedAt, DateTimeOffset ChangedAt,
    DateTimeOffset? DueAt, bool Late, bool Confirmed, Marking Marking, DateTimeOffset? SnoozedUntil = null, bool Escalated = false);

/// <summary>Lists incidents, the most severe first, then the newest. Paged by key: what arrives meanwhile moves nothing.</summary>
internal sealed class ListIncidents(Database database, TimeProvider time) : Query<IncidentsWanted, Page<IncidentLine>>
{
    /// <summary>The view's incidents, one text for list, counts and acts on all that match.</summary>
    internal const string Filter =
        $"""
        from ticketing.incidents m
        where {Visible.RowsOfConstituents}
          and case @View
                when 'mine' then m.closed_at is null and m.owner_id = @viewer_id and (m.snoozed_until is null or m.snoozed_until <= @Now)
                when 'unassigned' then m.closed_at is null and m.owner_id is null and (m.snoozed_until is null or m.snoozed_until <= @Now)
                when 'overdue' then m.closed_at is null and m.due_at < @Now
                when 'snoozed' then m.closed_at is null and m.snoozed_until > @Now
                when 'closed' then m.closed_at is not null
                else m.closed_at is null and (m.snoozed_until is null or m.snoozed_until <= @Now)
              end
          and m.merged_into is null
        """;

    private const string Columns =
        "select m.id, m.number, m.title, m.state, m.severity, m.rsit_type, m.owner_name, m.constituent_names, m.opened_at, m.changed_at, m.due_at, m.confirmed_at, m.snoozed_until, m.escalated_at, m.tlp, m.pap, m.exercise, m.named";

    private const string After = "  and (@At::timestamptz is null or m.severity > @Severity or (m.severity = @Severity and (m.opened_at, m.id) < (@At, @LastId)))";

    private const string Paged =
        $"""
        {After}
        order by m.severity, m.opened_at desc, m.id desc
        limit @Limit
        """;

    private const string Select = $"{Columns}\n{Filter}\n{Paged}";

    private const string Search = $"{Columns}\n{Filter}\n  and {WordHits.Known}\n{Paged}";

    // The window is as long as what follows the key; only what is in it is asked for the words.
    private const string Walk =
        $"""
        {Columns}
        from (select m.* {Filter}
        {After}
        order by m.severity, m.opened_at desc, m.id desc
        limit @Window) m
        where {WordHits.HoldsWithParts}
        order by m.severity, m.opened_at desc, m.id desc
        limit @Limit
        """;

    private const string Count = $"select count(*) from (select 1 {Filter} limit 10001) counted";

    private const string CountFound = $"select count(*) from (select 1 {Filter}\n  and {WordHits.Known} limit 10001) counted";

    private const string CountWindow = $"select count(*) from (select 1 {Filter}\n{After} limit @Window) counted";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<Page<IncidentLine>>> HandleAsync(Viewer viewer, IncidentsWanted request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 200);
        var key = QueueKey.Read(request.After);
        var now = time.GetUtcNow();
        var words = (request.Words ?? "").Trim();
        var own = new { View = request.View ?? "open", Now = now, key?.Severity, key?.At, LastId = key?.Id ?? Guid.Empty, Limit = limit + 1, WordHits.Window };
        if (words.Length == 0)
        {
            var parameters = Visible.With(viewer, own);
            var rows = await database.QueryAsync<Incidents.IncidentRow>(Select, parameters, cancel);
            return PageOf(rows, limit, now, await database.FindAsync<long>(Count, parameters, cancel));
        }

        var hits = await WordHits.LookAsync(database, viewer, words, WordHits.Few, cancel);
        if (hits.AreMany)
        {
            var parameters = hits.With(viewer, words, own);
            var walked = await database.QueryAsync<Incidents.IncidentRow>(Walk, parameters, cancel);
            // Counting all that hold common words takes longer than anybody waits: there are these, or more.
            if (walked.Count > limit || await database.FindAsync<long>(CountWindow, parameters, cancel) < WordHits.Window)
                return PageOf(walked, limit, now, null, key is not null);
            hits = await WordHits.LookAsync(database, viewer, words, int.MaxValue, cancel);
        }

        var found = await database.QueryAsync<Incidents.IncidentRow>(Search, hits.With(viewer, words, own), cancel);
        return PageOf(found, limit, now, await database.FindAsync<long>(CountFound, hits.With(viewer, words, own), cancel));
    }

    /// <param name="total">Of the list; null when it was not counted.</param>
    /// <param name="later">Whether other pages came before.</param>
    private static Page<IncidentLine> PageOf(IReadOnlyList<Incidents.IncidentRow> rows, int limit, DateTimeOffset now, long? total, bool later = false)
    {
        var shown = rows.Take(limit).ToList();
        var next = rows.Count > limit ? new QueueKey(shown[^1].Severity, shown[^1].OpenedAt, shown[^1].Id).ToString() : null;
        IReadOnlyList<IncidentLine> lines = [.. shown.Select(r => Line(r, now))];
        return total is { } counted ? new(lines, next, Math.Min(counted, 10_000), counted > 10_000) : new(lines, next, lines.Count, next is not null || later);
    }

    private static IncidentLine Line(Incidents.IncidentRow row, DateTimeOffset now) => new(
        row.IncidentId, row.Number, row.Title, row.State, row.Severity, row.RsitType, row.OwnerName, row.ConstituentNames, row.OpenedAt, row.ChangedAt, row.DueAt, row.DueAt < now,
        row.ConfirmedAt is not null, row.Marking(), row.SnoozedUntil > now ? row.SnoozedUntil : null, row.EscalatedAt is not null);

    /// <summary>Where a page ends.</summary>
    private sealed record QueueKey(int Severity, DateTimeOffset At, Guid Id)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Severity}-{At.UtcTicks:x}-{Id:N}");

        public static QueueKey? Read(string? text) =>
            text?.Split('-') is [var severity, var ticks, var id] && int.TryParse(severity, CultureInfo.InvariantCulture, out var s)
            && long.TryParse(ticks, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var at) && at >= 0 && at <= DateTime.MaxValue.Ticks && Guid.TryParse(id, out var guid)
                ? new(s, new(at, TimeSpan.Zero), guid)
                : null;
    }
}
