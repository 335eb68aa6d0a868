using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Sensors;

/// <summary>What one sensor did in ten minutes.</summary>
/// <param name="At">When they began.</param>
/// <param name="Heartbeats">How often it reported; 0 in a span of silence.</param>
/// <param name="Packets">Packets seen.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Drops">Lost, by stage.</param>
/// <param name="DelaySeconds">The longest time from a packet to its row here.</param>
/// <param name="IsSilent">True when it should have reported and did not.</param>
internal sealed record SensorSpan(DateTimeOffset At, int Heartbeats, long Packets, long Bytes, IReadOnlyDictionary<string, long> Drops, double? DelaySeconds, bool IsSilent);

/// <summary>From when to when a sensor did not report; open while it still does not.</summary>
internal sealed record Silence(DateTimeOffset From, DateTimeOffset? To);

/// <summary>Something the sensor said.</summary>
internal sealed class SensorAnswer
{
    public long Id { get; init; }
    public DateTimeOffset At { get; init; }
    public string Message { get; init; } = "";
    public string Body { get; init; } = "";
}

/// <summary>A generation as this sensor took it, or as it still waits for it.</summary>
internal sealed class SensorGeneration
{
    public int Number { get; init; }
    public DateTimeOffset? PublishedAt { get; init; }
    public string? State { get; init; }
    public int RulesLoaded { get; init; }
    public int RulesFailed { get; init; }
    public string? Reason { get; init; }
    public double? Seconds { get; init; }
    public DateTimeOffset? At { get; init; }
}

/// <summary>Everything the page of a sensor shows.</summary>
internal sealed record SensorPage(SensorRow Sensor, IReadOnlyList<SensorSpan> Spans, IReadOnlyList<Silence> Silences, IReadOnlyList<SensorAnswer> Answers, IReadOnlyList<SensorGeneration> Generations, SensorOrder? Order)
{
    /// <summary>Lost over the spans, by stage; every stage that this sensor counts.</summary>
    public IReadOnlyList<(string Stage, long Day, long Start)> Losses =>
        [.. Sensor.Heartbeat.Drops.Select(d => (d.Stage, Spans.Sum(s => s.Drops.GetValueOrDefault(d.Stage)), d.Count))];
}

/// <summary>One sensor with its last day.</summary>
internal sealed class ShowSensor(Database database, SensorStates states, TimeProvider time) : Query<SensorRequest, SensorPage>
{
    private const int Spans = 144;

    private const string Day = "select at, heartbeats, packets, bytes, drops::text as drops, delay_seconds from sensing.sensor_spans where sensor_id = @sensor and at >= @since";

    private const string FirstSeen = "select first_seen_at from sensing.sensors where id = @sensor";

    private const string Answers = "select id, at, message, body::text as body from sensing.sensor_answers where sensor_id = @sensor order by at desc, id desc limit 50";

    private const string Generations =
        """
        select g.number, g.published_at, s.state, coalesce(s.rules_loaded, 0) as rules_loaded, coalesce(s.rules_failed, 0) as rules_failed, s.reason, s.seconds, s.at
        from sensing.generations g
        left join sensing.sensor_generations s on s.generation = g.number and s.sensor_id = @sensor
        where g.state <> 'building'
        order by g.number desc
        limit 10
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<SensorPage>> HandleAsync(Viewer viewer, SensorRequest request, CancellationToken cancel)
    {
        if ((await states.ReadAsync(database, cancel)).FirstOrDefault(s => s.Id == request.Sensor) is not { } sensor)
            return Refuse.NotFound("sensing.refused.no-sensor");
        var own = new { sensor = request.Sensor };
        var now = time.GetUtcNow();
        var last = SensorSpans.Start(now);
        var since = last - (SensorSpans.Span * (Spans - 1));
        var known = (await database.QueryAsync<SpanRow>(Day, new { sensor = request.Sensor, since }, cancel)).ToDictionary(r => r.At);
        var began = await database.FindAsync<DateTimeOffset>(FirstSeen, own, cancel);
        var spans = Enumerable.Range(0, Spans).Select(i => since + (SensorSpans.Span * i)).Select(at => SpanOf(known.GetValueOrDefault(at), at, SensorSpans.Start(began), last, sensor)).ToList();
        return new SensorPage(
            sensor,
            spans,
            SilencesOf(spans, last),
            [.. await database.QueryAsync<SensorAnswer>(Answers, own, cancel)],
            sensor.IsOurs ? [.. await database.QueryAsync<SensorGeneration>(Generations, own, cancel)] : [],
            await SensorOrder.FindAsync(database, request.Sensor, cancel));
    }

    /// <summary>The span that runs and the one in which the sensor was first known are silent only when the sensor is.</summary>
    private static SensorSpan SpanOf(SpanRow? row, DateTimeOffset at, DateTimeOffset began, DateTimeOffset last, SensorRow sensor) => row is not null
        ? new(at, row.Heartbeats, row.Packets, row.Bytes, JsonSerializer.Deserialize<Dictionary<string, long>>(row.Drops) ?? [], row.DelaySeconds, false)
        : new(at, 0, 0, 0, new Dictionary<string, long>(), null, sensor.HeartbeatAt is not null && at > began && (at < last || sensor.State is "silent" or "stopped"));

    private static List<Silence> SilencesOf(List<SensorSpan> spans, DateTimeOffset last)
    {
        var silences = new List<Silence>();
        DateTimeOffset? from = null;
        foreach (var span in spans)
        {
            if (span.IsSilent)
                from ??= span.At;
            else if (from is { } began)
            {
                silences.Add(new(began, span.At));
                from = null;
            }
        }
        if (from is { } open)
            silences.Add(new(open, spans[^1].At == last && spans[^1].IsSilent ? null : last));
        silences.Reverse();
        return silences;
    }

    private sealed class SpanRow
    {
        public DateTimeOffset At { get; init; }
        public int Heartbeats { get; init; }
        public long Packets { get; init; }
        public long Bytes { get; init; }
        public string Drops { get; init; } = "{}";
        public double? DelaySeconds { get; init; }
    }
}
