using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Stix;
using Microsoft.Extensions.Logging;

namespace Appliance.Uplink.Inbox;

/// <summary>What became of one received object.</summary>
/// <param name="Object">The object.</param>
/// <param name="Fault">Why it was not taken; empty when it was.</param>
/// <param name="Known">It was here before, byte for byte.</param>
internal sealed record Taken(StixObject Object, string Fault, bool Known);

/// <summary>Puts what peers send into quarantine: raw bytes, verified, marked, each version once. Nothing of it reaches another module before a person accepts it.</summary>
internal sealed class Receive(UplinkOptions options, Acknowledgements acknowledgements, AcknowledgementsRead read, ILogger<Receive> log)
{
    private const string Insert =
        """
        insert into uplink.received (id, peer_id, route, stix_id, type, version, created_by, title, tlp, pap, exercise, state, reason, sha256, raw, refs, received_at)
        select g.id, @Peer, @Route, g.stix_id, g.type, g.version, g.created_by, g.title, g.tlp, g.pap, g.exercise, g.state, g.reason, g.sha256, g.raw, coalesce(string_to_array(nullif(g.refs, ''), ' '), '{}'), @Now
        from (select * from unnest(@Ids::uuid[], @StixIds::text[], @Types::text[], @Versions::timestamptz[], @CreatedBys::text[], @Titles::text[], @Tlps::smallint[], @Paps::smallint[],
                  @Exercises::boolean[], @States::text[], @Reasons::text[], @Hashes::bytea[], @Raws::bytea[], @Refs::text[])
              as u(id, stix_id, type, version, created_by, title, tlp, pap, exercise, state, reason, sha256, raw, refs)) g
        on conflict (peer_id, stix_id, version, sha256) do nothing
        returning id
        """;

    private const string Differing =
        """
        -- every row: tells versions apart, nobody sees them
        select stix_id, version from uplink.received where peer_id = @Peer and stix_id = any(@Ids) and state <> 'invalid'
        """;

    private static readonly HashSet<string> s_items = ["incident", "report", "indicator", "note", "opinion", "vulnerability", "malware", "campaign", "grouping"];

    /// <summary>Takes a page of objects within <paramref name="work"/>.</summary>
    /// <returns>One entry per object, in order.</returns>
    public async Task<IReadOnlyList<Taken>> RunAsync(Work work, Peer peer, string route, IReadOnlyList<string> objects, CancellationToken cancel)
    {
        var parsed = objects.Select(o => StixObject.Read(o, options.MaxObjectKiB * 1024, options.MaxJsonDepth)).ToList();
        var known = (await work.QueryAsync<VersionRow>(Differing, new { Peer = peer.Id, Ids = parsed.Select(p => p.Id).Distinct().ToArray() }, cancel))
            .Select(v => (v.StixId, v.Version)).ToHashSet();
        var told = Told(parsed);
        var rows = new List<Row>(parsed.Count);
        foreach (var item in parsed)
        {
            var (state, reason) = Judge(item);
            // Ids rise in the order of the page, so that the list shows the report above what it names.
            rows.Add(new(Guid.CreateVersion7(work.Now.AddMilliseconds(rows.Count)), item, state == "new" && told.Contains(item.Id) ? "part" : state, reason));
        }
        var inserted = (await work.QueryAsync<Guid>(Insert, Parameters(work, peer, route, rows), cancel)).ToHashSet();
        var taken = new List<Taken>(rows.Count);
        foreach (var row in rows)
        {
            var fresh = inserted.Contains(row.Id);
            var fault = row.State == "invalid" ? row.Reason : "";
            if (fresh && row.Object.Version is { } version && known.Contains((row.Object.Id, Micro(version))))
                Log.VersionDiffers(log, peer.Name, row.Object.Id);
            taken.Add(new(row.Object, fault, !fresh && fault.Length == 0));
            if (!fresh)
                continue;
            if (row.State == "acknowledgement")
                await read.ApplyAsync(work, peer, row.Object, cancel);
            else if (row.Object.Type is "incident" or "report")
                await AcknowledgeAsync(work, peer, row, cancel);
        }
        var invalid = rows.Count(r => r.State == "invalid");
        if (inserted.Count > 0)
        {
            Log.Received(log, peer.Name, inserted.Count, invalid);
            work.Audit("uplink.inbox.received", $"peer/{peer.Id}", new { Route = route, Objects = inserted.Count, Invalid = invalid });
        }
        return taken;
    }

    /// <summary>Ids of what a report of the page names, and of what a relationship ties to an incident of it: they are decided together with it.</summary>
    private static HashSet<string> Told(List<StixObject> page)
    {
        var mains = page.Where(p => p.Type is "incident" or "report").ToList();
        var ids = mains.Select(m => m.Id).ToHashSet();
        return [.. mains.SelectMany(m => m.Refs).Concat(page.Where(p => p.Type == "relationship" && p.Refs.Any(ids.Contains)).SelectMany(p => p.Refs)).Where(i => !ids.Contains(i))];
    }

    /// <summary>State and reason of an object that just came in.</summary>
    private static (string State, string Reason) Judge(StixObject item)
    {
        if (item.Faults.Count > 0)
            return ("invalid", string.Join("; ", item.Faults));
        if (item.Marking.Tlp == Tlp.Red)
            return ("refused", "TLP:RED");
        if (AcknowledgementNote.Is(item))
            return ("acknowledgement", "");
        return (s_items.Contains(item.Type) ? "new" : "part", "");
    }

    private Task AcknowledgeAsync(Work work, Peer peer, Row row, CancellationToken cancel) => row.State switch
    {
        "refused" => acknowledgements.QueueAsync(work, peer, row.Id, row.Object.Id, row.Object.VersionText, "refused", "TLP:RED is for named people; this node takes no such object.", cancel),
        "new" when options.Acknowledge == AcknowledgePolicy.OnReceipt => acknowledgements.QueueAsync(work, peer, row.Id, row.Object.Id, row.Object.VersionText, "received", "", cancel),
        _ => Task.CompletedTask,
    };

    private static object Parameters(Work work, Peer peer, string route, List<Row> rows) => new
    {
        Peer = peer.Id,
        Route = route,
        Ids = rows.Select(r => r.Id).ToArray(),
        StixIds = rows.Select(r => r.Object.Id).ToArray(),
        Types = rows.Select(r => r.Object.Type).ToArray(),
        // An object without a version is the same as long as its bytes are: one fixed moment keeps it once.
        Versions = rows.Select(r => (r.Object.Version is { } v ? Micro(v) : DateTimeOffset.UnixEpoch).UtcDateTime).ToArray(),
        CreatedBys = rows.Select(r => r.Object.CreatedBy).ToArray(),
        Titles = rows.Select(r => r.State == "refused" ? "" : r.Object.Title).ToArray(),
        Tlps = rows.Select(r => (short)r.Object.Marking.Tlp).ToArray(),
        Paps = rows.Select(r => (short)r.Object.Marking.Pap).ToArray(),
        Exercises = rows.Select(r => r.Object.Marking.Exercise).ToArray(),
        States = rows.Select(r => r.State).ToArray(),
        Reasons = rows.Select(r => r.Reason.Length > 1000 ? r.Reason[..1000] : r.Reason).ToArray(),
        Hashes = rows.Select(r => r.Object.Sha256).ToArray(),
        // RED is not kept: nobody here is named by it.
        Raws = rows.Select(r => r.State == "refused" ? [] : r.Object.Raw).ToArray(),
        Refs = rows.Select(r => string.Join(' ', r.Object.Refs.Where(f => StixId.IsValid(f, out _)))).ToArray(),
        work.Now,
    };

    private static DateTimeOffset Micro(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    private sealed record Row(Guid Id, StixObject Object, string State, string Reason);

    private sealed class VersionRow
    {
        public string StixId { get; set; } = "";

        public DateTimeOffset Version { get; set; }
    }
}
