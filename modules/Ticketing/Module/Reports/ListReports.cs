using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Reports;

/// <summary>Which reports to list.</summary>
/// <param name="State">new, attached or rejected.</param>
/// <param name="Words">In subject, sender and text, in any of the six languages; a trace finds the reports that name it.</param>
/// <param name="After">Key of the previous page's end.</param>
/// <param name="Limit">1 to 200.</param>
internal sealed record ReportsWanted(string State = "new", string Words = "", string? After = null, int Limit = 50);

/// <summary>A line of the reports.</summary>
internal sealed record ReportLine(
    Guid Id, DateTimeOffset ReceivedAt, string Source, string State, string Sender, string SenderName, string Subject, bool Unreadable, IReadOnlyList<string> Constituents, string? Incident, Marking Marking)
{
    /// <summary>For a new one: the open incident it most likely belongs to.</summary>
    public Suggestion? Suggested { get; init; }
}

/// <summary>Lists reports, newest first.</summary>
internal sealed class ListReports(Database database) : Query<ReportsWanted, Page<ReportLine>>
{
    /// <summary>One text for the list and for acts on all that match.</summary>
    internal const string Filter =
        $"""
        {Visible.RowsOfConstituents}
          and m.state = @State
          and (@Words = '' or m.id in (
            select m.id from ticketing.reports m where m.grams @@ ticketing.asked(@Words) and {Visible.RowsOfConstituents}
            union
            select o.report_id from ticketing.report_observables o where o.value = lower(@Words)))
        """;

    private const string Select =
        $"""
        select m.id, m.received_at, m.source, m.state, m.sender, m.sender_name, m.subject, m.unreadable, m.constituent_names, i.number as incident, m.tlp, m.pap, m.exercise, m.named
        from ticketing.reports m
        left join ticketing.incidents i on i.id = m.incident_id
        where {Filter}
          and (@At::timestamptz is null or (m.received_at, m.id) < (@At, @LastId))
        order by m.received_at desc, m.id desc
        limit @Limit
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<Page<ReportLine>>> HandleAsync(Viewer viewer, ReportsWanted request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 200);
        var key = ReportKey.Read(request.After);
        var rows = await database.QueryAsync<ReportRow>(Select, Visible.With(viewer, new { request.State, Words = (request.Words ?? "").Trim(), key?.At, LastId = key?.Id ?? Guid.Empty, Limit = limit + 1 }), cancel);
        var shown = rows.Take(limit).ToList();
        var suggested = await SuggestIncidents.ForAsync(database, viewer, [.. shown.Where(r => r.State == "new").Select(r => r.Id)], cancel);
        return new Page<ReportLine>(
            [.. shown.Select(r => new ReportLine(r.Id, r.ReceivedAt, r.Source, r.State, r.Sender, r.SenderName, r.Subject, r.Unreadable, r.ConstituentNames, r.Incident, r.Marking()) { Suggested = suggested[r.Id].FirstOrDefault() })],
            rows.Count > limit ? new ReportKey(shown[^1].ReceivedAt, shown[^1].Id).ToString() : null);
    }

    /// <summary>Where a page ends.</summary>
    private sealed record ReportKey(DateTimeOffset At, Guid Id)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks:x}-{Id:N}");

        public static ReportKey? Read(string? text) =>
            text?.Split('-') is [var ticks, var id] && long.TryParse(ticks, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var at) && at >= 0 && at <= DateTime.MaxValue.Ticks && Guid.TryParse(id, out var guid)
                ? new(new(at, TimeSpan.Zero), guid)
                : null;
    }
}
