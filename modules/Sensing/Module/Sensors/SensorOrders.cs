using System.Globalization;
using System.Text.Json;
using Appliance.Kernel.Data;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Sensors;

/// <summary>The newest order to a sensor. It stands among the settings; that it was obeyed stands among the sensor's answers.</summary>
internal sealed class SensorOrder
{
    /// <summary>After that the sensor will not obey any more: it hangs, or is older than the order.</summary>
    private const string Patience = "interval '2 minutes'";

    private const string Columns =
        $"""
        split_part(o.key, ':', 2)::smallint as sensor, (o.value->>'id')::uuid as id, (o.value->>'asked_at')::timestamptz as asked_at, o.value->>'by_name' as asked_by_name, a.at as done_at,
            case when a.at is not null then 'obeyed' when (o.value->>'asked_at')::timestamptz < now() - {Patience} then 'unanswered' else 'asked' end as state
        from sensing.settings o
        left join lateral (
            select n.at from sensing.sensor_answers n
            where n.sensor_id = split_part(o.key, ':', 2)::smallint and n.at >= (o.value->>'asked_at')::timestamptz and n.message = 'sensor restarting' and n.body->>'order' = o.value->>'id'
            limit 1) a on true
        """;

    private const string One = $"select {Columns} where o.key = @key";

    /// <summary>All of them, the newest of each sensor.</summary>
    public const string All = $"select {Columns} where o.key like 'restart:%'";

    /// <summary>Takes the place of the sensor's order before.</summary>
    public const string Write = "insert into sensing.settings (key, value) values (@key, @value::jsonb) on conflict (key) do update set value = excluded.value";

    public short Sensor { get; init; }
    public Guid Id { get; init; }
    public DateTimeOffset AskedAt { get; init; }
    public string AskedByName { get; init; } = "";
    public DateTimeOffset? DoneAt { get; init; }

    /// <summary>asked, obeyed or unanswered.</summary>
    public string State { get; init; } = "";

    public static Task<SensorOrder?> FindAsync(Work work, short sensor, CancellationToken cancel) => work.FindAsync<SensorOrder>(One, new { key = Key(sensor) }, cancel);

    public static Task<SensorOrder?> FindAsync(Database database, short sensor, CancellationToken cancel) => database.FindAsync<SensorOrder>(One, new { key = Key(sensor) }, cancel);

    public static object Values(short sensor, Guid id, DateTimeOffset now, string byName) =>
        new { key = Key(sensor), value = JsonSerializer.Serialize(new { id, asked_at = now, by_name = byName }) };

    private static string Key(short sensor) => string.Create(CultureInfo.InvariantCulture, $"restart:{sensor}");
}

/// <summary>
/// Puts an order before its sensor as <c>control/restart.json</c> and takes it away once it was answered, or too late to be. What a crash left out is done at the next look, and a sensor
/// obeys an id once.
/// </summary>
internal sealed class SensorOrders(Database database, SensorFolders folders, ILogger<SensorOrders> log)
{
    public async Task LookAsync(CancellationToken cancel)
    {
        var open = (await database.QueryAsync<SensorOrder>(SensorOrder.All, null, cancel)).Where(static o => o.State == "asked").ToDictionary(static o => o.Sensor, static o => o.Id);
        foreach (var sensor in (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs))
        {
            try
            {
                Put(sensor, open.TryGetValue(sensor.Id, out var order) ? order : null);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                Log.FolderFailed(log, sensor.Control, fault.Message);
            }
        }
    }

    private static void Put(SensorFolder sensor, Guid? order)
    {
        var path = Path.Combine(sensor.Control, "restart.json");
        if (order is null)
        {
            if (File.Exists(path))
                File.Delete(path);
            return;
        }
        if (File.Exists(path))
            return;
        var temporary = Path.Combine(sensor.Control, ".restart.json");
        File.WriteAllText(temporary, JsonSerializer.Serialize(new { id = order.ToString() }));
        File.Move(temporary, path);
    }
}
