using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Inbox;

/// <summary>Journals what we tell peers about what they sent; <see cref="Pull.PostAcknowledgements"/> hands it over.</summary>
internal sealed class Acknowledgements(NodeStore nodes)
{
    private const string Insert =
        """
        insert into uplink.acknowledgements (id, peer_id, received_id, verdict, stix_id, body, due_at)
        values (@Id, @Peer, @Received, @Verdict, @StixId, @Body, @Now)
        on conflict (stix_id) do nothing
        """;

    /// <summary>Queues one, within the transaction that took or decided the object. A peer that we never call gets none: its post was answered by a status.</summary>
    public async Task QueueAsync(Work work, Peer peer, Guid received, string about, string version, string verdict, string text, CancellationToken cancel)
    {
        if (peer.RootUrl is null)
            return;
        var note = AcknowledgementNote.Write(await nodes.ReadAsync(cancel), about, version, verdict, text, work.Now);
        await work.ExecuteAsync(
            Insert,
            new { Id = Guid.CreateVersion7(), Peer = peer.Id, Received = received, Verdict = verdict, StixId = note["id"]!.GetValue<string>(), Body = CanonicalJson.Write(note), work.Now },
            cancel);
    }
}

/// <summary>Reads a peer's acknowledgement of what we shared: sets the recipient's state and publishes <see cref="ShareAcknowledged"/>.</summary>
internal sealed class AcknowledgementsRead
{
    private const string Find =
        """
        -- every row: the peer was given the share, and no person sees the row
        select s.id, s.subject, s.tlp, s.pap, s.exercise, r.state
        from uplink.shares s
        join uplink.share_recipients r on r.share_id = s.id
        where r.peer_id = @Peer and s.main_id = any(@Ids) and r.pulled_at is not null and s.state in ('approved', 'withdrawn')
          and (@Version::timestamptz is null or s.modified = @Version)
        order by s.revision desc
        limit 1
        for update of r
        """;

    private const string Update =
        """
        update uplink.share_recipients
        set state = @State, note = @Note, changed_at = @Now, acknowledged_at = coalesce(acknowledged_at, @At)
        where share_id = @Share and peer_id = @Peer
        """;

    /// <summary>Applies the note. One about something that this peer was not given changes nothing.</summary>
    public async Task ApplyAsync(Work work, Peer peer, StixObject item, CancellationToken cancel)
    {
        if (AcknowledgementNote.Read(item) is not { } said)
            return;
        var share = await work.FindAsync<ShareRow>(Find, new { Peer = peer.Id, Ids = said.About.ToArray(), said.Version }, cancel);
        if (share is null)
            return;
        var state = said.Refused ? "refused" : "acknowledged";
        if (share.State == state || share.State == "withdrawn")
            return;
        await work.ExecuteAsync(Update, new { State = state, Note = said.Refused ? said.Text : "", work.Now, said.At, Share = share.Id, Peer = peer.Id }, cancel);
        work.Audit($"uplink.share.{state}", $"share/{share.Id}", new { Peer = peer.Name });
        if (!said.Refused)
        {
            work.Publish(new ShareAcknowledged
            {
                Marking = new((Tlp)share.Tlp, (Pap)share.Pap, share.Exercise),
                Peer = peer.PeerId,
                PeerName = peer.Name,
                Subject = share.Subject,
                AcknowledgedAt = said.At,
            });
        }
    }

    private sealed class ShareRow
    {
        public Guid Id { get; set; }

        public string Subject { get; set; } = "";

        public short Tlp { get; set; }

        public short Pap { get; set; }

        public bool Exercise { get; set; }

        public string State { get; set; } = "";
    }
}
