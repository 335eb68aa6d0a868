using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;

namespace Appliance.Uplink.Peers;

/// <summary>Removes a peer: it reads nothing more, is not called again, and stays as the name of what was shared with it.</summary>
internal sealed class RemovePeer(Database database, RevokeToken revoke) : Act<PeerId, Done>(database)
{
    private const string Update =
        """
        update uplink.peers
        set removed_at = @Now, trust = 'suspended', secret = null, secret_kind = 'none', login = '', cursor_after = null, cursor_next = null, cursor_page_last = null
        where id = @Id
        """;

    private const string Withdraw =
        "update uplink.share_recipients set state = 'withdrawn', changed_at = @Now where peer_id = @Id and state in ('queued', 'available')";

    private Guid? _token;

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PeerId request, CancellationToken cancel)
    {
        if (await Peer.LockAsync(work, request.Value, cancel) is not { } peer)
            return Refuse.NotFound("uplink.refused.peer-unknown");
        await work.ExecuteAsync(Update, new { Id = request.Value, work.Now }, cancel);
        await work.ExecuteAsync(Withdraw, new { Id = request.Value, work.Now }, cancel);
        _token = peer.TokenId;
        work.Audit("uplink.peer.removed", $"peer/{request}", new { peer.Name });
        return new Done();
    }

    // The peer is gone already: its credential opens nothing from the commit on, and is revoked besides.
    protected override async Task CommittedAsync(PeerId request, Done answer, CancellationToken cancel)
    {
        if (_token is { } token)
            await revoke.RunAsync(Viewer.System("uplink"), new(token), cancel);
    }
}
