using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;

namespace Appliance.Uplink.Peers;

/// <summary>Which peer is let in under a password that was made elsewhere.</summary>
/// <param name="Peer">Whose.</param>
/// <param name="Login">Name for HTTP Basic.</param>
/// <param name="Hash">SHA-256 of the password.</param>
internal sealed record Admission(Guid Peer, string Login, byte[] Hash);

/// <summary>Lets a peer in under a password whose hash alone came here. The same again changes nothing.</summary>
internal sealed class AdmitPeer(Database database, IssueToken issue) : Act<Admission, Done>(database)
{
    private const int Days = 365;

    private const string Update =
        "update uplink.peers set token_id = @Token, token_kind = 'basic', token_login = @Login, token_expires_at = @Expires where id = @Peer";

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Admission request, CancellationToken cancel)
    {
        if (await Peer.LockAsync(work, request.Peer, cancel) is not { } peer)
            return Refuse.NotFound("uplink.refused.peer-unknown");
        if (peer.TokenId is not null)
        {
            work.Audit("uplink.peer.admitted-already", $"peer/{request.Peer}");
            return new Done();
        }
        // Issued in its own transaction, as a rotation does.
        var issued = await issue.RunAsync(
            Viewer.System("uplink"),
            new(request.Login, TokenKind.Basic, [Permissions.TaxiiRead, Permissions.TaxiiWrite], TimeSpan.FromDays(Days), peer.PeerId, SecretHash: request.Hash),
            cancel);
        if (!issued.TryGet(out var token))
            return Outcome<Done>.Refused(issued.Refusals);
        await work.ExecuteAsync(Update, new { Token = token.Id, Login = token.Name, Expires = token.ExpiresAt, request.Peer }, cancel);
        work.Audit("uplink.peer.admitted", $"peer/{request.Peer}", new { Login = token.Name, token.ExpiresAt });
        return new Done();
    }
}
