using Appliance.Contracts;
using Appliance.Kernel.Export;

namespace Appliance.Directories.Constituents;

/// <summary>The list of organisations as a file, as it is filtered. The sheet that the import reads is <c>constituents.csv</c>.</summary>
internal static class ExportLines
{
    private static readonly IReadOnlyList<ExportColumn<ConstituentLine>> s_columns =
    [
        new("id", r => r.Id.Value),
        new("name", r => r.Name),
        new("sector", r => r.Sector),
        new("country", r => r.Country),
        new("exercise", r => r.Exercise),
        new("networks", r => r.Networks),
        new("contacts", r => r.Contacts),
        new("changedAt", r => r.ChangedAt),
    ];

    public static Task<object> CsvAsync(Viewer viewer, ListConstituents list, string? view, string? q, CancellationToken cancel) => AnswerAsync("csv", viewer, list, view, q, cancel);

    public static Task<object> JsonAsync(Viewer viewer, ListConstituents list, string? view, string? q, CancellationToken cancel) => AnswerAsync("json", viewer, list, view, q, cancel);

    private static Task<object> AnswerAsync(string format, Viewer viewer, ListConstituents list, string? view, string? q, CancellationToken cancel) =>
        ListExport.AnswerAsync("constituents", format, s_columns, (after, size, ct) => list.RunAsync(viewer, new(q ?? "", "", view == "archived", after, size), ct), cancel);
}
