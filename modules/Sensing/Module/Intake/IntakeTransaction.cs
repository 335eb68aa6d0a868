using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Grouping;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Npgsql;
using NpgsqlTypes;

namespace Appliance.Sensing.Intake;

/// <summary>One batch, one transaction: rows, groups, roll-ups, sightings, answers and the bookmark appear together or not at all.</summary>
internal sealed class IntakeTransaction(Database database, AlertGrouping grouping, SensorAnswers answers, Assets assets, FactsTable facts)
{
    private const string CopyEvents =
        """
        copy sensing.events (id, received_at, seen_at, sensor_id, type, src, src_port, dst, dst_port, proto, app_proto, flow_id, name, replay, raw, exercise)
        from stdin (format binary)
        """;

    private const string CopyAlerts =
        """
        copy sensing.alerts (id, group_id, received_at, seen_at, sensor_id, gid, sid, severity, src, src_port, dst, dst_port, proto, app_proto, flow_id, name, replay, raw, exercise)
        from stdin (format binary)
        """;

    private const string UpsertHourly =
        """
        insert into sensing.hourly as h (hour, sensor_id, type, severity, records, bytes)
        select date_trunc('hour', @now, 'UTC'), @sensor, type, severity, records, bytes
        from unnest(@types, @severities, @records, @bytes) as t (type, severity, records, bytes)
        on conflict (hour, sensor_id, type, severity) do update set records = h.records + excluded.records, bytes = h.bytes + excluded.bytes
        """;

    private const string InsertReject =
        """
        insert into sensing.rejects (received_at, sensor_id, stream, segment, at_byte, length, reason, detail, record_id, line)
        values (@now, @sensor, @stream, @segment, @At, @Length, @Reason, @Detail, @RecordId, @bytes)
        """;

    private readonly CopyBuffer _alertRows = new();

    /// <summary>Commits <paramref name="batch"/> and moves <paramref name="from"/> to <paramref name="to"/>.</summary>
    public async Task CommitAsync(IntakeBatch batch, Bookmark from, Bookmark to, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("sensing"), cancel);
        // The segments outlive a lost commit by far, and the bookmark is lost with it; only alerts are worth a wait for the disk.
        if (batch.Alerts.Count == 0 && batch.Answers.Count == 0)
            await work.ExecuteAsync("set local synchronous_commit = off", null, cancel);
        await from.MoveAsync(work, to, batch, cancel);
        if (batch.Alerts.Count > 0)
        {
            await IndicatorSightings.NameAsync(work, batch, cancel);
            var groups = await grouping.GroupAsync(work, batch, cancel);
            batch.WriteAlerts(_alertRows, alert => groups[GroupKey.Of(alert)]);
            await CopyAsync(work, CopyAlerts, _alertRows.Written, cancel);
        }
        if (batch.Events.Rows > 0)
        {
            batch.Events.End();
            await CopyAsync(work, CopyEvents, batch.Events.Written, cancel);
        }
        await TallyAsync(work, batch, cancel);
        await assets.SightAsync(work, batch, cancel);
        await facts.WriteAsync(work, batch, cancel);
        foreach (var reject in batch.Rejects)
            await work.ExecuteAsync(
                InsertReject,
                new { now = batch.ReceivedAt, sensor = batch.Sensor, stream = from.Stream, segment = batch.Segment, reject.At, reject.Length, reject.Reason, reject.Detail, reject.RecordId, bytes = reject.Line.ToArray() },
                cancel);
        await answers.TakeAsync(work, batch, cancel);
        await work.CommitAsync(cancel);
        assets.Committed(batch);
        facts.Committed(batch);
    }

    private static async Task CopyAsync(Work work, string sql, ReadOnlyMemory<byte> rows, CancellationToken cancel)
    {
        await using var copy = await work.Connection.BeginRawBinaryCopyAsync(sql, cancel);
        await copy.WriteAsync(rows, cancel);
    }

    private static async Task TallyAsync(Work work, IntakeBatch batch, CancellationToken cancel)
    {
        if (batch.Tallies.Count == 0)
            return;
        // In a fixed order, so that the two streams of one sensor never wait for each other in a circle.
        var rows = batch.Tallies.OrderBy(t => t.Key.Type, StringComparer.Ordinal).ThenBy(t => t.Key.Severity).ToArray();
        await using var command = new NpgsqlCommand(UpsertHourly, work.Connection);
        command.Parameters.Add(new("now", NpgsqlDbType.TimestampTz) { Value = batch.ReceivedAt.UtcDateTime });
        command.Parameters.Add(new("sensor", NpgsqlDbType.Smallint) { Value = batch.Sensor });
        command.Parameters.Add(new("types", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = Array.ConvertAll(rows, r => r.Key.Type) });
        command.Parameters.Add(new("severities", NpgsqlDbType.Array | NpgsqlDbType.Smallint) { Value = Array.ConvertAll(rows, r => (short)r.Key.Severity) });
        command.Parameters.Add(new("records", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = Array.ConvertAll(rows, r => r.Value.Records) });
        command.Parameters.Add(new("bytes", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = Array.ConvertAll(rows, r => r.Value.Bytes) });
        await command.ExecuteNonQueryAsync(cancel);
    }
}
