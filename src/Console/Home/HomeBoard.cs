using System.Reflection;
using Appliance.Contracts;
using Appliance.Ui;

namespace Appliance.Consoles.Home;

/// <summary>What stands on the home page: at most six numbers, the most urgent first, and the panels that modules add.</summary>
internal sealed class HomeBoard(IEnumerable<IFigures> sources, PageAssemblies pages)
{
    private const int Most = 6;

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
        var answers = await Task.WhenAll(sources.Select(s => AskAsync(s, viewer, cancel)));
        return [.. answers.SelectMany(f => f).Where(f => f.OnHome).OrderByDescending(f => f.Tone).Take(Most)];
    }

    /// <summary>The panels that this viewer may see.</summary>
    public IEnumerable<Type> PanelsFor(Viewer viewer) =>
        _panels.Where(p => p.Panel.Permission == Permission.SignedIn.Id || viewer.May(new Permission(p.Panel.Permission))).Select(p => p.Component);

    private static async Task<IReadOnlyList<Figure>> AskAsync(IFigures source, Viewer viewer, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        try
        {
            return await source.ReadAsync(viewer, patience.Token).WaitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return [];
        }
    }
}
