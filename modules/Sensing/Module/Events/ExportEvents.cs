using Appliance.Contracts;
using Appliance.Kernel.Export;

namespace Appliance.Sensing.Events;

/// <summary>The records of a query as a file.</summary>
internal static class ExportEvents
{
    /// <summary>A file may search longer than a page: nobody waits in front of it.</summary>
    private const int Seconds = 30;

    private static readonly IReadOnlyList<ExportColumn<EventRow>> s_columns =
    [
        new("seen", r => r.SeenAt),
        new("received", r => r.ReceivedAt),
        new("type", r => r.Type),
        new("source", r => r.Src),
        new("sourcePort", r => r.SrcPort),
        new("destination", r => r.Dst),
        new("destinationPort", r => r.DstPort),
        new("protocol", r => r.Proto),
        new("application", r => r.AppProto),
        new("name", r => r.Name),
        new("flow", r => r.FlowId),
        new("group", r => r.GroupId),
        new("exercise", r => r.Exercise),
    ];

    public static Task<object> CsvAsync(Viewer viewer, SearchEvents search, int? hours, string? q, CancellationToken cancel) => AnswerAsync("csv", viewer, search, hours, q, cancel);

    public static Task<object> JsonAsync(Viewer viewer, SearchEvents search, int? hours, string? q, CancellationToken cancel) => AnswerAsync("json", viewer, search, hours, q, cancel);

    private static Task<object> AnswerAsync(string format, Viewer viewer, SearchEvents search, int? hours, string? q, CancellationToken cancel) =>
        ListExport.AnswerAsync("records", format, s_columns, async (after, size, ct) =>
        {
            var outcome = await search.RunAsync(viewer, new(q, hours ?? 24, after, size, Seconds), ct);
            if (!outcome.TryGet(out var found))
                return Outcome<Page<EventRow>>.Refused(outcome.Refusals);
            // Where the time ran out the file goes on with the next stretch, unless that would begin at the same place for ever.
            return found.Onward is { } onward && onward != after ? found.Rows with { Next = onward } : found.Rows;
        }, cancel);
}
