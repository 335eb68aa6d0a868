using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Peers;

/// <summary>Removes a peer: it reads nothing more, is not called again, and stays as the name of what was shared with it.</summary>
internal sealed class RemovePeer(Database database, PeerTokens tokens) : Act<PeerId, Done>(database)
{
    private const string Update =
        """
        update uplink.peers
        set removed_at = @Now, trust = 'suspended', secret = null, secret_kind = 'none', login = '', cursor_after = null, cursor_next = null, cursor_page_last = null
        where id = @Id
        """;

    private const string Withdraw =
        "update uplink.share_recipients set state = 'withdrawn', changed_at = @Now where peer_id = @Id and state in ('queued', 'available')";

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PeerId request, CancellationToken cancel)
    {
        if (await Peer.LockAsync(work, request.Value, cancel) is not { } peer)
            return Refuse.NotFound("uplink.refused.peer-unknown");
        await work.ExecuteAsync(Update, new { Id = request.Value, work.Now }, cancel);
        await work.ExecuteAsync(Withdraw, new { Id = request.Value, work.Now }, cancel);
        await tokens.RevokeAsync(work, request, cancel);
        work.Audit("uplink.peer.removed", $"peer/{request}", new { peer.Name });
        return new Done();
    }
}
