using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Taxii;

namespace Appliance.Uplink.Gate;

/// <summary>A person's word that exactly these bytes may go to exactly these peers.</summary>
/// <param name="Share">Which share.</param>
/// <param name="Peers">To whom. An empty list shares with nobody and is refused.</param>
/// <param name="LegalBasis">Under which law or agreement.</param>
/// <param name="SeenSha256">Hash of the bundle that was on the screen, lower-case hex.</param>
internal sealed record Approval(Guid Share, IReadOnlyList<Guid> Peers, string LegalBasis, string SeenSha256);

/// <summary>The first of two signatures: recipients and bytes are fixed, nothing leaves yet.</summary>
internal sealed class SignShare(Database database, ApprovalDesk desk) : Act<Approval, Done>(database)
{
    public override Permission Permission => Permissions.SharePrepare;

    protected override Task<Outcome<Done>> HandleAsync(Work work, Approval request, CancellationToken cancel) => desk.SignAsync(work, request, cancel);
}

/// <summary>The approval: the only act after which something can leave.</summary>
internal sealed class ApproveShare(Database database, ApprovalDesk desk) : Act<Approval, Done>(database)
{
    public override Permission Permission => Permissions.ShareApprove;

    protected override Task<Outcome<Done>> HandleAsync(Work work, Approval request, CancellationToken cancel) => desk.ApproveAsync(work, request, cancel);
}

/// <summary>What signing and approving have in common: the checks, the freezing, the release.</summary>
internal sealed class ApprovalDesk(NodeStore nodes, ShareDrafts drafts, CollectionWriter collections, UplinkOptions options)
{
    private const string Sign =
        """
        update uplink.shares
        set state = 'signed', legal_basis = @LegalBasis, rule = @Rule, frozen = @Frozen, frozen_sha256 = @Hash, signed_by = @By, signed_name = @Name, signed_at = @Now
        where id = @Id
        """;

    private const string Approve =
        """
        update uplink.shares
        set state = 'approved', legal_basis = @LegalBasis, rule = @Rule, frozen = @Frozen, frozen_sha256 = @Hash, approved_by = @By, approved_name = @Name, approved_at = @Now
        where id = @Id
        """;

    private const string Queue =
        """
        insert into uplink.share_recipients (share_id, peer_id, state, changed_at)
        select @Id, unnest(@Peers), @State, @Now
        on conflict (share_id, peer_id) do update set state = excluded.state, changed_at = excluded.changed_at
        """;

    private const string Recipients = "select peer_id from uplink.share_recipients where share_id = @Id";

    public async Task<Outcome<Done>> SignAsync(Work work, Approval request, CancellationToken cancel)
    {
        var check = await CheckAsync(work, request, cancel);
        if (!check.TryGet(out var ready))
            return Outcome<Done>.Refused(check.Refusals);
        if (ready.Share.State != "pending")
            return Refuse.Conflict("uplink.refused.share-state", ready.Share.State);
        await work.ExecuteAsync(Sign, Values(work, request, ready), cancel);
        await QueueAsync(work, request, "queued", cancel);
        work.Audit("uplink.share.signed", $"share/{request.Share}", Detail(request, ready));
        return new Done();
    }

    public async Task<Outcome<Done>> ApproveAsync(Work work, Approval request, CancellationToken cancel)
    {
        var check = await CheckAsync(work, request, cancel);
        if (!check.TryGet(out var ready))
            return Outcome<Done>.Refused(check.Refusals);
        if (ready.Rule == GateRules.FourEyes)
        {
            if (ready.Share.State != "signed")
                return Refuse.Conflict("uplink.refused.needs-signature");
            if (ready.Share.SignedBy == work.Viewer.Id.Value)
                return Refuse.Conflict("uplink.refused.same-person");
            var fixedPeers = await work.QueryAsync<Guid>(Recipients, new { Id = request.Share }, cancel);
            if (!fixedPeers.ToHashSet().SetEquals(request.Peers) || ready.Share.LegalBasis != request.LegalBasis.Trim())
                return Refuse.Conflict("uplink.refused.differs-from-signed");
        }
        await work.ExecuteAsync(Approve, Values(work, request, ready), cancel);
        await QueueAsync(work, request, "available", cancel);
        foreach (var peer in ready.Peers.OrderBy(p => p.Id))
            await collections.ReleaseAsync(work, peer.Id, ready.Share.Id, ready.Bytes, cancel);
        work.Audit("uplink.share.approved", $"share/{request.Share}", Detail(request, ready));
        return new Done();
    }

    private async Task<Outcome<Ready>> CheckAsync(Work work, Approval request, CancellationToken cancel)
    {
        if (await Share.LockAsync(work, request.Share, cancel) is not { } share)
            return Refuse.NotFound("uplink.refused.share-unknown");
        if (share.State is not ("pending" or "signed"))
            return Refuse.Conflict("uplink.refused.share-state", share.State);
        var rule = GateRules.RuleFor(share.Marking, options.FourEyes);
        if (GateRules.Forbids(rule))
            return Refuse.Conflict(rule);
        var faults = new List<Refusal>();
        if (request.LegalBasis.Trim().Length is 0 or > 2000)
            faults.Add(Refuse.Invalid("uplink.refused.legal-basis", nameof(request.LegalBasis)));
        if (request.Peers.Count == 0)
            faults.Add(Refuse.Invalid("uplink.refused.no-recipient", nameof(request.Peers)));
        var peers = await Peer.ReadAsync(work, [.. request.Peers.Distinct()], cancel);
        if (peers.Count != request.Peers.Distinct().Count())
            faults.Add(Refuse.Invalid("uplink.refused.peer-unknown", nameof(request.Peers)));
        foreach (var peer in peers)
            if (GateRules.Hinders(share.Marking, peer) is { } reason)
                faults.Add(Refuse.Invalid(reason, nameof(request.Peers), peer.Name));
        // Built again from the record: what the constituency withholds today counts, not what it withheld when the share arrived.
        var source = ShareSource.Of(share);
        var (bundle, _) = drafts.Build(await nodes.ReadAsync(cancel), share.Id, source, share.Generation, share.Created, share.Modified);
        var bytes = Encoding.UTF8.GetBytes(bundle);
        var hash = SHA256.HashData(bytes);
        if (Convert.ToHexStringLower(hash) != request.SeenSha256 || (share.State == "signed" && !hash.AsSpan().SequenceEqual(share.FrozenSha256)))
            faults.Add(Refuse.Conflict("uplink.refused.changed"));
        return faults.Count > 0 ? Outcome<Ready>.Refused(faults) : new Ready(share, rule, peers, bytes, hash);
    }

    private static object Values(Work work, Approval request, Ready ready) => new
    {
        Id = request.Share,
        LegalBasis = request.LegalBasis.Trim(),
        ready.Rule,
        Frozen = ready.Bytes,
        ready.Hash,
        By = work.Viewer.Id.Value,
        work.Viewer.Name,
        work.Now,
    };

    private static Task QueueAsync(Work work, Approval request, string state, CancellationToken cancel) =>
        work.ExecuteAsync(Queue, new { Id = request.Share, Peers = request.Peers.Distinct().ToArray(), State = state, work.Now }, cancel);

    private static object Detail(Approval request, Ready ready) => new
    {
        ready.Share.Subject,
        ready.Share.Revision,
        Sha256 = Convert.ToHexStringLower(ready.Hash),
        Bytes = ready.Bytes.Length,
        Peers = ready.Peers.Select(p => p.Name).ToArray(),
        LegalBasis = request.LegalBasis.Trim(),
        ready.Rule,
    };

    private sealed record Ready(Share Share, string Rule, IReadOnlyList<Peer> Peers, byte[] Bytes, byte[] Hash);
}
