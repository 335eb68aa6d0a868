using System.Text.Json;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Sensors;

/// <summary>
/// Heartbeats made into spans of ten minutes by the sensor's own clock: what was counted since the one before. A backlog read late is no silence of the sensor. Counters that went back began
/// anew with the process.
/// </summary>
internal sealed class SensorSpans
{
    /// <summary>Length of a span.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromMinutes(10);

    /// <summary>A first heartbeat counts from the start of the process, which may lie months back: of an engine that ran before, nothing is known to have been now.</summary>
    private const long YoungSeconds = 600;

    private const string Before = "select heartbeat::text as body, delay_seconds as delay from sensing.sensors where id = @sensor";

    private const string Add =
        """
        insert into sensing.sensor_spans as s (sensor_id, at, heartbeats, packets, bytes, drops, delay_seconds)
        values (@sensor, @at, @heartbeats, @packets, @bytes, @drops::jsonb, @delay)
        on conflict (sensor_id, at) do update set
            heartbeats = s.heartbeats + excluded.heartbeats,
            packets = s.packets + excluded.packets,
            bytes = s.bytes + excluded.bytes,
            delay_seconds = greatest(s.delay_seconds, excluded.delay_seconds),
            drops = (select coalesce(jsonb_object_agg(stage, sum), '{}') from (
                select stage, sum(count::bigint) from (select * from jsonb_each_text(s.drops) union all select * from jsonb_each_text(excluded.drops)) as counted (stage, count) group by stage) as summed)
        """;

    /// <summary>Adds <paramref name="heartbeats"/>, in the order in which they were written, before the newest becomes the sensor's last.</summary>
    public static async Task AddAsync(Work work, short sensor, DateTimeOffset now, IReadOnlyList<byte[]> heartbeats, double? delay, CancellationToken cancel)
    {
        var before = await work.FindAsync<BeforeRow>(Before, new { sensor }, cancel);
        var last = before?.Body is null ? null : Heartbeat.Of(before.Body);
        var spans = new SortedDictionary<DateTimeOffset, Sum>();
        foreach (var line in heartbeats)
        {
            var body = System.Text.Encoding.UTF8.GetString(line);
            var beat = Heartbeat.Of(body);
            var at = Start(TimeOf(body, now));
            if (!spans.TryGetValue(at, out var sum))
                spans[at] = sum = new();
            sum.Add(beat, last ?? (beat.UptimeSeconds > YoungSeconds ? beat : Heartbeat.None));
            last = beat;
        }
        var longest = delay is { } d && before?.Delay is { } known ? Math.Max(d, known) : delay ?? before?.Delay;
        foreach (var (at, sum) in spans)
        {
            await work.ExecuteAsync(
                Add,
                new { sensor, at, heartbeats = sum.Beats, packets = sum.Packets, bytes = sum.Bytes, drops = JsonSerializer.Serialize(sum.Drops), delay = at == Start(now) ? longest : null },
                cancel);
        }
    }

    /// <summary>The span that holds <paramref name="time"/>.</summary>
    public static DateTimeOffset Start(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % Span.Ticks), TimeSpan.Zero);

    // A clock that is far off must not write into next year, nor into what is deleted already.
    private static DateTimeOffset TimeOf(string body, DateTimeOffset now)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 128 });
        return document.RootElement.TryGetProperty("timestamp", out var text) && text.ValueKind == JsonValueKind.String
            && EveTime.TryParse(System.Text.Encoding.UTF8.GetBytes(text.GetString()!), out var micros) && EveTime.Time(micros) is var time
            && time < now.AddMinutes(5) && time > now.AddDays(-29) ? time : now;
    }

    private sealed class Sum
    {
        public int Beats { get; private set; }

        public long Packets { get; private set; }

        public long Bytes { get; private set; }

        public Dictionary<string, long> Drops { get; } = new(StringComparer.Ordinal);

        public void Add(Heartbeat beat, Heartbeat before)
        {
            Beats++;
            Packets += Since(beat.Packets, before.Packets);
            Bytes += Since(beat.Bytes, before.Bytes);
            foreach (var drop in beat.Drops)
            {
                if (Since(drop.Count, before.Drops.FirstOrDefault(d => d.Stage == drop.Stage)?.Count ?? 0) is > 0 and var lost)
                    Drops[drop.Stage] = Drops.GetValueOrDefault(drop.Stage) + lost;
            }
        }

        private static long Since(long now, long before) => now >= before ? now - before : now;
    }

    private sealed class BeforeRow
    {
        public string? Body { get; init; }
        public double? Delay { get; init; }
    }
}
