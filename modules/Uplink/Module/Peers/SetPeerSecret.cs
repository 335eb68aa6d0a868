using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Peers;

/// <summary>What the peer gave us to be let in at its server.</summary>
/// <param name="Peer">Whose.</param>
/// <param name="Kind">none, basic or bearer.</param>
/// <param name="Login">The name for basic.</param>
/// <param name="Secret">Password or token.</param>
internal sealed record PeerSecret(Guid Peer, string Kind, string Login, string Secret)
{
    // A record prints its members; this one must not.
    public override string ToString() => $"PeerSecret {Peer}";
}

/// <summary>Keeps the credentials for a peer's server, encrypted.</summary>
internal sealed class SetPeerSecret(Database database, PeerSecrets secrets) : Act<PeerSecret, Done>(database)
{
    private const string Update = "update uplink.peers set secret_kind = @Kind, login = @Login, secret = @Secret, next_pull_at = null, failures = 0 where id = @Peer";

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PeerSecret request, CancellationToken cancel)
    {
        if (request.Kind is not ("none" or "basic" or "bearer"))
            return Refuse.Invalid("uplink.refused.secret-kind", nameof(request.Kind));
        if (request.Kind != "none" && (request.Secret.Length is 0 or > 2000 || request.Secret.Any(char.IsControl)))
            return Refuse.Invalid("uplink.refused.secret", nameof(request.Secret));
        if (request.Kind == "basic" && (request.Login.Length is 0 or > 200 || request.Login.Contains(':', StringComparison.Ordinal) || request.Login.Any(char.IsControl)))
            return Refuse.Invalid("uplink.refused.login", nameof(request.Login));
        if (await Peer.LockAsync(work, request.Peer, cancel) is null)
            return Refuse.NotFound("uplink.refused.peer-unknown");
        var secret = request.Kind == "none" ? null : secrets.Protect(request.Secret);
        await work.ExecuteAsync(Update, new { request.Peer, request.Kind, Login = request.Kind == "basic" ? request.Login : "", Secret = secret }, cancel);
        work.Audit("uplink.peer.secret-set", $"peer/{request.Peer}", new { request.Kind });
        return new Done();
    }
}
