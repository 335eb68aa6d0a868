using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Inbox;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Stix;
using Microsoft.Extensions.Logging;

namespace Appliance.Uplink.Taxii;

/// <summary>Objects that a peer writes into its inbox.</summary>
internal sealed record Posted(Collection Collection, Envelope Envelope);

/// <summary>Takes what a peer posts: into quarantine and into the collection it can read back, durable before it is answered. One bad object does not fail the others.</summary>
internal sealed class PostObjects(Database database, Receive receive, CollectionWriter collections, ILogger<PostObjects> log) : Act<Posted, JsonObject>(database)
{
    private const string Insert = "insert into uplink.statuses (id, peer_id, requested_at, body) values (@Id, @Peer, @Now, @Body::jsonb)";

    private const string Contact = "update uplink.peers set last_contact_at = @Now where id = @Peer";

    public override Permission Permission => Permissions.TaxiiWrite;

    protected override async Task<Outcome<JsonObject>> HandleAsync(Work work, Posted request, CancellationToken cancel)
    {
        if (work.Viewer.Peer is not { } id || await Peer.LockAsync(work, id.Value, cancel) is not { Trust: "trusted" } peer)
            return Refuse.Forbidden("uplink.refused.not-trusted");
        if (request.Envelope.IsBundle)
            Log.BundlePosted(log, peer.Name);
        var taken = await receive.RunAsync(work, peer, "posted", request.Envelope.Objects, cancel);
        var good = taken.Where(t => t.Fault.Length == 0 && t.Object.Marking.Tlp != Tlp.Red).ToList();
        var differing = await collections.AddAsync(work, peer.Id, "inbox", [.. good.Select(t => new NewObject(t.Object.Id, t.Object.Type, t.Object.Version, t.Object.Raw))], cancel);

        var status = Guid.NewGuid();
        var body = Status(status, work.Now, taken, differing);
        await work.ExecuteAsync(Insert, new { Id = status, Peer = peer.Id, work.Now, Body = body.ToJsonString() }, cancel);
        await work.ExecuteAsync(Contact, new { Peer = peer.Id, work.Now }, cancel);
        work.Audit("uplink.inbox.posted", $"peer/{peer.Id}", new { Status = status, Objects = taken.Count, Failed = body["failure_count"]!.GetValue<int>() });
        return body;
    }

    /// <summary>The status resource (section 4.3.1): complete at once, since everything is stored before the answer.</summary>
    private static JsonObject Status(Guid id, DateTimeOffset now, IReadOnlyList<Taken> taken, IReadOnlySet<string> differing)
    {
        var (successes, failures) = (new JsonArray(), new JsonArray());
        foreach (var item in taken)
        {
            var fault = item.Fault.Length > 0 ? item.Fault
                : item.Object.Marking.Tlp == Tlp.Red ? "TLP:RED is for named people; this node takes no such object"
                : differing.Contains(item.Object.Id) ? "this version was sent before with other content; the first stays"
                : "";
            var detail = new JsonObject
            {
                ["id"] = item.Object.Id.Length > 0 ? item.Object.Id : "unknown",
                ["version"] = StixTime.Taxii(item.Object.Version ?? now),
            };
            if (fault.Length > 0)
                detail["message"] = fault;
            (fault.Length > 0 ? failures : successes).Add(detail);
        }
        var body = new JsonObject
        {
            ["id"] = id.ToString(),
            ["status"] = "complete",
            ["request_timestamp"] = StixTime.Taxii(now),
            ["total_count"] = taken.Count,
            ["success_count"] = successes.Count,
            ["failure_count"] = failures.Count,
            ["pending_count"] = 0,
        };
        if (successes.Count > 0)
            body["successes"] = successes;
        if (failures.Count > 0)
            body["failures"] = failures;
        return body;
    }
}

/// <summary>Reads a status resource; only whose request it was may.</summary>
internal sealed class ReadStatus(Database database) : Query<Guid, string>
{
    private const string Find = "select body::text from uplink.statuses where id = @Id and peer_id = @Peer";

    public override Permission Permission => Permissions.TaxiiWrite;

    protected override async Task<Outcome<string>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel) =>
        await database.FindAsync<string>(Find, new { Id = request, Peer = viewer.Peer?.Value }, cancel) is { } body ? body : Refuse.NotFound("uplink.refused.status-unknown");
}
