using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Search;

/// <summary>What to look for.</summary>
/// <param name="Words">As typed.</param>
/// <param name="Limit">Hits per source, at most 50.</param>
public sealed record SearchRequest(string Words, int Limit = 8);

/// <summary>What was found.</summary>
/// <param name="Hits">Sorted by kind, the newest first.</param>
/// <param name="Partial">True when a source failed or did not answer in time: there may be more.</param>
public sealed record SearchAnswer(IReadOnlyList<SearchHit> Hits, bool Partial);

/// <summary>Asks every module's search source at once; each has a second and a half, and one that fails costs only its own hits.</summary>
public sealed class SearchEverything(IEnumerable<ISearchSource> sources, TimeProvider time, ILogger<SearchEverything> log) : Query<SearchRequest, SearchAnswer>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1.5);

    /// <inheritdoc/>
    public override Permission Permission => Permission.SignedIn;

    /// <inheritdoc/>
    protected override async Task<Outcome<SearchAnswer>> HandleAsync(Viewer viewer, SearchRequest request, CancellationToken cancel)
    {
        var words = request.Words.Trim();
        if (words.Length is 0 or > 500)
            return new SearchAnswer([], false);
        var limit = Math.Clamp(request.Limit, 1, 50);
        var answers = await Task.WhenAll(sources.Select(s => AskAsync(s, viewer, words, limit, cancel)));
        var hits = answers.SelectMany(a => a ?? []).OrderBy(h => h.KindKey, StringComparer.Ordinal).ThenByDescending(h => h.When).ToArray();
        return new SearchAnswer(hits, answers.Any(a => a is null));
    }

    private async Task<IReadOnlyList<SearchHit>?> AskAsync(ISearchSource source, Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            return [.. (await source.FindAsync(viewer, words, limit, both.Token).WaitAsync(both.Token)).Take(limit)];
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            KernelLog.SearchSlow(log, source.GetType().Name);
            return null;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            KernelLog.SearchFailed(log, source.GetType().Name, fault);
            return null;
        }
    }
}
