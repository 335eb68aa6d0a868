using Appliance.Contracts;
using Appliance.Kernel.Search;

namespace Appliance.Consoles.Search;

/// <summary>The search over all modules for the command list: what the viewer may see, a few of each kind.</summary>
internal static class SearchEndpoint
{
    public static async Task<Outcome<FoundAnswer>> FindAsync(Viewer viewer, SearchEverything everything, IText text, string? q, CancellationToken cancel)
    {
        var outcome = await everything.RunAsync(viewer, new(q ?? "", 5), cancel);
        return outcome.TryGet(out var answer)
            ? new FoundAnswer([.. answer.Hits.Select(h => new FoundHit(text[h.KindKey], h.Title, h.Path, h.When))], answer.Partial)
            : Outcome<FoundAnswer>.Refused(outcome.Refusals);
    }
}

/// <summary>What was found.</summary>
internal sealed record FoundAnswer(IReadOnlyList<FoundHit> Hits, bool Partial);

/// <summary>One hit.</summary>
/// <param name="Kind">What it is, in the reader's language.</param>
/// <param name="Title">As it stands in the record: untrusted.</param>
/// <param name="Path">Its page.</param>
/// <param name="When">Its moment.</param>
internal sealed record FoundHit(string Kind, string Title, string Path, DateTimeOffset? When);
