using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Pipeline;

/// <summary>The silence alarm: every configured sensor has reported lately.</summary>
internal sealed class HeartbeatProbe(Database database, SensorStates states, SensingOptions options) : IHealthProbe
{
    public string Name => "sensing.heartbeat";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var sensors = (await states.ReadAsync(database, cancel)).Where(static s => s.Present).ToList();
        var limit = string.Create(CultureInfo.InvariantCulture, $"{options.SilenceSeconds} s");
        var quiet = sensors.Where(static s => s.State != "running").ToList();
        if (quiet.Count == 0 && sensors.Count > 0)
            return new(HealthState.Good, string.Create(CultureInfo.InvariantCulture, $"{sensors.Count}/{sensors.Count}"), limit);
        var names = string.Join(", ", quiet.Select(static s => $"{s.Name}: {s.State}"));
        var state = quiet.TrueForAll(static s => s.State is "never") ? HealthState.Degraded : HealthState.Failed;
        return new(state, string.Create(CultureInfo.InvariantCulture, $"{sensors.Count - quiet.Count}/{sensors.Count}"), limit, names);
    }
}

/// <summary>Whether the importer keeps up with the spool.</summary>
internal sealed class IntakeProbe(Database database, SensorStates states) : IHealthProbe
{
    private const int Many = 20;

    public string Name => "sensing.intake";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var sensors = (await states.ReadAsync(database, cancel)).Where(static s => s.Present).ToList();
        var waiting = sensors.Sum(static s => s.WaitingSegments);
        var rejected = sensors.Sum(static s => s.Rejected);
        var state = waiting > Many * 10 ? HealthState.Failed : waiting > Many ? HealthState.Degraded : HealthState.Good;
        return new(state, string.Create(CultureInfo.InvariantCulture, $"{waiting}"), string.Create(CultureInfo.InvariantCulture, $"{Many}"), waiting, rejected);
    }
}

/// <summary>Losses by stage, as the sensors count them.</summary>
internal sealed class DropsProbe(Database database, SensorStates states) : IHealthProbe
{
    public string Name => "sensing.drops";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var sensors = (await states.ReadAsync(database, cancel)).Where(static s => s.Present).ToList();
        var (packets, lost) = (sensors.Sum(static s => s.Heartbeat.Packets), sensors.Sum(static s => s.Heartbeat.Lost));
        var percent = packets + lost == 0 ? 0 : 100.0 * lost / (packets + lost);
        var stages = string.Join(", ", sensors.SelectMany(static s => s.Heartbeat.Drops).Where(static d => d.Count > 0).Select(static d => string.Create(CultureInfo.InvariantCulture, $"{d.Stage} {d.Count}")));
        var state = percent > 5 ? HealthState.Failed : percent > 0.1 ? HealthState.Degraded : HealthState.Good;
        return new(state, string.Create(CultureInfo.InvariantCulture, $"{percent:0.##} %"), "0.1 %", stages);
    }
}

/// <summary>Whether the sensors run the rules that were published.</summary>
internal sealed class RulesProbe(Database database) : IHealthProbe
{
    private const string Sql =
        """
        select coalesce((select max(number) from sensing.generations where state = 'published'), 0) as published,
            coalesce(min(coalesce(g.generation, 0)), 0) as loaded, coalesce(max(g.rules_failed), 0) as failed, count(*) filter (where g.state = 'refused') as refused
        from sensing.sensors s
        left join lateral (select * from sensing.sensor_generations where sensor_id = s.id order by generation desc limit 1) g on true
        where s.present and s.kind = 'folder'
        """;

    public string Name => "sensing.rules";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var row = (await database.FindAsync<RulesRow>(Sql, null, cancel))!;
        var state = row.Refused > 0 ? HealthState.Failed : row.Loaded < row.Published || row.Failed > 0 ? HealthState.Degraded : HealthState.Good;
        return new(state, row.Loaded.ToString(CultureInfo.InvariantCulture), row.Published.ToString(CultureInfo.InvariantCulture), row.Loaded, row.Published, row.Failed);
    }

    private sealed class RulesRow
    {
        public int Published { get; init; }
        public int Loaded { get; init; }
        public int Failed { get; init; }
        public long Refused { get; init; }
    }
}
