using System.Globalization;
using System.Text.Json;
using Appliance.Kernel.Data;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Sensors;

/// <summary>What a sensor says of itself in its spool: heartbeats, generations loaded or refused, captures, jobs. Written with the batch that brought it.</summary>
internal sealed class SensorAnswers
{
    private const string Seen =
        """
        update sensing.sensors set
            last_record_at = @now,
            last_packet_at = greatest(last_packet_at, @packet),
            delay_seconds = coalesce(@delay, delay_seconds)
        where id = @sensor
        """;

    private const string Beat =
        "update sensing.sensors set heartbeat_at = @now, heartbeat = @body::jsonb, stopped_at = null where id = @sensor";

    private const string Started =
        """
        update sensing.sensors set started_at = @now, stopped_at = null, version = @version, matcher = @matcher, can_capture = @canCapture
        where id = @sensor
        """;

    private const string Stopped = "update sensing.sensors set stopped_at = @now where id = @sensor";

    private const string Note =
        "insert into sensing.sensor_answers (sensor_id, at, message, body) values (@sensor, @now, @message, @body::jsonb)";

    private const string Generation =
        """
        insert into sensing.sensor_generations (sensor_id, generation, state, rules_loaded, rules_failed, errors, reason, seconds, at)
        values (@sensor, @generation, @state, @loaded, @failed, @errors::jsonb, @reason, @seconds, @now)
        on conflict (sensor_id, generation) do update set
            state = excluded.state, rules_loaded = excluded.rules_loaded, rules_failed = excluded.rules_failed,
            errors = excluded.errors, reason = excluded.reason, seconds = excluded.seconds, at = excluded.at
        """;

    private const string JobStarted =
        "update sensing.captures set state = 'running', started_at = coalesce(started_at, @now) where job_id = @job and state = 'queued'";

    private const string JobProgress =
        """
        update sensing.captures set state = 'running', packets = @packets, alerts = @alerts, percent = @percent
        where job_id = @job and state in ('queued', 'running')
        """;

    private const string JobDone =
        $"""
        update sensing.captures set
            state = 'done', done_at = @now, percent = 100, packets = @packets, alerts = @alerts, records = @records,
            first_packet = @first, last_packet = @last, truncated_at = @truncatedAt, reason = @reason
        where job_id = @job and (state in ('queued', 'running') or (state = 'failed' and reason = '{CancelReplay.Reason}'))
        """;

    // What was found up to there. The order may have been taken away by hand: then this is the first that is heard of it.
    private const string JobCancelled =
        $"""
        update sensing.captures set
            state = 'failed', reason = '{CancelReplay.Reason}', done_at = @now, percent = @percent, packets = @packets, alerts = @alerts, records = @records,
            first_packet = @first, last_packet = @last
        where job_id = @job and (state in ('queued', 'running') or (state = 'failed' and reason = '{CancelReplay.Reason}'))
        """;

    private const string JobFailed =
        "update sensing.captures set state = 'failed', done_at = @now, reason = @reason where job_id = @job and state in ('queued', 'running')";

    // An extract has a row of its own; its job bears the same kind of id.
    private const string ExtractStarted = "update sensing.extracts set state = 'running' where id = @job and state = 'queued'";

    private const string ExtractDone =
        """
        update sensing.extracts set state = 'done', done_at = @now, file = @file, packets = @packets, bytes = @bytes, first_packet = @first, last_packet = @last, ring_from = @ringFrom, truncated = @truncated
        where id = @job and state in ('queued', 'running')
        """;

    private const string ExtractFailed = "update sensing.extracts set state = 'failed', done_at = @now, reason = @reason where id = @job and state in ('queued', 'running')";

    public async Task TakeAsync(Work work, IntakeBatch batch, CancellationToken cancel)
    {
        if (batch.Records == 0)
            return;
        var (sensor, now) = (batch.Sensor, batch.ReceivedAt);
        DateTimeOffset? packet = batch.LastLive > 0 ? EveTime.Time(batch.LastLive) : null;
        double? delay = packet is { } seen ? Math.Max(0, (now - seen).TotalSeconds) : null;
        await work.ExecuteAsync(Seen, new { sensor, now, packet = packet?.UtcDateTime, delay }, cancel);
        var heartbeats = new List<byte[]>();
        foreach (var answer in batch.Answers)
        {
            using var document = JsonDocument.Parse(answer);
            if (document.RootElement.TryGetProperty("stats", out var stats) && stats.ValueKind == JsonValueKind.Object)
                heartbeats.Add(answer);
            else if (document.RootElement.TryGetProperty("engine", out var engine) && engine.ValueKind == JsonValueKind.Object)
                await EngineAsync(work, sensor, now, engine, cancel);
        }
        if (heartbeats.Count == 0)
            return;
        await SensorSpans.AddAsync(work, sensor, now, heartbeats, delay, cancel);
        await work.ExecuteAsync(Beat, new { sensor, now, body = System.Text.Encoding.UTF8.GetString(heartbeats[^1]) }, cancel);
    }

    private static async Task EngineAsync(Work work, short sensor, DateTimeOffset now, JsonElement engine, CancellationToken cancel)
    {
        var message = Text(engine, "message") ?? "";
        switch (message)
        {
            case "sensor started":
                bool? canCapture = engine.TryGetProperty("capabilities", out var can) && can.ValueKind == JsonValueKind.Object
                    && can.TryGetProperty("net_raw", out var raw) && raw.ValueKind is JsonValueKind.True or JsonValueKind.False ? raw.GetBoolean() : null;
                await work.ExecuteAsync(Started, new { sensor, now, version = Text(engine, "version"), matcher = Text(engine, "matcher"), canCapture }, cancel);
                break;
            case "sensor stopped":
                await work.ExecuteAsync(Stopped, new { sensor, now }, cancel);
                break;
            case "generation loaded":
            case "generation refused":
                await GenerationAsync(work, sensor, now, engine, message == "generation loaded", cancel);
                break;
            case "job started":
            case "job progress":
            case "job done":
            case "job cancelled":
            case "job failed":
                await JobAsync(work, now, engine, message, cancel);
                // Progress comes every second and is worth nothing once the job is done.
                if (message == "job progress")
                    return;
                break;
        }
        await work.ExecuteAsync(Note, new { sensor, now, message = message.Length <= 100 ? message : message[..100], body = engine.GetRawText() }, cancel);
    }

    private static Task GenerationAsync(Work work, short sensor, DateTimeOffset now, JsonElement engine, bool loaded, CancellationToken cancel) =>
        Whole(engine, "generation") is { } generation and > 0 and <= int.MaxValue
            ? work.ExecuteAsync(
                Generation,
                new
                {
                    sensor,
                    now,
                    generation = (int)generation,
                    state = loaded ? "loaded" : "refused",
                    loaded = (int)(Whole(engine, "rules_loaded") ?? 0),
                    failed = (int)(Whole(engine, "rules_failed") ?? 0),
                    errors = engine.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array ? errors.GetRawText() : "[]",
                    reason = Text(engine, "reason"),
                    seconds = Number(engine, "seconds"),
                },
                cancel)
            : Task.CompletedTask;

    private static async Task JobAsync(Work work, DateTimeOffset now, JsonElement engine, string message, CancellationToken cancel)
    {
        if (!Guid.TryParse(Text(engine, "job"), out var job))
            return;
        // The answer of a failure does not say which kind of job it was; an id belongs to one of them only.
        if (message is "job failed" || Text(engine, "kind") == "extract")
        {
            await ExtractAsync(work, now, engine, message, job, cancel);
            if (message is not "job failed")
                return;
        }
        var sql = message switch { "job started" => JobStarted, "job progress" => JobProgress, "job done" => JobDone, "job cancelled" => JobCancelled, _ => JobFailed };
        await work.ExecuteAsync(
            sql,
            new
            {
                job,
                now,
                packets = Whole(engine, "packets"),
                alerts = Whole(engine, "alerts"),
                records = Whole(engine, "records"),
                percent = Number(engine, "percent"),
                first = Time(engine, "first_packet"),
                last = Time(engine, "last_packet"),
                truncatedAt = Whole(engine, "truncated_at"),
                reason = Text(engine, "reason"),
            },
            cancel);
    }

    private static Task ExtractAsync(Work work, DateTimeOffset now, JsonElement engine, string message, Guid job, CancellationToken cancel) =>
        work.ExecuteAsync(
            message switch { "job started" => ExtractStarted, "job done" => ExtractDone, _ => ExtractFailed },
            new
            {
                job,
                now,
                file = Text(engine, "file"),
                packets = Whole(engine, "packets"),
                bytes = Whole(engine, "bytes"),
                first = Time(engine, "first_packet"),
                last = Time(engine, "last_packet"),
                ringFrom = Time(engine, "ring_from"),
                truncated = engine.TryGetProperty("truncated", out var cut) && cut.ValueKind == JsonValueKind.True,
                reason = Text(engine, "reason"),
            },
            cancel);

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Whole(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static double? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    private static DateTime? Time(JsonElement element, string name) =>
        Text(element, name) is { } text && EveTime.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var micros)
            ? EveTime.Time(micros).UtcDateTime
            : DateTimeOffset.TryParse(Text(element, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcDateTime : null;
}
