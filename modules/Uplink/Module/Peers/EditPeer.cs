using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Peers;

/// <summary>What to change of which peer.</summary>
internal sealed record PeerEdit(Guid Peer, PeerForm Form);

/// <summary>Changes a peer. A lower ceiling or withdrawn trust holds at once, also for what was approved before.</summary>
internal sealed class EditPeer(Database database) : Act<PeerEdit, Done>(database)
{
    private const string Update =
        """
        update uplink.peers
        set name = @Name, role = @Role, root_url = @RootUrl, read_collection = @ReadCollection, write_collection = @WriteCollection,
            ceiling = @Ceiling, takes_exercises = @TakesExercises, trust = @Trust, next_pull_at = null, failures = 0
        where id = @Id
        """;

    private const string Restart = "update uplink.peers set cursor_after = null, cursor_next = null, cursor_page_last = null where id = @Peer";

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PeerEdit request, CancellationToken cancel)
    {
        if (request.Form.Faults() is { Count: > 0 } faults)
            return Outcome<Done>.Refused(faults);
        if (await Peer.LockAsync(work, request.Peer, cancel) is not { } before)
            return Refuse.NotFound("uplink.refused.peer-unknown");
        var values = request.Form.Parameters(request.Peer, work.Now);
        if (await AddPeer.IsTakenAsync(work, values, cancel))
            return Refuse.Conflict("uplink.refused.peer-taken", request.Form.Name);
        await work.ExecuteAsync(Update, values, cancel);
        // Another server or collection counts its own times: the old cursor would skip what it holds.
        if (before.RootUrl != (request.Form.RootUrl.Trim() is { Length: > 0 } url ? url : null) || before.ReadCollection != request.Form.ReadCollection.Trim())
            await work.ExecuteAsync(Restart, request, cancel);
        work.Audit("uplink.peer.edited", $"peer/{request.Peer}", new
        {
            Before = new { before.Name, before.Role, before.RootUrl, Ceiling = before.CeilingTlp, before.Trust, before.TakesExercises },
            After = new { request.Form.Name, request.Form.Role, request.Form.RootUrl, request.Form.Ceiling, request.Form.Trust, request.Form.TakesExercises },
        });
        return new Done();
    }
}
