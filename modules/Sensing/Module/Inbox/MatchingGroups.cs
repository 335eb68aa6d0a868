using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;

namespace Appliance.Sensing.Inbox;

/// <summary>A group by id with the words that name it.</summary>
internal sealed record GroupName(Guid Id, string Signature);

/// <summary>Which groups an act on many is for.</summary>
/// <param name="Filter">The view.</param>
/// <param name="AnyOf">Further words of the query bar, one or more of which must hold: the bundles that were chosen. Null for the whole view.</param>
internal sealed record GroupsWanted(InboxFilter Filter, IReadOnlyList<string>? AnyOf = null)
{
    /// <summary>Bundles chosen at once: no list shows more on a page.</summary>
    private const int MostBundles = 200;

    /// <summary>The filters that together choose the groups.</summary>
    public IEnumerable<InboxFilter> Filters => AnyOf is null ? [Filter] : AnyOf.Select(words => Filter with { Query = $"{Filter.Query} {words}".Trim() });

    /// <summary>What is wrong with them.</summary>
    public IEnumerable<Refusal> Faults()
    {
        if (!InboxFilter.Views.Contains(Filter.View, StringComparer.Ordinal))
            yield return Refuse.Invalid("sensing.refused.view", "view", Filter.View);
        if (AnyOf is { Count: 0 or > MostBundles })
            yield return Refuse.Invalid("sensing.refused.nothing-chosen", "anyOf");
        else if (Filters.Select(f => FilterTerms.Parse(f.Query)).FirstOrDefault(p => !p.Succeeded) is { } wrong)
            yield return wrong.Refusals[0];
    }
}

/// <summary>Asks for the next ids.</summary>
internal sealed record MatchingRequest(GroupsWanted Groups, BulkBound Bound);

/// <summary>The groups that match, in the order of their ids, of those that had formed when the act was asked for: what an act on "all that match" is for.</summary>
internal sealed class MatchingGroups(Database database) : Query<MatchingRequest, IReadOnlyList<Guid>>
{
    private const string Sql =
        $"""
        select m.id
        from sensing.alert_groups m
        where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
          and m.first_received <= @up_to and m.id > @behind
        order by m.id
        limit @limit
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<Guid>>> HandleAsync(Viewer viewer, MatchingRequest request, CancellationToken cancel)
    {
        var (upTo, after, limit) = request.Bound;
        var ids = new SortedSet<Guid>();
        foreach (var filter in request.Groups.Filters)
        {
            var outcome = filter.Parameters(viewer, upTo, new { up_to = upTo, behind = after, limit });
            if (!outcome.TryGet(out var parameters))
                return Outcome<IReadOnlyList<Guid>>.Refused(outcome.Refusals);
            ids.UnionWith(await database.QueryAsync<Guid>(Sql, parameters, cancel));
        }

        // Each filter gave its first ones, so that the first of all are among them.
        return ids.Take(limit).ToArray();
    }
}
