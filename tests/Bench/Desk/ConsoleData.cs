using Npgsql;

namespace Appliance.Bench.Desk;

/// <summary>The appliance after a busy year: alerts in groups, their hours and roll-ups, incidents. Written by the server itself, so that a million rows take a minute.</summary>
internal static class ConsoleData
{
    /// <summary>Alerts of one group on average: 1,000,000 alerts stand in 50,000 groups, 30,000 of them open and within the last day.</summary>
    private const int AlertsOfGroup = 20;

    private const string Sensor = "insert into sensing.sensors (name, path, kind, present) values ('bench', '/nowhere', 'folder', true) on conflict (name) do nothing";

    private const string Groups =
        """
        insert into sensing.alert_groups (id, gid, sid, rev, signature, category, src, dst, severity, count, first_seen, last_seen, first_received, last_received, sensor_id, proto, app_proto,
            src_port, dst_port, base_score, score, reasons, state, live, verdict)
        select gen_random_uuid(), 1, 2000000 + i % 900, 1, 'BENCH signature number ' || i % 900 || ' of a scanner', 'Attempted Information Leak',
            '198.18.0.0'::inet + i, '192.0.2.0'::inet + i % 200, 1 + i % 4, 1 + i % 39, at - interval '2 hours', at, at - interval '2 hours', at, 1, 'TCP', 'http',
            1024 + i % 60000, 443, 10 + i % 80, 10 + i % 80, array['new-signature'], case when i % 5 < 3 then 'open' when i % 5 = 3 then 'closed' else 'escalated' end, i % 5 <> 3,
            case when i % 5 = 3 then 'benign' end
        from (select i, now() - case when i % 5 < 3 then i % 82800 else i * 60 end * interval '1 second' as at from generate_series(1, @groups) i) numbered
        """;

    private const string Alerts =
        """
        insert into sensing.alerts (id, group_id, received_at, seen_at, sensor_id, gid, sid, severity, src, src_port, dst, dst_port, proto, app_proto, flow_id, raw)
        select nextval('sensing.record_ids') + n, g.id, g.last_received - n * interval '5 minutes', g.last_received - n * interval '5 minutes', 1, g.gid, g.sid, g.severity, g.src, g.src_port, g.dst, g.dst_port, 'TCP', 'http', n,
            jsonb_build_object('event_type', 'alert', 'src_ip', host(g.src), 'dest_ip', host(g.dst), 'proto', 'TCP', 'alert', jsonb_build_object('signature_id', g.sid, 'signature', g.signature, 'severity', g.severity),
                'http', jsonb_build_object('hostname', 'www.example', 'url', '/' || n, 'http_user_agent', 'bench'))
        from sensing.alert_groups g, generate_series(1, @each) n
        """;

    private const string Hours =
        """
        insert into sensing.group_hours (group_id, hour, alerts)
        select g.id, date_trunc('hour', g.last_received) - n * interval '1 hour', 1 + n from sensing.alert_groups g, generate_series(0, 3) n where g.state = 'open'
        """;

    private const string Rollup =
        """
        insert into sensing.hourly (hour, sensor_id, type, severity, records, bytes)
        select date_trunc('hour', now()) - h * interval '1 hour', 1, 'alert', s, 20 + (h * 7 + s * 13) % 90, 1000 from generate_series(0, 8759) h, generate_series(1, 4) s
        """;

    private const string Incidents =
        """
        insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, due_at, closed_at, outcome, tlp, pap, exercise)
        select gen_random_uuid(), 'INC-B-' || i, 'Bench incident ' || i || ' about a scanner', case when i % 20 = 0 then 'triage' else 'closed' end, 1 + i % 4, 'scanner', 1003, 'api',
            now() - i * interval '5 minutes', now() - i * interval '4 minutes', 'bench', now() - i * interval '4 minutes', now() + (i % 90 - 40) * interval '1 hour', case when i % 20 = 0 then null else now() - i * interval '3 minutes' end,
            case when i % 20 = 0 then null else 'resolved' end, 2, 2, false
        from generate_series(1, @incidents) i
        """;

    /// <summary>Writes them and answers how many groups are open.</summary>
    public static async Task<long> WriteAsync(string owner, int alerts, int incidents)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        async Task RunAsync(string sql, params (string Name, int Value)[] values)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 1800 };
            foreach (var (name, value) in values)
                command.Parameters.AddWithValue(name, value);
            await command.ExecuteNonQueryAsync();
        }

        await RunAsync(Sensor);
        await RunAsync(Groups, ("groups", Math.Max(1, alerts / AlertsOfGroup)));
        await RunAsync(Alerts, ("each", AlertsOfGroup));
        await RunAsync(Hours);
        await RunAsync(Rollup);
        await RunAsync(Incidents, ("incidents", incidents));
        await RunAsync("analyze");
        await using var count = new NpgsqlCommand("select count(*) from sensing.alert_groups where state = 'open'", connection);
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
