using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Captures;

/// <summary>Takes a capture back from the queue.</summary>
internal sealed record CancelReplayRequest(Guid Id);

/// <summary>Takes back a replay that the sensor has not begun; the file stays. What runs is not stopped half-way: its records would be half a story.</summary>
internal sealed class CancelReplay(Database database) : Act<CancelReplayRequest, Done>(database)
{
    private const string Sql = "update sensing.captures set state = 'stored', job_id = null, queued_at = null where id = @Id and state = 'queued'";

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, CancelReplayRequest request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Sql, request, cancel) == 0)
            return Refuse.Conflict("sensing.refused.capture-begun");
        work.Audit("sensing.capture.cancelled", $"capture/{request.Id}");
        return default(Done);
    }
}
