using System.Data.Common;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.Logging;

namespace Appliance.Consoles.Reports;

/// <summary>A section of a report: what it found, or why it has nothing.</summary>
/// <param name="Section">Which.</param>
/// <param name="Part">Null where it was late or failed.</param>
/// <param name="Late">True where the time for a report ran out.</param>
public sealed record ReportPiece(ReportSection Section, ReportPart? Part, bool Late);

/// <summary>A report over a period, as one reader may see it.</summary>
/// <param name="Range">Over what.</param>
/// <param name="Team">The team's name, as it signs; empty where it has none yet.</param>
/// <param name="Maker">Who asked.</param>
/// <param name="MadeAt">When it was counted, UTC.</param>
/// <param name="Pieces">The chosen ones, in their order.</param>
public sealed record Report(ReportRange Range, string Team, string Maker, DateTimeOffset MadeAt, IReadOnlyList<ReportPiece> Pieces)
{
    /// <summary>The strictest label of everything counted.</summary>
    public Marking Highest { get; } = Pieces.Where(p => p.Part is not null).Select(p => p.Part!.Highest).ToList() is { Count: > 0 } labels
        ? new(labels.Max(l => l.Tlp), labels.Max(l => l.Pap))
        : Marking.Default;
}

/// <summary>Asks every module for its sections, a few at a time and all within one patience: a section that is late is named, and keeps nobody waiting.</summary>
internal sealed class ReadReport(IEnumerable<IReportParts> sources, IPersonal personal, ISettings settings, TimeProvider time, ILogger<ReadReport> log) : Query<ReportAddress, Report>
{
    private const int AtOnce = 3;

    /// <summary>How long a report may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    public override Permission Permission => ReportPermissions.Read;

    protected override async Task<Outcome<Report>> HandleAsync(Viewer viewer, ReportAddress request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var found = ReportRange.Find(request, await personal.ZoneAsync(viewer, cancel), now);
        if (!found.TryGet(out var range))
            return Outcome<Report>.Refused(found.Refusals);
        var offered = Known(viewer);
        var chosen = request.Chosen is { } keys ? offered.Where(o => keys.Contains(o.Section.Key)).ToList() : offered;
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        using var turns = new SemaphoreSlim(AtOnce);
        var pieces = await Task.WhenAll(chosen.Select(c => AskAsync(c.Source, c.Section, viewer, range.Period, turns, both.Token)));
        cancel.ThrowIfCancellationRequested();
        return new Report(range, await settings.FindAsync<string>(SettingKeys.OrganisationName, cancel) ?? "", viewer.Name, now, pieces);
    }

    /// <summary>The sections that <paramref name="viewer"/> may choose from.</summary>
    public IReadOnlyList<ReportSection> Offer(Viewer viewer) => [.. Known(viewer).Select(k => k.Section)];

    private List<(IReportParts Source, ReportSection Section)> Known(Viewer viewer) =>
        [.. sources.SelectMany(source => source.Sections.Select(section => (Source: source, Section: section))).Where(k => viewer.May(k.Section.Permission)).OrderBy(k => Place(k.Section.Key))];

    private async Task<ReportPiece> AskAsync(IReportParts source, ReportSection section, Viewer viewer, ReportPeriod period, SemaphoreSlim turns, CancellationToken cancel)
    {
        try
        {
            await turns.WaitAsync(cancel);
            try
            {
                return new(section, await source.ReadAsync(viewer, section.Key, period, cancel), false);
            }
            finally
            {
                turns.Release();
            }
        }
        catch (Exception fault) when (fault is DbException or TimeoutException or OperationCanceledException)
        {
            // One section that cannot be counted costs itself, not the report; the page says so in its place.
            Log.SectionMissing(log, section.Key, fault.Message);
            return new(section, null, cancel.IsCancellationRequested);
        }
    }

    // A case's way through the house; the appliance itself comes last.
    private static int Place(string key) => Array.IndexOf(["sensing", "ticketing", "watch", "uplink"], key.Split('.')[0]) is >= 0 and var at ? at : key.StartsWith("kernel.", StringComparison.Ordinal) ? 9 : 8;
}

/// <summary>The rights of the Reports area.</summary>
internal static class ReportPermissions
{
    public const string ReadId = "console.report.read";

    /// <summary>Open the Reports area: its sections ask for the rights of what they count.</summary>
    public static readonly Permission Read = new(ReadId);
}
