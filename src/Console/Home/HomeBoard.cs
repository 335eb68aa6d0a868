using System.Reflection;
using Appliance.Contracts;
using Appliance.Ui;

namespace Appliance.Consoles.Home;

/// <summary>What stands on the home page: at most six numbers, the most urgent first, what waits for the viewer by name, and the panels that modules add.</summary>
internal sealed class HomeBoard(IEnumerable<IFigures> sources, IEnumerable<IOwnWork> work, PageAssemblies pages)
{
    private const int Most = 6;

    private const int MostWork = 12;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1.5);

    private readonly IReadOnlyList<(Type Component, HomePanelAttribute Panel)> _panels =
    [
        .. pages.Assemblies
            .SelectMany(a => a.GetTypes())
            .Select(t => (t, t.GetCustomAttribute<HomePanelAttribute>()!))
            .Where(t => t.Item2 is not null)
            .OrderBy(t => t.Item2.Order),
    ];

    /// <summary>The numbers as this viewer may see them. A source that is late is left out: the page must not wait for it.</summary>
    public async Task<IReadOnlyList<Figure>> FiguresAsync(Viewer viewer, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(sources.Select(s => AskAsync(c => s.ReadAsync(viewer, c), cancel)));
        return [.. answers.SelectMany(f => f ?? []).Where(f => f.OnHome).OrderByDescending(f => f.Tone).Take(Most)];
    }

    /// <summary>What waits for this viewer by name: what is due first on top, then what waits longest.</summary>
    public async Task<OwnWork> WorkAsync(Viewer viewer, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(work.Select(w => AskAsync(c => w.ReadAsync(viewer, MostWork, c), cancel)));
        var items = answers.SelectMany(a => a ?? []).OrderBy(w => w.Due is null).ThenBy(w => w.Due).ThenBy(w => w.At).Take(MostWork);
        return new([.. items], answers.Any(a => a is null));
    }

    /// <summary>The panels that this viewer may see.</summary>
    public IEnumerable<Type> PanelsFor(Viewer viewer) =>
        _panels.Where(p => p.Panel.Permission == Permission.SignedIn.Id || viewer.May(new Permission(p.Panel.Permission))).Select(p => p.Component);

    // Null where the source was late.
    private static async Task<IReadOnlyList<T>?> AskAsync<T>(Func<CancellationToken, Task<IReadOnlyList<T>>> read, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        try
        {
            return await read(patience.Token).WaitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}

/// <summary>What waits for one person.</summary>
/// <param name="Items">The most urgent first.</param>
/// <param name="Partial">True when a module was late: there may be more.</param>
internal sealed record OwnWork(IReadOnlyList<WorkItem> Items, bool Partial);
