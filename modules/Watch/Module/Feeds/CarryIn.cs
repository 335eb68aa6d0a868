using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Watch.Feeds;

/// <summary>A feed document brought by hand to a box without a line out.</summary>
internal sealed record CarriedFile(Guid Feed, string FileName, byte[] Content);

/// <summary>Reads a carried file into the desk under its source.</summary>
internal sealed class CarryIn(Database database, FetchFeed fetch) : Act<CarriedFile, int>(database)
{
    public override Permission Permission => Permissions.ManageFeeds;

    protected override async Task<Outcome<int>> HandleAsync(Work work, CarriedFile request, CancellationToken cancel)
    {
        var taken = await fetch.TakeCarriedAsync(work, request.Feed, request.Content, cancel);
        if (taken.TryGet(out var fresh))
            work.Audit("watch.feed.carried", $"feed/{request.Feed}", new { Fresh = fresh });
        return taken;
    }
}
