using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Taxii;

/// <summary>Which versions of which object to take out.</summary>
internal sealed record Deletion(Collection Collection, string StixId, TaxiiFilter Filter);

/// <summary>Lets a peer take out of its inbox collection what it wrote (section 5.7: a collection that it may read and write). The quarantine keeps what was received.</summary>
internal sealed class DeleteObject(Database database) : Act<Deletion, Done>(database)
{
    private const string Delete =
        """
        delete from uplink.objects o
        using uplink.collections c
        where c.id = o.collection_id and c.id = @Collection and c.peer_id = @Peer and c.kind = 'inbox' and o.stix_id = @StixId
          and (@All or (@Last and o.is_last) or (@First and o.is_first) or o.version = any(@Versions))
        """;

    public override Permission Permission => Permissions.TaxiiWrite;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Deletion request, CancellationToken cancel)
    {
        if (work.Viewer.Peer is not { } peer || !request.Collection.CanWrite || request.Collection.PeerId != peer.Value)
            return Refuse.Forbidden("uplink.refused.not-writable");
        var filter = request.Filter;
        var gone = filter.Speaks21
            ? await work.ExecuteAsync(
                Delete,
                new
                {
                    Collection = request.Collection.Id,
                    Peer = peer.Value,
                    request.StixId,
                    filter.All,
                    filter.Last,
                    filter.First,
                    Versions = filter.Versions.Select(v => v.UtcDateTime).ToArray(),
                },
                cancel)
            : 0;
        await CollectionWriter.RecountAsync(work, [request.Collection.Id], [request.StixId], cancel);
        work.Audit("uplink.inbox.deleted", $"peer/{peer}", new { request.StixId, Versions = gone });
        return new Done();
    }
}
