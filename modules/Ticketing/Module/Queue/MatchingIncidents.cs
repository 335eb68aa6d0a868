using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Search;

namespace Appliance.Ticketing.Queue;

/// <summary>A view of the queue, as an act on all that match keeps it.</summary>
/// <param name="View">As in <see cref="IncidentsWanted"/>.</param>
/// <param name="Words">As in <see cref="IncidentsWanted"/>.</param>
internal sealed record QueueWanted(string View = "open", string Words = "");

/// <summary>Asks for the next ids.</summary>
internal sealed record MatchingIncidentsRequest(QueueWanted Queue, BulkBound Bound);

/// <summary>The incidents of a view, in the order of their ids, of those that were open when the act was asked for.</summary>
internal sealed class MatchingIncidents(Database database) : Query<MatchingIncidentsRequest, IReadOnlyList<Guid>>
{
    private const string Next =
        """
          and m.opened_at <= @Now and m.id > @After
        order by m.id
        limit @Limit
        """;

    private const string Select = $"select m.id {ListIncidents.Filter}\n{Next}";

    private const string Search = $"select m.id {ListIncidents.Filter}\n  and {WordHits.Known}\n{Next}";

    private const string Walk = $"select m.id {ListIncidents.Filter}\n  and {WordHits.HoldsWithParts}\n{Next}";

    // Each part walks on from the last: together they pass over the view once.
    private const int Patience = 120;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<Guid>>> HandleAsync(Viewer viewer, MatchingIncidentsRequest request, CancellationToken cancel)
    {
        var words = request.Queue.Words.Trim();
        var (now, after, limit) = request.Bound;
        var own = new { request.Queue.View, Now = now, After = after, Limit = limit };
        if (words.Length == 0)
            return (await database.QueryAsync<Guid>(Select, Visible.With(viewer, own), cancel)).ToArray();
        var hits = await WordHits.LookAsync(database, viewer, words, WordHits.Few, cancel);
        return (await database.QueryAsync<Guid>(hits.AreMany ? Walk : Search, hits.With(viewer, words, own), cancel, Patience)).ToArray();
    }
}
