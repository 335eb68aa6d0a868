using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Inbox;

/// <summary>Lets a received object out of quarantine: a warning goes to the assess desk, its indicators to the sensors.</summary>
internal sealed class AcceptReceived(Database database, Acknowledgements acknowledgements, UplinkOptions options) : Act<Guid, Done>(database)
{
    private const string Update = "update uplink.received set state = 'accepted', decided_by = @By, decided_at = @Now where id = any(@Ids) and state in ('new', 'part')";

    public override Permission Permission => Permissions.InboxAccept;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await Received.LockAsync(work, request, cancel) is not { } item)
            return Refuse.NotFound("uplink.refused.received-unknown");
        if (item.State != "new")
            return Refuse.Conflict("uplink.refused.received-state", item.State);
        var accepted = new List<Guid> { item.Id };
        var indicators = 0;
        if (item.Type == "indicator")
        {
            indicators += Publish(work, item) ? 1 : 0;
        }
        else
        {
            using var document = JsonDocument.Parse(item.Raw);
            work.Publish(Warning(item, document.RootElement));
            foreach (var indicator in (await Received.AroundAsync(work, item, cancel)).Where(a => a is { Type: "indicator", State: "new" or "part" }))
            {
                if (!Publish(work, indicator))
                    continue;
                accepted.Add(indicator.Id);
                indicators++;
            }
        }
        await work.ExecuteAsync(Update, new { Ids = accepted.ToArray(), By = work.Viewer.Name, work.Now }, cancel);
        if (options.Acknowledge == AcknowledgePolicy.OnAcceptance && item.Type is "incident" or "report" && await Peer.LockAsync(work, item.PeerId, cancel) is { } peer)
            await acknowledgements.QueueAsync(work, peer, item.Id, item.StixId, StixTime.Stix(item.Version), "received", "", cancel);
        work.Audit("uplink.inbox.accepted", $"received/{item.Id}", new { item.StixId, Peer = item.PeerName, Indicators = indicators });
        return new Done();
    }

    private static WarningReceived Warning(Received item, JsonElement value) => new()
    {
        Marking = item.Marking,
        StixId = item.StixId,
        Peer = item.Peer,
        PeerName = item.PeerName,
        Title = item.Title.Length > 0 ? item.Title : item.StixId,
        Text = StixObject.Text(value, "description") is { Length: > 0 } text ? text : StixObject.Text(value, "content"),
        PublishedAt = StixTime.TryRead(StixObject.Text(value, "published"), out var at) || StixTime.TryRead(StixObject.Text(value, "created"), out at) ? at : item.Version,
    };

    /// <summary>False when the pattern says more than a list of values: it stays in quarantine for a person to read.</summary>
    private static bool Publish(Work work, Received item)
    {
        using var document = JsonDocument.Parse(item.Raw);
        var value = document.RootElement;
        if (StixObject.Text(value, "pattern_type") != "stix" || (value.TryGetProperty("revoked", out var revoked) && revoked.ValueKind == JsonValueKind.True))
            return false;
        var observables = PatternReader.Read(StixObject.Text(value, "pattern"));
        if (observables.Count == 0)
            return false;
        work.Publish(new IndicatorReceived
        {
            Marking = item.Marking,
            StixId = item.StixId,
            Peer = item.Peer,
            Observables = observables,
            ValidUntil = StixTime.TryRead(StixObject.Text(value, "valid_until"), out var until) ? until : null,
        });
        return true;
    }
}

/// <summary>What is refused, and what the sender is told.</summary>
internal sealed record Refused(Guid Received, string Reason);

/// <summary>Refuses a received object; the peer is told why.</summary>
internal sealed class RefuseReceived(Database database, Acknowledgements acknowledgements, UplinkOptions options) : Act<Refused, Done>(database)
{
    private const string Update = "update uplink.received set state = 'refused', reason = @Reason, decided_by = @By, decided_at = @Now where id = @Received";

    public override Permission Permission => Permissions.InboxAccept;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Refused request, CancellationToken cancel)
    {
        if (request.Reason.Trim().Length is 0 or > 500)
            return Refuse.Invalid("uplink.refused.reason", nameof(request.Reason));
        if (await Received.LockAsync(work, request.Received, cancel) is not { } item)
            return Refuse.NotFound("uplink.refused.received-unknown");
        if (item.State != "new")
            return Refuse.Conflict("uplink.refused.received-state", item.State);
        await work.ExecuteAsync(Update, new { request.Received, Reason = request.Reason.Trim(), By = work.Viewer.Name, work.Now }, cancel);
        if (options.Acknowledge != AcknowledgePolicy.Never && item.Type is "incident" or "report" && await Peer.LockAsync(work, item.PeerId, cancel) is { } peer)
            await acknowledgements.QueueAsync(work, peer, item.Id, item.StixId, StixTime.Stix(item.Version), "refused", request.Reason.Trim(), cancel);
        work.Audit("uplink.inbox.refused", $"received/{item.Id}", new { item.StixId, Peer = item.PeerName });
        return new Done();
    }
}
