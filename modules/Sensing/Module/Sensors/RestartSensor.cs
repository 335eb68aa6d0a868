using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Rules;

namespace Appliance.Sensing.Sensors;

/// <summary>Names a sensor.</summary>
internal sealed record SensorRequest(short Sensor);

/// <summary>Tells a sensor of ours to start again. It obeys through its folder; a stock Suricata reads none, and is started again where it runs.</summary>
internal sealed class RestartSensor(Database database, SensorStates states) : Act<SensorRequest, Guid>(database)
{
    private readonly Database _database = database;

    public override Permission Permission => Permissions.Sensors;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, SensorRequest request, CancellationToken cancel)
    {
        if ((await states.ReadAsync(_database, cancel)).FirstOrDefault(s => s.Id == request.Sensor) is not { } sensor)
            return Refuse.NotFound("sensing.refused.no-sensor");
        if (!sensor.IsOurs)
            return Refuse.Conflict("sensing.refused.restart-stock", sensor.Name);
        if (sensor.State is not ("running" or "silent"))
            return Refuse.Conflict("sensing.refused.restart-not-running", sensor.Name, sensor.Path);
        if (await SensorOrder.FindAsync(work, request.Sensor, cancel) is { State: "asked" })
            return Refuse.Conflict("sensing.refused.restart-asked", sensor.Name);
        var id = Guid.CreateVersion7();
        await work.ExecuteAsync(SensorOrder.Write, SensorOrder.Values(request.Sensor, id, work.Now, work.Viewer.Name), cancel);
        work.Audit("sensing.sensor.restart-asked", $"sensor/{request.Sensor}", new { order = id });
        return id;
    }
}

/// <summary>Puts settings and rules before the sensors once more, as a new generation.</summary>
internal sealed class SendGeneration(Database database) : Act<SensorRequest, Done>(database)
{
    private const string Kind = "select kind from sensing.sensors where id = @sensor and present";

    public override Permission Permission => Permissions.Sensors;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, SensorRequest request, CancellationToken cancel)
    {
        var kind = await work.FindAsync<string>(Kind, new { sensor = request.Sensor }, cancel);
        if (kind is null)
            return Refuse.NotFound("sensing.refused.no-sensor");
        if (kind != "folder")
            return Refuse.Conflict("sensing.refused.generation-stock");
        await Generations.WantAsync(work, cancel);
        work.Audit("sensing.generation.sent-again", $"sensor/{request.Sensor}", new { sensor = request.Sensor });
        return default(Done);
    }
}
