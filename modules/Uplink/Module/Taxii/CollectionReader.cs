using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Gate;
using Microsoft.Extensions.Logging;

namespace Appliance.Uplink.Taxii;

/// <summary>A collection as a peer sees it.</summary>
internal sealed class Collection
{
    public Guid Id { get; set; }

    public Guid PeerId { get; set; }

    /// <summary>shared or inbox; also its alias, so that a peer can be set up without copying ids.</summary>
    public string Kind { get; set; } = "";

    /// <summary>The peer writes only into its inbox.</summary>
    public bool CanWrite => Kind == "inbox";
}

/// <summary>One object of a page.</summary>
internal sealed class Held
{
    public long Id { get; set; }

    public DateTimeOffset DateAdded { get; set; }

    public string StixId { get; set; } = "";

    public string Type { get; set; } = "";

    public DateTimeOffset Version { get; set; }

    public byte[] Sha256 { get; set; } = [];

    public byte[] Body { get; set; } = [];

    public Guid? ShareId { get; set; }

    /// <summary>True for the incident or report that the share is about.</summary>
    public bool IsMain { get; set; }
}

/// <summary>A page of objects with what the protocol says beside it.</summary>
internal sealed record Served(IReadOnlyList<Held> Items, bool More, string? Next);

/// <summary>Reads collections for peers. The only place where bytes leave the box: the gate's rules stand inside the query and the bytes are held against their hash.</summary>
internal sealed class CollectionReader(Database database, NodeStore nodes, ILogger<CollectionReader> log)
{
    private const string Own = "select c.id, c.peer_id, c.kind from uplink.collections c join uplink.peers p on p.id = c.peer_id where c.peer_id = @Peer and p.removed_at is null order by c.kind desc";

    private const string From =
        $"""
        -- every row: a peer reads what the gate releases to it, by the rules below
        from uplink.objects o
        join uplink.collections c on c.id = o.collection_id
        join uplink.peers p on p.id = c.peer_id
        left join uplink.shares s on s.id = o.share_id
        left join uplink.share_recipients r on r.share_id = o.share_id and r.peer_id = p.id
        where o.collection_id = @Collection and p.id = @Peer and {GateRules.Releasable}
        """;

    private const string Filter =
        """

          and (@After::timestamptz is null or o.date_added > @After)
          and (@From::timestamptz is null or o.date_added > @From)
          and (@Ids::text[] is null or o.stix_id = any(@Ids))
          and (@Types::text[] is null or o.type = any(@Types))
          and (@All or (@Last and o.is_last) or (@First and o.is_first) or o.version = any(@Versions))
        order by o.date_added
        limit @Limit
        """;

    private const string Whole =
        $"select o.id, o.date_added, o.stix_id, o.type, o.version, o.sha256, o.body, o.share_id, coalesce(o.stix_id = s.main_id, false) as is_main\n{From}{Filter}";

    private const string Listed =
        $"select o.id, o.date_added, o.stix_id, o.type, o.version\n{From}{Filter}";

    private const string Known = $"select exists (select 1\n{From} and o.stix_id = @Object)";

    /// <summary>The collections of a peer, the readable one first.</summary>
    public Task<IReadOnlyList<Collection>> OwnAsync(PeerId peer, CancellationToken cancel) => database.QueryAsync<Collection>(Own, new { Peer = peer.Value }, cancel);

    /// <summary>The collection with that id or alias, if it is this peer's.</summary>
    public async Task<Collection?> FindAsync(PeerId peer, string name, CancellationToken cancel) =>
        (await OwnAsync(peer, cancel)).FirstOrDefault(c => string.Equals(c.Kind, name, StringComparison.Ordinal) || string.Equals(c.Id.ToString(), name, StringComparison.OrdinalIgnoreCase));

    /// <summary>True when the peer may know of the object.</summary>
    public Task<bool> HasAsync(Collection collection, string stixId, CancellationToken cancel) =>
        database.FindAsync<bool>(Known, new { Collection = collection.Id, Peer = collection.PeerId, Object = stixId }, cancel);

    /// <summary>A page, with bodies or without.</summary>
    public async Task<Served> ReadAsync(Collection collection, TaxiiFilter filter, bool bodies, CancellationToken cancel)
    {
        if (!filter.Speaks21)
            return new([], false, null);
        var rows = await database.QueryAsync<Held>(
            bodies ? Whole : Listed,
            new
            {
                Collection = collection.Id,
                Peer = collection.PeerId,
                After = filter.AddedAfter,
                filter.From,
                filter.Ids,
                filter.Types,
                filter.All,
                filter.Last,
                filter.First,
                Versions = filter.Versions.Select(v => v.UtcDateTime).ToArray(),
                Limit = filter.Limit + 1,
            },
            cancel);
        var more = rows.Count > filter.Limit;
        var page = more ? rows.Take(filter.Limit).ToList() : rows;
        var next = more ? PageKey.Write(page[^1].DateAdded, filter.Fingerprint, (await nodes.ReadAsync(cancel)).PageKey) : null;
        return new(bodies ? Unchanged(page) : page, more, next);
    }

    /// <summary>Drops what no longer is what was approved. That would be a fault of the disk or a hand in the database; it is logged and shown as missing.</summary>
    private List<Held> Unchanged(IReadOnlyList<Held> page)
    {
        var good = new List<Held>(page.Count);
        foreach (var item in page)
        {
            if (SHA256.HashData(item.Body).AsSpan().SequenceEqual(item.Sha256))
                good.Add(item);
            else
                Log.BytesChanged(log, item.Id, item.StixId);
        }
        return good;
    }
}
