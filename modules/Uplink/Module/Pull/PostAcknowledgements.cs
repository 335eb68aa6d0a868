using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Peers;
using Microsoft.Extensions.Logging;

namespace Appliance.Uplink.Pull;

/// <summary>Hands journalled acknowledgements to a peer. A post whose outcome is unknown is repeated: the note's id keeps it one note.</summary>
internal sealed class PostAcknowledgements(Database database, TaxiiClient client, TimeProvider time, ILogger<PostAcknowledgements> log)
{
    private const string Due =
        "select id, stix_id, body, tries from uplink.acknowledgements where peer_id = @Peer and state = 'queued' and due_at <= @Now order by due_at limit 100";

    private const string Sent = "update uplink.acknowledgements set state = 'sent', sent_at = @Now, tries = tries + 1, last_error = null where id = any(@Ids)";

    private const string Refused = "update uplink.acknowledgements set state = 'failed', tries = tries + 1, last_error = @Reason where id = @Id";

    private const string Later =
        """
        update uplink.acknowledgements
        set tries = tries + 1, due_at = @Due, last_error = @Reason, state = case when tries + 1 >= 100 then 'failed' else state end
        where id = any(@Ids)
        """;

    private const string Failed = "update uplink.peers set last_error = @Reason, last_error_at = @Now where id = @Peer";

    /// <summary>Posts what is due for one peer.</summary>
    public async Task RunAsync(Peer peer, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<Row>(Due, new { Peer = peer.Id, Now = time.GetUtcNow() }, cancel);
        if (rows.Count == 0)
            return;
        try
        {
            var refused = await client.PostAsync(peer, [.. rows.Select(r => r.Body)], cancel);
            await using var work = await database.BeginAsync(Viewer.System("uplink"), cancel);
            await work.ExecuteAsync(Sent, new { Ids = rows.Where(r => !refused.ContainsKey(r.StixId)).Select(r => r.Id).ToArray(), work.Now }, cancel);
            foreach (var row in rows.Where(r => refused.ContainsKey(r.StixId)))
                await work.ExecuteAsync(Refused, new { row.Id, Reason = refused[row.StixId] }, cancel);
            work.Audit("uplink.acknowledgements.sent", $"peer/{peer.Id}", new { Count = rows.Count, Refused = refused.Count });
            await work.CommitAsync(cancel);
        }
        catch (PeerFaultException fault)
        {
            var now = time.GetUtcNow();
            var wait = TimeSpan.FromSeconds(Math.Min(600, Math.Pow(2, Math.Min(rows.Max(r => r.Tries), 10))));
            await database.ExecuteAsync(Later, new { Ids = rows.Select(r => r.Id).ToArray(), Due = now + wait, Reason = fault.Message }, cancel);
            await database.ExecuteAsync(Failed, new { Peer = peer.Id, Reason = fault.Message, Now = now }, cancel);
            Log.AcknowledgeFailed(log, peer.Name, rows.Count, fault.Message);
        }
    }

    private sealed class Row
    {
        public Guid Id { get; set; }

        public string StixId { get; set; } = "";

        public byte[] Body { get; set; } = [];

        public int Tries { get; set; }
    }
}
