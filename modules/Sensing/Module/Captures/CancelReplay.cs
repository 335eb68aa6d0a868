using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Captures;

/// <summary>Takes a replay back, whether it waits or runs.</summary>
internal sealed record CancelReplayRequest(Guid Id);

/// <summary>
/// A replay that waits is taken from the queue and the file stays. One that runs is ended where it is: its order is taken from before the sensor, what was found up to there stays,
/// and the line says that it is a part. There is no state between, so that nothing waits for an answer that a dead sensor would never give.
/// </summary>
internal sealed class CancelReplay(Database database) : Act<CancelReplayRequest, Done>(database)
{
    /// <summary>Kept as a failure with this reason, so that the release before can read it.</summary>
    public const string Reason = "cancelled";

    private const string Waiting = "update sensing.captures set state = 'stored', job_id = null, queued_at = null where id = @Id and state = 'queued'";

    // The job keeps its id: the sensor's last word about it still tells how far it came, or that it was quicker than the order.
    private const string Running = $"update sensing.captures set state = 'failed', reason = '{Reason}', done_at = @now where id = @Id and state = 'running'";

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, CancelReplayRequest request, CancellationToken cancel)
    {
        var before = await work.ExecuteAsync(Waiting, request, cancel) > 0;
        if (!before && await work.ExecuteAsync(Running, new { request.Id, now = work.Now }, cancel) == 0)
            return Refuse.Conflict("sensing.refused.capture-ended");
        work.Audit("sensing.capture.cancelled", $"capture/{request.Id}", new { begun = !before });
        return default(Done);
    }
}
