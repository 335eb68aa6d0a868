using System.Data.Common;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Microsoft.Extensions.Logging;

namespace Appliance.Readiness.Figures;

/// <summary>The counts of one module.</summary>
/// <param name="Module">Its id; the title is the resource <c>{id}.title</c>.</param>
internal sealed record ModuleFigures(string Module, IReadOnlyList<Figure> Figures);

/// <summary>Where the CIRT stands, by module, as far as this viewer may see.</summary>
/// <param name="Unread">How many modules did not answer.</param>
internal sealed record FigureSheet(IReadOnlyList<ModuleFigures> Modules, int Unread);

/// <summary>Asks every module for its own counts. Readiness keeps none of them: a number that is copied is a number that is wrong.</summary>
internal sealed class ShowFigures(IEnumerable<IFigures> sources, TimeProvider time, ILogger<ShowFigures> log) : Query<Done, FigureSheet>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<FigureSheet>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var (figures, unread) = (new List<Figure>(), 0);
        foreach (var source in sources)
        {
            using var patience = new CancellationTokenSource(s_patience, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
            try
            {
                figures.AddRange(await source.ReadAsync(viewer, both.Token));
            }
            catch (Exception fault) when (fault is DbException or TimeoutException or IOException || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                // One module that does not answer costs its own numbers, not the page.
                unread++;
                Log.FiguresFailed(log, source.GetType().Assembly.GetName().Name ?? "", fault.Message);
            }
        }
        return new FigureSheet([.. figures.GroupBy(f => f.Key[..Math.Max(0, f.Key.IndexOf('.', StringComparison.Ordinal))]).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new ModuleFigures(g.Key, [.. g]))], unread);
    }
}
