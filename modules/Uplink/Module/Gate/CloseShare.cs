using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Taxii;

namespace Appliance.Uplink.Gate;

/// <summary>Which share, and why.</summary>
internal sealed record ShareReason(Guid Share, string Reason)
{
    /// <summary>What is wrong with it.</summary>
    public Refusal? Fault() => Reason.Trim().Length is 0 or > 2000 ? Refuse.Invalid("uplink.refused.reason", nameof(Reason)) : null;
}

/// <summary>Sends a pending share back: it does not leave, and the reason stays with it.</summary>
internal sealed class ReturnShare(Database database) : Act<ShareReason, Done>(database)
{
    private const string Update = "update uplink.shares set state = 'returned', reason = @Reason, closed_by = @By, closed_at = @Now where id = @Share";

    private const string Forget = "delete from uplink.share_recipients where share_id = @Share and state = 'queued'";

    public override Permission Permission => Permissions.ShareApprove;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ShareReason request, CancellationToken cancel)
    {
        if (request.Fault() is { } fault)
            return fault;
        if (await Share.LockAsync(work, request.Share, cancel) is not { } share)
            return Refuse.NotFound("uplink.refused.share-unknown");
        if (share.State is not ("pending" or "signed"))
            return Refuse.Conflict("uplink.refused.share-state", share.State);
        await work.ExecuteAsync(Update, new { request.Share, Reason = request.Reason.Trim(), By = work.Viewer.Name, work.Now }, cancel);
        await work.ExecuteAsync(Forget, request, cancel);
        work.Audit("uplink.share.returned", $"share/{request.Share}", new { share.Subject, share.Revision });
        return new Done();
    }
}

/// <summary>Takes an approved share back, with the revisions before it: unread they vanish; where they were read, revocations of their objects take their place.</summary>
internal sealed class WithdrawShare(Database database, CollectionWriter collections) : Act<ShareReason, Done>(database)
{
    private const string Family =
        $"""
        select {Share.Columns}
        from uplink.shares m
        where m.subject = @Subject and m.generation = @Generation and m.state = 'approved' and {Kernel.Permissions.Visible.Rows}
        order by m.revision
        for update
        """;

    private const string Readers =
        """
        select r.share_id, p.id as peer_id, p.name
        from uplink.peers p
        join uplink.share_recipients r on r.peer_id = p.id
        where r.share_id = any(@Shares) and r.pulled_at is not null and p.removed_at is null
        """;

    private const string Update = "update uplink.shares set state = 'withdrawn', reason = @Reason, closed_by = @By, closed_at = @Now where id = any(@Shares)";

    private const string Recipients = "update uplink.share_recipients set state = 'withdrawn', changed_at = @Now where share_id = any(@Shares)";

    public override Permission Permission => Permissions.ShareApprove;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ShareReason request, CancellationToken cancel)
    {
        if (request.Fault() is { } fault)
            return fault;
        if (await Share.LockAsync(work, request.Share, cancel) is not { } share)
            return Refuse.NotFound("uplink.refused.share-unknown");
        if (share.State != "approved")
            return Refuse.Conflict("uplink.refused.share-state", share.State);
        var family = await work.QueryAsync<Share>(Family, Kernel.Permissions.Visible.With(work.Viewer, new { share.Subject, share.Generation }), cancel);
        var ids = family.Select(f => f.Id).ToArray();
        var readers = await work.QueryAsync<Reader>(Readers, new { Shares = ids }, cancel);
        await collections.RemoveAsync(work, ids, cancel);
        foreach (var peer in readers.GroupBy(r => r.PeerId).OrderBy(g => g.Key))
        {
            var read = family.Where(f => peer.Any(p => p.ShareId == f.Id)).ToList();
            await collections.RevokeAsync(work, peer.Key, read, cancel);
        }
        await work.ExecuteAsync(Recipients, new { Shares = ids, work.Now }, cancel);
        await work.ExecuteAsync(Update, new { Shares = ids, Reason = request.Reason.Trim(), By = work.Viewer.Name, work.Now }, cancel);
        work.Audit("uplink.share.withdrawn", $"share/{request.Share}", new { share.Subject, share.Revision, ReadBy = readers.Select(r => r.Name).Distinct().ToArray() });
        return new Done();
    }

    private sealed class Reader
    {
        public Guid ShareId { get; set; }

        public Guid PeerId { get; set; }

        public string Name { get; set; } = "";
    }
}
