using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Bulk;

/// <summary>Ends one's own act on many after the part it is at. What was done stays done, and can be taken back.</summary>
internal sealed class CancelBulk(Database database, BulkBell bell) : Act<Guid, Guid>(database)
{
    private const string Find = "select state from kernel.bulk_runs where id = @Id and user_id = @User for update";

    private const string Update = "update kernel.bulk_runs set state = 'cancelled', ended_at = @Now where id = @Id and ended_at is null returning done";

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        // Waits for the part that is being done.
        if (await work.FindAsync<string>(Find, new { Id = request, User = work.Viewer.Id.Value }, cancel) is null)
            return Refuse.NotFound("kernel.bulk.none");
        if (await work.FindAsync<int?>(Update, new { Id = request, work.Now }, cancel) is not { } done)
            return Refuse.Conflict("kernel.bulk.over");
        work.Audit("kernel.bulk.cancelled", $"bulk/{request}", new { done });
        var user = work.Viewer.Id;
        work.AfterCommit(() => bell.Tell(user));
        return request;
    }
}
