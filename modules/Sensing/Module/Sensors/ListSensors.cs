using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Sensors;

/// <summary>One sensor as the page shows it.</summary>
internal sealed class SensorRow
{
    public short Id { get; init; }
    public string Name { get; init; } = "";
    public string Path { get; init; } = "";
    public string Kind { get; init; } = "";
    public bool Present { get; init; }
    public string[] Interfaces { get; init; } = [];
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }
    public string? Version { get; init; }
    public string? Matcher { get; init; }
    public bool? CanCapture { get; init; }
    public DateTimeOffset? HeartbeatAt { get; init; }
    public string? HeartbeatBody { get; init; }
    public DateTimeOffset? LastRecordAt { get; init; }
    public DateTimeOffset? LastPacketAt { get; init; }
    public double? DelaySeconds { get; init; }
    public int? Generation { get; init; }
    public string? GenerationState { get; init; }
    public int RulesLoaded { get; init; }
    public int RulesFailed { get; init; }
    public long Lines { get; init; }
    public long Rejected { get; init; }
    public long Mended { get; init; }
    public DateTimeOffset? ReadAt { get; init; }

    public Heartbeat Heartbeat { get; set; } = Heartbeat.None;

    /// <summary>running, silent, stopped, never or absent.</summary>
    public string State { get; set; } = "";

    /// <summary>The last runs that carried its folder from another machine; null for one that is here.</summary>
    public CarriedFolder? Carried { get; set; }

    /// <summary>True when its folder has not been carried for longer than is usual.</summary>
    public bool CarriedLate { get; set; }

    /// <summary>Segments that wait to be read, and their bytes.</summary>
    public int WaitingSegments { get; set; }

    public long WaitingBytes { get; set; }

    /// <summary>The newest generation that was put before the sensors.</summary>
    public int? Published { get; init; }

    /// <summary>Packets of the spans of the last minutes, and what was lost of them.</summary>
    public long RecentPackets { get; init; }
    public long RecentLost { get; init; }
    public double RecentSeconds { get; init; }

    /// <summary>Packets a second over the last ten to twenty minutes; null when nothing is known.</summary>
    public double? Rate => RecentSeconds > 0 ? RecentPackets / RecentSeconds : null;

    /// <summary>Lost of what came, from 0 to 100; null when nothing came.</summary>
    public double? LossPercent => RecentPackets + RecentLost > 0 ? 100.0 * RecentLost / (RecentPackets + RecentLost) : null;

    /// <summary>The last sign of life.</summary>
    public DateTimeOffset? LastSign => new[] { HeartbeatAt, StartedAt, IsOurs ? null : LastRecordAt }.Max();

    public bool IsOurs => Kind == "folder";
}

/// <summary>Asks for all sensors.</summary>
internal sealed record ListSensorsRequest;

/// <summary>The sensors with their last words.</summary>
internal sealed class ListSensors(Database database, SensorStates states) : Query<ListSensorsRequest, IReadOnlyList<SensorRow>>
{
    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<IReadOnlyList<SensorRow>>> HandleAsync(Viewer viewer, ListSensorsRequest request, CancellationToken cancel) =>
        new List<SensorRow>(await states.ReadAsync(database, cancel));
}

/// <summary>Reads the sensors' rows and judges them. Shared by the page, the health probes and the pipeline's diagnosis.</summary>
internal sealed class SensorStates(SensingOptions options, TimeProvider time)
{
    private const string Sql =
        """
        select s.id, s.name, s.path, s.kind, s.present, s.interfaces, s.started_at, s.stopped_at, s.version, s.matcher, s.can_capture, s.heartbeat_at,
            s.heartbeat::text as heartbeat_body, s.last_record_at, s.last_packet_at, s.delay_seconds,
            (select max(number) from sensing.generations where state = 'published') as published,
            coalesce(r.packets, 0)::bigint as recent_packets, coalesce(r.lost, 0)::bigint as recent_lost, coalesce(extract(epoch from least(s.heartbeat_at, @now) - r.since), 0)::float8 as recent_seconds,
            g.generation, g.state as generation_state, coalesce(g.rules_loaded, 0) as rules_loaded, coalesce(g.rules_failed, 0) as rules_failed,
            coalesce(b.lines, 0)::bigint as lines, coalesce(b.rejected, 0)::bigint as rejected, coalesce(b.mended, 0)::bigint as mended, b.read_at
        from sensing.sensors s
        left join lateral (select * from sensing.sensor_generations where sensor_id = s.id order by generation desc limit 1) g on true
        left join lateral (
            select sum(lines) as lines, sum(rejected) as rejected, sum(mended) as mended, max(read_at) as read_at
            from sensing.bookmarks where sensor_id = s.id) b on true
        left join lateral (
            select sum(p.packets) as packets, sum((select sum(value::bigint) from jsonb_each_text(p.drops))) as lost, greatest(min(p.at), s.started_at) as since
            from sensing.sensor_spans p where p.sensor_id = s.id and p.at > @now - interval '20 minutes') r on true
        order by s.present desc, s.name
        """;

    private const string Bookmarks = "select sensor_id as sensor, stream, segment from sensing.bookmarks";

    public async Task<IReadOnlyList<SensorRow>> ReadAsync(Database database, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<SensorRow>(Sql, new { now = time.GetUtcNow() }, cancel, 5);
        var bookmarks = (await database.QueryAsync<BookmarkRow>(Bookmarks, null, cancel, 5)).ToLookup(b => b.Sensor);
        var now = time.GetUtcNow();
        foreach (var row in rows)
        {
            row.Heartbeat = Heartbeat.Of(row.HeartbeatBody);
            row.State = StateOf(row, now);
            if (row.Present && options.Folders.Any(f => f.Carried && f.Name == row.Name))
            {
                row.Carried = CarriedFolder.Read(row.Path);
                row.CarriedLate = row.Carried.IsLate(now, CarriedFolder.Patience(options));
            }
            if (!row.IsOurs || !row.Present)
                continue;
            foreach (var bookmark in bookmarks[row.Id])
            {
                var (segments, bytes) = new SegmentFolder(row.Path).Waiting(bookmark.Stream, bookmark.Segment);
                row.WaitingSegments += segments;
                row.WaitingBytes += bytes;
            }
        }
        return rows;
    }

    private string StateOf(SensorRow row, DateTimeOffset now)
    {
        if (!row.Present)
            return "absent";
        // A stock Suricata may be set to write no stats: any record is a sign of life then.
        var sign = row.IsOurs ? row.HeartbeatAt : row.HeartbeatAt > row.LastRecordAt ? row.HeartbeatAt : row.LastRecordAt;
        if (sign is null && row.StartedAt is null)
            return "never";
        if (row.StoppedAt is { } stopped && stopped >= (sign ?? DateTimeOffset.MinValue))
            return "stopped";
        var last = sign > row.StartedAt || row.StartedAt is null ? sign : row.StartedAt;
        return now - last > TimeSpan.FromSeconds(options.SilenceSeconds) ? "silent" : "running";
    }

    private sealed class BookmarkRow
    {
        public short Sensor { get; init; }
        public string Stream { get; init; } = "";
        public long Segment { get; init; }
    }
}
