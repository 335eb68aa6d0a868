using Appliance.Contracts;
using Appliance.Kernel.Export;

namespace Appliance.Ticketing.Reports;

/// <summary>The reports of a state as a file.</summary>
internal static class ExportReports
{
    private static readonly IReadOnlyList<ExportColumn<ReportLine>> s_columns =
    [
        new("id", r => r.Id),
        new("receivedAt", r => r.ReceivedAt),
        new("source", r => r.Source),
        new("state", r => r.State),
        new("sender", r => r.Sender),
        new("senderName", r => r.SenderName),
        new("subject", r => r.Subject),
        new("constituents", r => r.Constituents),
        new("incident", r => r.Incident),
        new("tlp", r => r.Marking.Label),
    ];

    public static Task<object> CsvAsync(Viewer viewer, ListReports list, CancellationToken cancel, string state = "new", string q = "") => AnswerAsync("csv", viewer, list, state, q, cancel);

    public static Task<object> JsonAsync(Viewer viewer, ListReports list, CancellationToken cancel, string state = "new", string q = "") => AnswerAsync("json", viewer, list, state, q, cancel);

    private static Task<object> AnswerAsync(string format, Viewer viewer, ListReports list, string state, string q, CancellationToken cancel) =>
        ListExport.AnswerAsync("reports", format, s_columns, (after, size, ct) => list.RunAsync(viewer, new(state, q, after, size), ct), cancel);
}
