using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Health;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Web;

/// <summary>The left rail, from what the modules registered.</summary>
internal sealed class Navigation(ModuleSet modules) : INavigation
{
    private static readonly string[] s_areas = ["home", "sense", "tickets", "watch", "share", "directory", "readiness", "reports", "admin"];

    private readonly IReadOnlyList<NavigationEntry> _entries =
        [.. modules.Modules.SelectMany(m => m.Navigation).OrderBy(e => Array.IndexOf(s_areas, e.Area)).ThenBy(e => e.Order)];

    public IReadOnlyList<NavigationLink> For(Viewer viewer) =>
        [.. _entries.Where(e => e.Permission == Permission.SignedIn || viewer.May(e.Permission)).Select(e => new NavigationLink(e.Area, e.TextKey, e.Path, e.Order))];
}

/// <summary>The health dot and the counts beside the rail: read in the background, answered from memory.</summary>
internal sealed class ShellState(HealthBoard board, IServiceScopeFactory scopes, TimeProvider time) : BackgroundService, IShellState
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private const int MostKept = 200;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<Viewer, (long At, Task<IReadOnlyList<Figure>> Answer)> _waiting = new(ReferenceEqualityComparer.Instance);

    private volatile ShellHealth _health = new(FigureTone.Calm, 0);

    public ShellHealth Health => _health;

    /// <summary>The figures that modules mark for Home and that are not calm, as counts beside their area.</summary>
    public async Task<IReadOnlyList<AreaBadge>> BadgesAsync(Viewer viewer, CancellationToken cancel) =>
        [.. (await WaitingAsync(viewer, cancel)).Select(f => new AreaBadge(AreaOf(f.Link), f.Value, f.Key, f.Tone)).GroupBy(b => b.Area).Select(g => g.MaxBy(b => b.Tone)!)];

    // Rail and bell of one page ask within the same moment, and each figure costs a query: the answer is kept for a second.
    public Task<IReadOnlyList<Figure>> WaitingAsync(Viewer viewer, CancellationToken cancel)
    {
        var now = time.GetTimestamp();
        if (_waiting.Count > MostKept)
            _waiting.Clear();
        if (_waiting.TryGetValue(viewer, out var kept) && time.GetElapsedTime(kept.At, now) < s_fresh && !kept.Answer.IsFaulted)
            return kept.Answer.WaitAsync(cancel);
        var answer = AskAsync(viewer);
        _waiting[viewer] = (now, answer);
        return answer.WaitAsync(cancel);
    }

    private async Task<IReadOnlyList<Figure>> AskAsync(Viewer viewer)
    {
        await using var scope = scopes.CreateAsyncScope();
        using var patience = new CancellationTokenSource(s_patience, time);
        var figures = new List<Figure>();
        try
        {
            foreach (var source in scope.ServiceProvider.GetServices<IFigures>())
                figures.AddRange((await source.ReadAsync(viewer, patience.Token)).Where(f => f is { OnHome: true, Value: > 0 } && f.Tone != FigureTone.Calm));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // A module that is late costs its own figures, never the page around them.
            return figures;
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault))
        {
            // Rail and bell stay usable without their counts; the alarm above says why.
            return [];
        }

        return [.. figures.OrderByDescending(f => f.Tone).ThenBy(f => f.Key, StringComparer.Ordinal)];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken);
            await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The board is asked even when nobody looks: it remembers since when a check stands as it does. A stop ends the look where it is.
    private async Task LookAsync(CancellationToken cancel)
    {
        var report = await board.ReadAsync(cancel);
        var bad = report.Lines.Count(l => l.Reading.State != HealthState.Good);
        _health = new(report.State == HealthState.Failed ? FigureTone.Urgent : bad > 0 ? FigureTone.Attention : FigureTone.Calm, bad);
    }

    private static string AreaOf(string link) => link.Split('/', 3) is [_, var first, ..]
        ? first switch { "sense" => "sense", "tickets" => "tickets", "watch" => "watch", "share" => "share", "directory" => "directory", "readiness" => "readiness", _ => "admin" }
        : "home";
}
