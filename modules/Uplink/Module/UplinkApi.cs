using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Inbox;
using Appliance.Uplink.Peers;
using Microsoft.AspNetCore.Mvc;

namespace Appliance.Uplink;

/// <summary>The module's part of the REST API: the same acts and queries as the pages.</summary>
internal static class UplinkApi
{
    public static void Describe(IModuleBuilder builder)
    {
        builder
            .Endpoint("GET", "shares", Permissions.ShareRead, (Viewer viewer, ListShares list, string? state, string? before, CancellationToken cancel) => list.RunAsync(viewer, new(state ?? "", before), cancel))
            .Endpoint("GET", "shares/{id:guid}", Permissions.ShareRead, (Viewer viewer, ShowShare show, Guid id, CancellationToken cancel) => show.RunAsync(viewer, id, cancel))
            .Endpoint("POST", "shares/{id:guid}/sign", Permissions.SharePrepare, (Viewer viewer, SignShare sign, Guid id, [FromBody] ApprovalBody body, CancellationToken cancel) => sign.RunAsync(viewer, body.For(id), cancel))
            .Example(new { peers = new[] { "0198c7a0-0000-7000-8000-000000000001" }, legalBasis = "Decree, article 12", sha256 = new string('0', 64) })
            .Endpoint("POST", "shares/{id:guid}/approve", Permissions.ShareApprove, (Viewer viewer, ApproveShare approve, Guid id, [FromBody] ApprovalBody body, CancellationToken cancel) => approve.RunAsync(viewer, body.For(id), cancel))
            .Example(new { peers = new[] { "0198c7a0-0000-7000-8000-000000000001" }, legalBasis = "Decree, article 12", sha256 = new string('0', 64) })
            .Endpoint("POST", "shares/{id:guid}/return", Permissions.ShareApprove, (Viewer viewer, ReturnShare back, Guid id, [FromBody] ReasonBody body, CancellationToken cancel) => back.RunAsync(viewer, new(id, body.Reason ?? ""), cancel))
            .Example(new { reason = "Names a person." })
            .Endpoint("POST", "shares/{id:guid}/withdraw", Permissions.ShareApprove, (Viewer viewer, WithdrawShare withdraw, Guid id, [FromBody] ReasonBody body, CancellationToken cancel) => withdraw.RunAsync(viewer, new(id, body.Reason ?? ""), cancel))
            .Example(new { reason = "Wrong address." });
        builder
            .Endpoint("GET", "received", Permissions.InboxRead, (Viewer viewer, ListReceived list, string? state, string? before, CancellationToken cancel) => list.RunAsync(viewer, new(state ?? "", before), cancel))
            .Endpoint("GET", "received/{id:guid}", Permissions.InboxRead, (Viewer viewer, ShowReceived show, Guid id, CancellationToken cancel) => show.RunAsync(viewer, id, cancel))
            .Endpoint("POST", "received/{id:guid}/accept", Permissions.InboxAccept, (Viewer viewer, AcceptReceived accept, Guid id, CancellationToken cancel) => accept.RunAsync(viewer, id, cancel))
            .Endpoint("POST", "received/{id:guid}/refuse", Permissions.InboxAccept, (Viewer viewer, RefuseReceived refuse, Guid id, [FromBody] ReasonBody body, CancellationToken cancel) => refuse.RunAsync(viewer, new(id, body.Reason ?? ""), cancel))
            .Example(new { reason = "Not about this country." });
        builder
            .Endpoint("GET", "peers", Permissions.PeerRead, (Viewer viewer, ListPeers list, CancellationToken cancel) => list.RunAsync(viewer, default, cancel))
            .Endpoint("POST", "peers", Permissions.PeerManage, (Viewer viewer, AddPeer add, [FromBody] PeerForm form, CancellationToken cancel) => add.RunAsync(viewer, form, cancel))
            .Example(new { name = "Regional Response Centre", role = "hub", ceiling = "amber", trust = "trusted" })
            .Endpoint("PUT", "peers/{id:guid}", Permissions.PeerManage, (Viewer viewer, EditPeer edit, Guid id, [FromBody] PeerForm form, CancellationToken cancel) => edit.RunAsync(viewer, new(id, form), cancel))
            .Example(new { name = "Regional Response Centre", role = "hub", ceiling = "green", trust = "trusted" })
            .Endpoint("DELETE", "peers/{id:guid}", Permissions.PeerManage, (Viewer viewer, RemovePeer remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, new(id), cancel))
            .Endpoint("POST", "peers/{id:guid}/credential", Permissions.PeerManage, (Viewer viewer, RotateCredentials rotate, Guid id, [FromBody] CredentialBody body, CancellationToken cancel) => rotate.RunAsync(viewer, new(id, body.Kind ?? "basic", body.Days ?? 365), cancel))
            .Example(new { kind = "basic", days = 365 })
            .Endpoint("PUT", "peers/{id:guid}/secret", Permissions.PeerManage, (Viewer viewer, SetPeerSecret set, Guid id, [FromBody] SecretBody body, CancellationToken cancel) => set.RunAsync(viewer, new(id, body.Kind ?? "basic", body.Login ?? "", body.Secret ?? ""), cancel))
            .Example(new { kind = "basic", login = "samplia", secret = "what the other side issued" });
    }

    private sealed record ApprovalBody(IReadOnlyList<Guid>? Peers = null, string? LegalBasis = null, string? Sha256 = null)
    {
        public Approval For(Guid share) => new(share, Peers ?? [], LegalBasis ?? "", Sha256 ?? "");
    }

    private sealed record ReasonBody(string? Reason = null);

    private sealed record CredentialBody(string? Kind = null, int? Days = null);

    private sealed record SecretBody(string? Kind = null, string? Login = null, string? Secret = null);
}
