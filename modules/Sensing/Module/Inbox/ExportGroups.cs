using Appliance.Contracts;
using Appliance.Kernel.Export;

namespace Appliance.Sensing.Inbox;

/// <summary>The alert groups of a view and filter as a file.</summary>
internal static class ExportGroups
{
    private static readonly IReadOnlyList<ExportColumn<InboxRow>> s_columns =
    [
        new("id", r => r.Id),
        new("gid", r => r.Gid),
        new("sid", r => r.Sid),
        new("signature", r => r.Signature),
        new("category", r => r.Category),
        new("severity", r => r.Severity),
        new("score", r => r.Score),
        new("reasons", r => r.Reasons),
        new("count", r => r.Count),
        new("source", r => r.Src),
        new("destination", r => r.Dst),
        new("destinationPort", r => r.DstPort),
        new("protocol", r => r.Proto),
        new("name", r => r.Name),
        new("sourceConstituent", r => r.SrcConstituentName),
        new("destinationConstituent", r => r.DstConstituentName),
        new("firstSeen", r => r.FirstSeen),
        new("lastSeen", r => r.LastSeen),
        new("state", r => r.State),
        new("verdict", r => r.Verdict),
        new("owner", r => r.OwnerName),
        new("incident", r => r.IncidentNumber),
        new("tlp", r => r.Marking.Label),
        new("exercise", r => r.Exercise),
    ];

    public static Task<object> CsvAsync(Viewer viewer, ListGroups groups, string? view, int? hours, string? q, CancellationToken cancel) => AnswerAsync("csv", viewer, groups, view, hours, q, cancel);

    public static Task<object> JsonAsync(Viewer viewer, ListGroups groups, string? view, int? hours, string? q, CancellationToken cancel) => AnswerAsync("json", viewer, groups, view, hours, q, cancel);

    private static Task<object> AnswerAsync(string format, Viewer viewer, ListGroups groups, string? view, int? hours, string? q, CancellationToken cancel) =>
        ListExport.AnswerAsync("alert-groups", format, s_columns, (after, size, ct) => groups.RunAsync(viewer, new(new InboxFilter(view ?? "inbox", hours ?? 24, q), after, size), ct), cancel);
}
