using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;

namespace Appliance.Uplink.Peers;

/// <summary>Which peer gets a new credential for our server.</summary>
/// <param name="Peer">Whose.</param>
/// <param name="Kind">basic or bearer.</param>
/// <param name="Days">How long it works.</param>
internal sealed record Rotation(Guid Peer, string Kind = "basic", int Days = 365);

/// <summary>A credential as it is shown once.</summary>
internal sealed record Credential(string Kind, string Login, string Secret, DateTimeOffset ExpiresAt)
{
    public override string ToString() => $"Credential {Kind} {Login}";
}

/// <summary>Issues a peer a new credential for our server; the old one stops working.</summary>
internal sealed class RotateCredentials(Database database, IssueToken issue, RevokeToken revoke) : Act<Rotation, Credential>(database)
{
    private const string Update =
        "update uplink.peers set token_id = @Token, token_kind = @Kind, token_login = @Login, token_expires_at = @Expires where id = @Peer";

    private Guid? _old;

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<Credential>> HandleAsync(Work work, Rotation request, CancellationToken cancel)
    {
        if (request.Kind is not ("basic" or "bearer"))
            return Refuse.Invalid("uplink.refused.secret-kind", nameof(request.Kind));
        if (request.Days is < 1 or > 730)
            return Refuse.Invalid("uplink.refused.days", nameof(request.Days));
        if (await Peer.LockAsync(work, request.Peer, cancel) is not { } peer)
            return Refuse.NotFound("uplink.refused.peer-unknown");
        // Issued in its own transaction: should this act fail after it, a credential exists that nobody was ever shown.
        var issued = await issue.RunAsync(
            Viewer.System("uplink"),
            new(LoginOf(peer.Name), request.Kind == "basic" ? TokenKind.Basic : TokenKind.Bearer, [Permissions.TaxiiRead, Permissions.TaxiiWrite], TimeSpan.FromDays(request.Days), peer.PeerId),
            cancel);
        if (!issued.TryGet(out var token))
            return Outcome<Credential>.Refused(issued.Refusals);
        _old = peer.TokenId;
        await work.ExecuteAsync(Update, new { Token = token.Id, request.Kind, Login = token.Name, Expires = token.ExpiresAt, request.Peer }, cancel);
        work.Audit("uplink.peer.credential-rotated", $"peer/{request.Peer}", new { request.Kind, Login = token.Name, token.ExpiresAt });
        return new Credential(request.Kind, token.Name, token.Secret, token.ExpiresAt);
    }

    protected override async Task CommittedAsync(Rotation request, Credential answer, CancellationToken cancel)
    {
        if (_old is { } token)
            await revoke.RunAsync(Viewer.System("uplink"), new(token), cancel);
    }

    /// <summary>A login that says whose it is and was never used before.</summary>
    private static string LoginOf(string name)
    {
        var plain = new string([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Trim('-');
        return $"{(plain.Length > 40 ? plain[..40] : plain is "" ? "peer" : plain)}-{Guid.NewGuid().ToString("N")[..6]}";
    }
}
