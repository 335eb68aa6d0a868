using Npgsql;

namespace Appliance.Bench.Tickets;

/// <summary>The tickets of a team after many years: one in five hundred open, half of all rows messages with words, half observables. Written by the server itself, on two connections, with the large indexes made afterwards.</summary>
internal static class TicketData
{
    /// <summary>Words are as unequal as in a language: the commonest stands in about a fifth of all messages, most in a handful.</summary>
    private const string Word = "'w' || lpad(floor(power(random(), 3) * 20000)::int::text, 5, '0')";

    private const string Incidents =
        """
        insert into ticketing.incidents (id, number, title, summary, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, due_at, closed_at, outcome, tlp, pap, exercise)
        select md5('bench-' || i)::uuid, 'INC-B-' || lpad(i::text, 8, '0'), 'Bench ticket ' || i || ' of w' || lpad((i % 20000)::text, 5, '0'), 'Seen at host-' || i || '.bench.example', case when i % 500 = 0 then 'triage' else 'closed' end, 1 + i % 4,
            'fraud/phishing', 1003, 'api', now() - i * interval '3 minutes', now() - i * interval '2 minutes', 'bench', now() - i * interval '2 minutes', now() + (i % 90 - 40) * interval '1 hour',
            case when i % 500 = 0 then null else now() - i * interval '1 minute' end, case when i % 500 = 0 then null else 'resolved' end, 2, 2, false
        from generate_series(1, @incidents) i
        """;

    private const string Messages =
        $"""
        insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name, text, detail)
        select gen_random_uuid(), md5('bench-' || 1 + n % @incidents)::uuid, now() - n * interval '20 seconds', 'mail-in', false, '00000000-0000-0000-0000-000000000001', 'bench',
            {Word} || ' ' || {Word} || ' ' || {Word} || ' ' || {Word} || ' ' || {Word} || ' ' || {Word} || ' single' || lpad(n::text, 8, '0')
                || case when n % 50 = 0 then ' 发现可疑登录 ' || {Word} when n % 50 = 1 then ' محاولة دخول ' || {Word} else '' end,
            jsonb_build_object('subject', 'Report ' || n, 'from', 'user' || n % 9999 || '@bench.example')
        from generate_series(@from, @to) n
        """;

    private const string Observables =
        """
        insert into ticketing.observables (incident_id, type, value, source, added_at)
        select md5('bench-' || 1 + n % @incidents)::uuid, 'ipv4', host('10.0.0.0'::inet + (n::bigint * 7919) % 4000000), 'bench', now()
        from generate_series(@from, @to) n
        on conflict do nothing
        """;

    private const string Long =
        """
        insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name, text, detail)
        select gen_random_uuid(), md5('bench-500')::uuid, now() - n * interval '1 minute', 'mail-in', false, '00000000-0000-0000-0000-000000000001', 'bench', repeat('A line of a letter that somebody wrote. ', 20), jsonb_build_object('subject', 'Report ' || n, 'from', 'x@bench.example')
        from generate_series(1, 500) n;
        insert into ticketing.observables (incident_id, type, value, source, added_at)
        select md5('bench-' || case when n % 2 = 0 then 1000 else 1500 end)::uuid, 'domain', 'many-' || n || '.bench.example', 'bench', now() from generate_series(1, 10000) n;
        """;

    /// <summary>Reports taken in so far.</summary>
    public static async Task<long> ReportsAsync(string owner)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select count(*) from ticketing.reports", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Writes <paramref name="incidents"/> tickets and <paramref name="rows"/> messages and observables.</summary>
    public static async Task WriteAsync(string owner, int incidents, int rows)
    {
        await RunAsync(owner, "set maintenance_work_mem = '1GB'; drop index ticketing.timeline_grams, ticketing.incidents_grams, ticketing.observables_value, ticketing.timeline_incident");
        await RunAsync(owner, Incidents, ("incidents", incidents));
        await Task.WhenAll(PartsAsync(owner, Messages, incidents, rows / 2), PartsAsync(owner, Observables, incidents, rows / 2));
        await RunAsync(owner, Long);
        const string make = "set maintenance_work_mem = '1GB'; create index ";
        await Task.WhenAll(
            RunAsync(owner, make + "timeline_grams on ticketing.timeline using gin (grams)"),
            RunAsync(owner, make + "timeline_incident on ticketing.timeline (incident_id, at, id)"),
            RunAsync(owner, make + "observables_value on ticketing.observables (value)"),
            RunAsync(owner, make + "incidents_grams on ticketing.incidents using gin (grams)"));
        await RunAsync(owner, "vacuum analyze");
    }

    private static async Task PartsAsync(string owner, string sql, int incidents, int rows)
    {
        const int part = 250_000;
        for (var from = 1; from <= rows; from += part)
            await RunAsync(owner, sql, ("incidents", incidents), ("from", from), ("to", Math.Min(rows, from + part - 1)));
    }

    private static async Task RunAsync(string owner, string sql, params (string Name, int Value)[] values)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 3600 };
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        await command.ExecuteNonQueryAsync();
    }
}
