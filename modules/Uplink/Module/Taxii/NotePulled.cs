using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Taxii;

/// <summary>Notes that a peer was here, and which shares it took: in the recipients' states and in the audit trail.</summary>
internal sealed class NotePulled(Database database, TimeProvider time)
{
    private const string Seen = "update uplink.peers set last_contact_at = @Now where id = @Peer and (last_contact_at is null or last_contact_at < @Before)";

    private const string Take =
        """
        update uplink.share_recipients
        set state = case when state = 'available' then 'pulled' else state end, pulled_at = @Now, changed_at = case when state = 'available' then @Now else changed_at end
        where peer_id = @Peer and share_id = any(@Shares) and pulled_at is null
        returning share_id
        """;

    /// <summary>A call came in from <paramref name="peer"/>; written at most every few seconds.</summary>
    public Task ContactAsync(PeerId peer, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return database.ExecuteAsync(Seen, new { Peer = peer.Value, Now = now, Before = now.AddSeconds(-5) }, cancel);
    }

    /// <summary>A page is about to be handed over.</summary>
    public async Task NoteAsync(PeerId peer, Served page, CancellationToken cancel)
    {
        var shares = page.Items.Where(i => i is { IsMain: true, ShareId: not null }).Select(i => i.ShareId!.Value).Distinct().ToArray();
        if (shares.Length == 0)
            return;
        await using var work = await database.BeginAsync(Viewer.System("uplink"), cancel);
        foreach (var share in await work.QueryAsync<Guid>(Take, new { Peer = peer.Value, Shares = shares, work.Now }, cancel))
            work.Audit("uplink.share.pulled", $"share/{share}", new { Peer = peer.ToString() });
        if (work.HasAudit)
            await work.CommitAsync(cancel);
    }
}
