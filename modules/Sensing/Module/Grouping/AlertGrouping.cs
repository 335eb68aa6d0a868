using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;
using Npgsql;
using NpgsqlTypes;

namespace Appliance.Sensing.Grouping;

/// <summary>Puts the alerts of a batch into their groups, within the transaction of the batch: one statement for all groups, whatever their number.</summary>
internal sealed class AlertGrouping(AutoClosing autoClosing, IConstituency? constituency = null)
{
    private const string UpsertSignatures =
        """
        insert into sensing.signatures as s (gid, sid, rev, signature, category, severity, first_received, last_received, alerts)
        select gid, sid, rev, signature, category, severity, @now, @now, alerts
        from unnest(@gids, @sids, @revs, @signatures, @categories, @severities, @counts) as t (gid, sid, rev, signature, category, severity, alerts)
        on conflict (gid, sid) do update set
            rev = excluded.rev,
            signature = excluded.signature,
            category = excluded.category,
            severity = excluded.severity,
            last_received = excluded.last_received,
            alerts = s.alerts + excluded.alerts
        returning s.gid, s.sid, s.first_received > @now - interval '24 hours'
        """;

    private const string UpsertGroups =
        """
        insert into sensing.alert_groups as g (
            id, gid, sid, rev, signature, category, src, dst, exercise, severity, count, first_seen, last_seen, first_received, last_received,
            sensor_id, proto, app_proto, src_port, dst_port, name, replay, base_score, score, reasons, state, verdict, closed_by_rule,
            src_constituent, src_constituent_name, dst_constituent, dst_constituent_name, constituents)
        select
            id, gid, sid, rev, signature, category, src, dst, exercise, severity, count, first_seen, last_seen, @now, @now,
            @sensor, proto, app_proto, src_port, dst_port, name, replay, base_score,
            least(100, base_score + least(10, floor(3 * log(count)))), string_to_array(reasons, ' '),
            case when rule is null then 'open' else 'closed' end, case when rule is null then null else 'auto' end, rule,
            src_constituent, src_constituent_name, dst_constituent, dst_constituent_name,
            array_remove(array[src_constituent, nullif(dst_constituent, src_constituent)], null)
        from unnest(
            @ids, @gids, @sids, @revs, @signatures, @categories, @srcs, @dsts, @exercises, @severities, @counts, @firsts, @lasts,
            @protos, @app_protos, @src_ports, @dst_ports, @names, @replays, @scores, @reasons, @rules,
            @src_constituents, @src_constituent_names, @dst_constituents, @dst_constituent_names)
            as t (id, gid, sid, rev, signature, category, src, dst, exercise, severity, count, first_seen, last_seen,
                  proto, app_proto, src_port, dst_port, name, replay, base_score, reasons, rule,
                  src_constituent, src_constituent_name, dst_constituent, dst_constituent_name)
        on conflict (gid, sid, src, dst, exercise) where live do update set
            rev = excluded.rev,
            signature = excluded.signature,
            category = excluded.category,
            severity = least(g.severity, excluded.severity),
            count = g.count + excluded.count,
            first_seen = least(g.first_seen, excluded.first_seen),
            last_seen = greatest(g.last_seen, excluded.last_seen),
            last_received = excluded.last_received,
            sensor_id = excluded.sensor_id,
            app_proto = coalesce(excluded.app_proto, g.app_proto),
            src_port = excluded.src_port,
            dst_port = excluded.dst_port,
            name = coalesce(excluded.name, g.name),
            replay = excluded.replay,
            score = least(100, g.base_score + least(10, floor(3 * log(g.count + excluded.count))))
        returning g.id, g.gid, g.sid, g.src, g.dst, g.exercise, g.closed_by_rule
        """;

    private const string UpsertHours =
        """
        insert into sensing.group_hours as h (group_id, hour, alerts)
        select id, date_trunc('hour', @now, 'UTC'), alerts
        from unnest(@ids, @counts) as t (id, alerts)
        on conflict (group_id, hour) do update set alerts = h.alerts + excluded.alerts
        """;

    /// <summary>The group of every alert of <paramref name="batch"/>. Call within its transaction.</summary>
    public async Task<Dictionary<GroupKey, Guid>> GroupAsync(Work work, IntakeBatch batch, CancellationToken cancel)
    {
        var deltas = new SortedDictionary<GroupKey, GroupDelta>();
        foreach (var alert in batch.Alerts)
        {
            var key = GroupKey.Of(alert);
            if (!deltas.TryGetValue(key, out var delta))
                deltas[key] = delta = new GroupDelta(alert);
            delta.Add(alert);
        }
        var fresh = await SignaturesAsync(work, deltas, batch.ReceivedAt, cancel);
        var rules = await autoClosing.RulesAsync(work, batch.ReceivedAt, cancel);
        var rows = deltas.Select(d => Row(d.Key, d.Value, fresh, rules)).ToArray();
        var (groups, closedBy) = await GroupsAsync(work, rows, batch, cancel);
        await HoursAsync(work, deltas, groups, batch.ReceivedAt, cancel);
        var hits = closedBy.GroupBy(c => c.Value).Select(g => (g.Key, g.Sum(c => deltas[c.Key].Count))).ToList();
        await AutoClosing.CountAsync(work, hits, batch.ReceivedAt, cancel);
        return groups;
    }

    private GroupRow Row(GroupKey key, GroupDelta delta, HashSet<(int, long)> fresh, IReadOnlyList<AutoCloseRule> rules)
    {
        var (source, destination) = (key.Source.ToIPAddress(), key.Destination.ToIPAddress());
        var (from, to) = (Find(source), Find(destination));
        var (score, reasons) = Score.Of(delta.Severity, fresh.Contains((key.Gid, key.Sid)), from is not null || to is not null, Score.IsIndicator(key.Gid, key.Sid));
        var rule = rules.FirstOrDefault(r => r.Matches(key));
        return new(Guid.CreateVersion7(), key, delta, source, destination, from, to, score, string.Join(' ', reasons), rule?.Id);
    }

    private ConstituentMatch? Find(IPAddress? address) => address is null ? null : constituency?.Find(address);

    private static async Task<HashSet<(int, long)>> SignaturesAsync(Work work, SortedDictionary<GroupKey, GroupDelta> deltas, DateTimeOffset now, CancellationToken cancel)
    {
        var all = deltas.GroupBy(d => (d.Key.Gid, d.Key.Sid)).Select(g => (g.Key, g.Last().Value.Last, Count: g.Sum(d => d.Value.Count))).ToArray();
        await using var command = new NpgsqlCommand(UpsertSignatures, work.Connection);
        command.Parameters.Add(Of("now", NpgsqlDbType.TimestampTz, now.UtcDateTime));
        command.Parameters.Add(Array("gids", NpgsqlDbType.Integer, all, a => a.Key.Gid));
        command.Parameters.Add(Array("sids", NpgsqlDbType.Bigint, all, a => a.Key.Sid));
        command.Parameters.Add(Array("revs", NpgsqlDbType.Integer, all, a => a.Last.Rev));
        command.Parameters.Add(Array("signatures", NpgsqlDbType.Text, all, a => a.Last.Signature));
        command.Parameters.Add(Array("categories", NpgsqlDbType.Text, all, a => a.Last.Category));
        command.Parameters.Add(Array("severities", NpgsqlDbType.Smallint, all, a => (short)a.Last.Severity));
        command.Parameters.Add(Array("counts", NpgsqlDbType.Bigint, all, a => a.Count));
        var fresh = new HashSet<(int, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            if (reader.GetBoolean(2))
                fresh.Add((reader.GetInt32(0), reader.GetInt64(1)));
        }
        return fresh;
    }

    private static async Task<(Dictionary<GroupKey, Guid> Groups, Dictionary<GroupKey, Guid> ClosedBy)> GroupsAsync(Work work, GroupRow[] rows, IntakeBatch batch, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(UpsertGroups, work.Connection);
        var p = command.Parameters;
        p.Add(Of("now", NpgsqlDbType.TimestampTz, batch.ReceivedAt.UtcDateTime));
        p.Add(Of("sensor", NpgsqlDbType.Smallint, batch.Sensor));
        p.Add(Array("ids", NpgsqlDbType.Uuid, rows, r => r.Id));
        p.Add(Array("gids", NpgsqlDbType.Integer, rows, r => r.Key.Gid));
        p.Add(Array("sids", NpgsqlDbType.Bigint, rows, r => r.Key.Sid));
        p.Add(Array("revs", NpgsqlDbType.Integer, rows, r => r.Delta.Last.Rev));
        p.Add(Array("signatures", NpgsqlDbType.Text, rows, r => r.Delta.Last.Signature));
        p.Add(Array("categories", NpgsqlDbType.Text, rows, r => r.Delta.Last.Category));
        p.Add(Array("srcs", NpgsqlDbType.Inet, rows, r => r.Source));
        p.Add(Array("dsts", NpgsqlDbType.Inet, rows, r => r.Destination));
        p.Add(Array("exercises", NpgsqlDbType.Boolean, rows, r => r.Key.Exercise));
        p.Add(Array("severities", NpgsqlDbType.Smallint, rows, r => (short)r.Delta.Severity));
        p.Add(Array("counts", NpgsqlDbType.Bigint, rows, r => r.Delta.Count));
        p.Add(Array("firsts", NpgsqlDbType.TimestampTz, rows, r => EveTime.Time(r.Delta.FirstSeen).UtcDateTime));
        p.Add(Array("lasts", NpgsqlDbType.TimestampTz, rows, r => EveTime.Time(r.Delta.LastSeen).UtcDateTime));
        p.Add(Array("protos", NpgsqlDbType.Text, rows, r => Word(r.Delta.Last.Proto)));
        p.Add(Array("app_protos", NpgsqlDbType.Text, rows, r => Word(r.Delta.Last.AppProto)));
        p.Add(Array("src_ports", NpgsqlDbType.Integer, rows, r => Port(r.Delta.Last.SourcePort)));
        p.Add(Array("dst_ports", NpgsqlDbType.Integer, rows, r => Port(r.Delta.Last.DestinationPort)));
        p.Add(Array("names", NpgsqlDbType.Text, rows, r => Word(r.Delta.Last.Name)));
        p.Add(Array("replays", NpgsqlDbType.Text, rows, r => Word(r.Delta.Last.Replay)));
        p.Add(Array("scores", NpgsqlDbType.Smallint, rows, r => r.Score));
        p.Add(Array("reasons", NpgsqlDbType.Text, rows, r => r.Reasons));
        p.Add(Array("rules", NpgsqlDbType.Uuid, rows, r => r.Rule));
        p.Add(Array("src_constituents", NpgsqlDbType.Uuid, rows, r => r.From?.Id.Value));
        p.Add(Array("src_constituent_names", NpgsqlDbType.Text, rows, r => r.From?.Name));
        p.Add(Array("dst_constituents", NpgsqlDbType.Uuid, rows, r => r.To?.Id.Value));
        p.Add(Array("dst_constituent_names", NpgsqlDbType.Text, rows, r => r.To?.Name));
        var (groups, closedBy) = (new Dictionary<GroupKey, Guid>(), new Dictionary<GroupKey, Guid>());
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var key = new GroupKey(reader.GetInt32(1), reader.GetInt64(2), AddressAt(reader, 3), AddressAt(reader, 4), reader.GetBoolean(5));
            groups[key] = reader.GetGuid(0);
            if (!await reader.IsDBNullAsync(6, cancel))
                closedBy[key] = reader.GetGuid(6);
        }
        return (groups, closedBy);
    }

    private static async Task HoursAsync(Work work, SortedDictionary<GroupKey, GroupDelta> deltas, Dictionary<GroupKey, Guid> groups, DateTimeOffset now, CancellationToken cancel)
    {
        var rows = deltas.ToArray();
        await using var command = new NpgsqlCommand(UpsertHours, work.Connection);
        command.Parameters.Add(Of("now", NpgsqlDbType.TimestampTz, now.UtcDateTime));
        command.Parameters.Add(Array("ids", NpgsqlDbType.Uuid, rows, r => groups[r.Key]));
        command.Parameters.Add(Array("counts", NpgsqlDbType.Bigint, rows, r => r.Value.Count));
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static Address AddressAt(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? default : Address.From(reader.GetFieldValue<IPAddress>(column));

    private static string? Word(Utf8Text text) => text.IsEmpty ? null : text.ToString();

    private static int? Port(int port) => port < 0 ? null : port;

    private static NpgsqlParameter Of(string name, NpgsqlDbType type, object value) => new(name, type) { Value = value };

    private static NpgsqlParameter Array<TRow, TValue>(string name, NpgsqlDbType type, TRow[] rows, Func<TRow, TValue> column) =>
        new(name, NpgsqlDbType.Array | type) { Value = System.Array.ConvertAll(rows, r => column(r)) };

    private sealed record GroupRow(
        Guid Id, GroupKey Key, GroupDelta Delta, IPAddress? Source, IPAddress? Destination, ConstituentMatch? From, ConstituentMatch? To, short Score, string Reasons, Guid? Rule);
}
