using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Kernel.Data;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Taxii;

/// <summary>An object to add to a collection.</summary>
/// <param name="Version">Null for objects without one: the moment of adding counts.</param>
internal sealed record NewObject(string StixId, string Type, DateTimeOffset? Version, byte[] Body, Guid? Share = null, bool Revokes = false);

/// <summary>Adds objects to collections. The only writer: it holds the collection's row until commit, so that date_added rises in commit order and none is skipped by a reader.</summary>
internal sealed class CollectionWriter
{
    private const string Lock =
        """
        select id, greatest(last_added + interval '1 microsecond', date_trunc('microseconds', clock_timestamp())) as base
        from uplink.collections
        where peer_id = @Peer and kind = @Kind
        for update
        """;

    private const string Present = "select id, stix_id, version, sha256, is_first, is_last from uplink.objects where collection_id = @Collection and stix_id = any(@Ids)";

    private const string Insert =
        """
        insert into uplink.objects (collection_id, share_id, date_added, stix_id, type, version, is_first, is_last, revokes, sha256, body)
        select @Collection, g.share_id, g.date_added, g.stix_id, g.type, g.version, g.is_first, g.is_last, g.revokes, g.sha256, g.body
        from unnest(@Shares::uuid[], @Added::timestamptz[], @Ids::text[], @Types::text[], @Versions::timestamptz[], @Firsts::boolean[], @Lasts::boolean[], @Revokes::boolean[], @Hashes::bytea[], @Bodies::bytea[])
            as g(share_id, date_added, stix_id, type, version, is_first, is_last, revokes, sha256, body)
        order by g.date_added
        """;

    private const string Outdate = "update uplink.objects set is_last = false where id = any(@Rows)";

    private const string Predate = "update uplink.objects set is_first = false where id = any(@Rows)";

    private const string Advance = "update uplink.collections set last_added = @Last where id = @Collection";

    private const string Remove = "delete from uplink.objects where share_id = any(@shares) and not revokes returning collection_id, stix_id";

    private const string Recount =
        """
        update uplink.objects o
        set is_first = o.id = x.first_id, is_last = o.id = x.last_id
        from (select distinct collection_id, stix_id,
                     first_value(id) over (partition by collection_id, stix_id order by version, id) as first_id,
                     first_value(id) over (partition by collection_id, stix_id order by version desc, id desc) as last_id
              from uplink.objects
              where collection_id = any(@Collections) and stix_id = any(@Ids)) x
        where o.collection_id = x.collection_id and o.stix_id = x.stix_id
          and (o.is_first <> (o.id = x.first_id) or o.is_last <> (o.id = x.last_id))
        """;

    /// <summary>Puts the approved bytes of a share where <paramref name="peer"/> may read them.</summary>
    public Task ReleaseAsync(Work work, Guid peer, Guid share, byte[] bundle, CancellationToken cancel)
    {
        using var document = JsonDocument.Parse(bundle);
        var objects = document.RootElement.GetProperty("objects").EnumerateArray().Select(o => Make(o, share)).ToList();
        return AddAsync(work, peer, "shared", objects, cancel);
    }

    /// <summary>Puts revocations of what <paramref name="read"/> said in place of it.</summary>
    public Task RevokeAsync(Work work, Guid peer, IReadOnlyList<Share> read, CancellationToken cancel)
    {
        var last = new Dictionary<string, (JsonObject Value, Guid Share)>();
        foreach (var share in read)
            foreach (var item in JsonNode.Parse(share.Frozen)!["objects"]!.AsArray())
                if (item!["modified"] is not null && item["type"]!.GetValue<string>() is not ("identity" or "extension-definition"))
                    last[item["id"]!.GetValue<string>()] = (item.AsObject(), share.Id);
        var now = StixTime.Milliseconds(work.Now);
        var newest = read.Max(r => r.Modified);
        var modified = now > newest ? now : newest.AddMilliseconds(1);
        var objects = last.Values.Select(l =>
        {
            var revoked = l.Value.DeepClone().AsObject();
            revoked["modified"] = StixTime.Stix(modified);
            revoked["revoked"] = true;
            return new NewObject(revoked["id"]!.GetValue<string>(), revoked["type"]!.GetValue<string>(), modified, CanonicalJson.Write(revoked), l.Share, Revokes: true);
        }).ToList();
        return AddAsync(work, peer, "shared", objects, cancel);
    }

    /// <summary>Takes the objects of shares out of all collections.</summary>
    public async Task RemoveAsync(Work work, Guid[] shares, CancellationToken cancel)
    {
        var gone = await work.QueryAsync<Gone>(Remove, new { shares }, cancel);
        if (gone.Count > 0)
            await RecountAsync(work, gone.Select(g => g.CollectionId), gone.Select(g => g.StixId), cancel);
    }

    internal static Task RecountAsync(Work work, IEnumerable<Guid> collections, IEnumerable<string> ids, CancellationToken cancel) =>
        work.ExecuteAsync(Recount, new { Collections = collections.Distinct().ToArray(), Ids = ids.Distinct().ToArray() }, cancel);

    /// <summary>Adds objects to a peer's collection in order. One that is there already, byte for byte, is not added again.</summary>
    /// <returns>Ids that were refused because the same version exists with other bytes.</returns>
    public async Task<IReadOnlySet<string>> AddAsync(Work work, Guid peer, string kind, IReadOnlyList<NewObject> objects, CancellationToken cancel)
    {
        var place = await work.FindAsync<Place>(Lock, new { Peer = peer, Kind = kind }, cancel) ?? throw new InvalidOperationException($"peer {peer} has no {kind} collection");
        var present = (await work.QueryAsync<Row>(Present, new { Collection = place.Id, Ids = objects.Select(o => o.StixId).Distinct().ToArray() }, cancel))
            .GroupBy(r => r.StixId).ToDictionary(g => g.Key, g => g.ToList());
        var added = new List<Row>(objects.Count);
        var differing = new HashSet<string>();
        var at = place.Base;
        foreach (var item in objects)
        {
            var hash = SHA256.HashData(item.Body);
            var versions = present.TryGetValue(item.StixId, out var known) ? known : present[item.StixId] = [];
            if (item.Version is { } own && versions.Find(v => v.Version == Micro(own)) is { } same)
            {
                if (!same.Sha256.AsSpan().SequenceEqual(hash))
                    differing.Add(item.StixId);
                continue;
            }
            if (item.Version is null && item.Share is null && versions.Exists(v => v.Sha256.AsSpan().SequenceEqual(hash)))
                continue;
            var row = new Row { StixId = item.StixId, Version = item.Version is { } v ? Micro(v) : at, Sha256 = hash, IsFirst = true, IsLast = true, Item = item, Added = at };
            Order(versions, row);
            versions.Add(row);
            added.Add(row);
            at = at.AddMicroseconds(1);
        }
        if (added.Count == 0)
            return differing;
        await work.ExecuteAsync(Outdate, new { Rows = Changed(present, r => r.WasLast && !r.IsLast) }, cancel);
        await work.ExecuteAsync(Predate, new { Rows = Changed(present, r => r.WasFirst && !r.IsFirst) }, cancel);
        await work.ExecuteAsync(
            Insert,
            new
            {
                Collection = place.Id,
                Shares = added.Select(a => a.Item!.Share).ToArray(),
                Added = added.Select(a => a.Added.UtcDateTime).ToArray(),
                Ids = added.Select(a => a.StixId).ToArray(),
                Types = added.Select(a => a.Item!.Type).ToArray(),
                Versions = added.Select(a => a.Version.UtcDateTime).ToArray(),
                Firsts = added.Select(a => a.IsFirst).ToArray(),
                Lasts = added.Select(a => a.IsLast).ToArray(),
                Revokes = added.Select(a => a.Item!.Revokes).ToArray(),
                Hashes = added.Select(a => a.Sha256).ToArray(),
                Bodies = added.Select(a => a.Item!.Body).ToArray(),
            },
            cancel);
        await work.ExecuteAsync(Advance, new { Last = added[^1].Added, Collection = place.Id }, cancel);
        return differing;
    }

    private static void Order(List<Row> versions, Row row)
    {
        foreach (var other in versions)
        {
            if (other.Version > row.Version)
                (row.IsLast, other.IsFirst) = (false, false);
            else
                (row.IsFirst, other.IsLast) = (false, false);
        }
    }

    private static long[] Changed(Dictionary<string, List<Row>> present, Func<Row, bool> test) =>
        [.. present.Values.SelectMany(v => v).Where(r => r.Item is null && test(r)).Select(r => r.Id)];

    private static DateTimeOffset Micro(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    private static NewObject Make(JsonElement value, Guid share)
    {
        var (id, type) = (value.GetProperty("id").GetString()!, value.GetProperty("type").GetString()!);
        // Markings, identities and the extension belong to no share: withdrawing one must not take them from another.
        var common = type is "marking-definition" or "identity" or "extension-definition";
        var written = value.TryGetProperty("modified", out var modified) ? modified.GetString() : value.TryGetProperty("created", out var created) ? created.GetString() : null;
        return new(id, type, StixTime.TryRead(written, out var version) ? version : null, CanonicalJson.Write(value), common ? null : share);
    }

    private sealed class Place
    {
        public Guid Id { get; set; }

        public DateTimeOffset Base { get; set; }
    }

    private sealed class Gone
    {
        public Guid CollectionId { get; set; }

        public string StixId { get; set; } = "";
    }

    private sealed class Row
    {
        private bool? _wasFirst;
        private bool? _wasLast;

        public long Id { get; set; }

        public string StixId { get; set; } = "";

        public DateTimeOffset Version { get; set; }

        public byte[] Sha256 { get; set; } = [];

        public bool IsFirst
        {
            get;
            set => (_wasFirst, field) = (_wasFirst ?? value, value);
        }

        public bool IsLast
        {
            get;
            set => (_wasLast, field) = (_wasLast ?? value, value);
        }

        public bool WasFirst => _wasFirst ?? false;

        public bool WasLast => _wasLast ?? false;

        public NewObject? Item { get; set; }

        public DateTimeOffset Added { get; set; }
    }
}
