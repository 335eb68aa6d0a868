using Appliance.Contracts;
using Appliance.Kernel.Export;
using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing.Queue;

/// <summary>The incidents of a view as a file.</summary>
internal static class ExportIncidents
{
    private static readonly IReadOnlyList<ExportColumn<IncidentLine>> s_columns =
    [
        new("number", r => r.Number),
        new("title", r => r.Title),
        new("state", r => r.State),
        new("severity", r => r.Severity),
        new("type", r => Rsit.TypeOf(r.RsitType)),
        new("localType", r => Rsit.IsLocal(r.RsitType) ? r.RsitType : null),
        new("owner", r => r.Owner),
        new("constituents", r => r.Constituents),
        new("openedAt", r => r.OpenedAt),
        new("changedAt", r => r.ChangedAt),
        new("dueAt", r => r.DueAt),
        new("late", r => r.Late),
        new("confirmed", r => r.Confirmed),
        new("tlp", r => r.Marking.Label),
        new("exercise", r => r.Marking.Exercise),
    ];

    public static Task<object> CsvAsync(Viewer viewer, ListIncidents list, CancellationToken cancel, string view = "open", string q = "") => AnswerAsync("csv", viewer, list, view, q, cancel);

    public static Task<object> JsonAsync(Viewer viewer, ListIncidents list, CancellationToken cancel, string view = "open", string q = "") => AnswerAsync("json", viewer, list, view, q, cancel);

    private static Task<object> AnswerAsync(string format, Viewer viewer, ListIncidents list, string view, string q, CancellationToken cancel) =>
        ListExport.AnswerAsync("incidents", format, s_columns, (after, size, ct) => list.RunAsync(viewer, new(view, q, after, size), ct), cancel);
}
