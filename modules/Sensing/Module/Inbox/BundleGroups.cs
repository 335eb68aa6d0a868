using Appliance.Contracts;
using Appliance.Kernel.Acts;

namespace Appliance.Sensing.Inbox;

/// <summary>Asks for the groups that stand behind some bundles of a view.</summary>
internal sealed record BundleGroupsRequest(InboxFilter Filter, string By, IReadOnlyList<BundleRow> Bundles);

/// <summary>The groups of bundles, each once, fixed when an act on them begins.</summary>
internal sealed class BundleGroups(MatchingGroups matching) : Query<BundleGroupsRequest, IReadOnlyList<GroupName>>
{
    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<GroupName>>> HandleAsync(Viewer viewer, BundleGroupsRequest request, CancellationToken cancel)
    {
        var groups = new Dictionary<Guid, GroupName>();
        foreach (var bundle in request.Bundles)
        {
            var query = $"{request.Filter.Query} {ListBundles.TermOf(request.By, bundle)}".Trim();
            var found = await matching.RunAsync(viewer, request.Filter with { Query = query }, cancel);
            if (!found.TryGet(out var some))
                return found;
            foreach (var group in some)
                groups.TryAdd(group.Id, group);
        }
        return new List<GroupName>(groups.Values);
    }
}
