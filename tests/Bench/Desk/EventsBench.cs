using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Appliance.Tests;
using Npgsql;

namespace Appliance.Bench.Desk;

/// <summary>
/// The events page's queries over <c>--records</c> records of tier 2 (five millions unless said otherwise), spread over a day as they would arrive: what comes, after how long, and whether it says that it is partial.
/// Times are those of the whole answer of the API, signing in left out.
/// </summary>
internal static class EventsBench
{
    private const int Records = 5_000_000;
    private const int Times = 5;

    private const string Sensor = "insert into sensing.sensors (name, path, kind, present) values ('bench', '/nowhere', 'folder', true) on conflict (name) do nothing";

    private const string Hour = "select sensing.add_hour(date_trunc('hour', now()) - @hour * interval '1 hour')";

    private const string Rows =
        """
        insert into sensing.events (id, received_at, seen_at, sensor_id, type, src, src_port, dst, dst_port, proto, app_proto, flow_id, name, raw)
        select n, at, at, 1, (array['flow', 'flow', 'flow', 'dns', 'http', 'tls', 'fileinfo', 'smb'])[1 + n % 8], '10.0.0.0'::inet + n % 60000, 1024 + n % 60000, '198.18.0.0'::inet + n % 9973, (array[53, 80, 443, 445])[1 + n % 4],
            'TCP', 'http', n / 3, 'host-' || n % 20011 || '.example',
            jsonb_build_object('event_type', 'http', 'src_ip', host('10.0.0.0'::inet + n % 60000), 'http', jsonb_build_object('hostname', 'host-' || n % 20011 || '.example', 'url', '/path/' || n, 'http_user_agent', 'bench', 'length', n))
        from (select n, now() - (n::float8 / @records * 23.5) * interval '1 hour' as at from generate_series(@from::bigint, @to::bigint) n) numbered
        """;

    private static readonly (string What, string Query)[] s_queries =
    [
        ("newest, no condition", ""),
        ("one address", "ip:10.0.17.3"),
        ("one network and a type", "src:10.0.17.0/24 type:dns"),
        ("one flow", "flow:900001"),
        ("a name", "name:host-17.example"),
        ("ports above, not a type", "port:>61000 -type:flow"),
        ("words that are rare", "\"/path/4999000\""),
        ("words that are nowhere", "nowhere-at-all"),
    ];

    public static async Task RunAsync(BenchOptions options)
    {
        var records = options.Records == 400_000 ? Records : options.Records;
        await using var host = await BenchHost.PrepareAsync();
        var since = Stopwatch.GetTimestamp();
        await WriteAsync(host.Owner, records);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {records:N0} records in {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s"));
        var people = await host.PeopleAsync();
        await host.StartAsync();
        using var client = await ConsoleBench.ClientAsync(host, people["amina"]);
        foreach (var (what, query) in s_queries)
        {
            var (taken, partial, rows) = (new List<double>(), 0, 0);
            for (var i = 0; i < Times; i++)
            {
                since = Stopwatch.GetTimestamp();
                var answer = await client.GetFromJsonAsync<JsonElement>($"/api/v1/sensing/events?size=50&hours=24&q={Uri.EscapeDataString(query)}");
                taken.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
                partial += answer.GetProperty("partial").GetBoolean() ? 1 : 0;
                rows = answer.GetProperty("items").GetArrayLength();
            }

            taken.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-28} median {taken[Times / 2],6:0} ms   most {taken[^1],6:0} ms   {rows,3} rows   partial {partial}/{Times}"));
        }
    }

    private static async Task WriteAsync(string owner, int records)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        async Task RunAsync(string sql, params (string Name, object Value)[] values)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 3600 };
            foreach (var (name, value) in values)
                command.Parameters.AddWithValue(name, value);
            await command.ExecuteNonQueryAsync();
        }

        await RunAsync(Sensor);
        for (var hour = 0; hour <= 24; hour++)
            await RunAsync(Hour, ("hour", hour));
        const int part = 500_000;
        for (var from = 1L; from <= records; from += part)
            await RunAsync(Rows, ("records", (double)records), ("from", from), ("to", Math.Min(records, from + part - 1)));
        await RunAsync("analyze sensing.events");
    }
}
