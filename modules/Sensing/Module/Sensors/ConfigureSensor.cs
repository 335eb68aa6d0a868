using System.Net;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Rules;

namespace Appliance.Sensing.Sensors;

/// <summary>Chooses what a sensor captures, and which networks are ours.</summary>
internal sealed record ConfigureSensorRequest(short Sensor, IReadOnlyList<string> Interfaces, IReadOnlyList<string>? HomeNetworks = null);

/// <summary>Sets interfaces and home networks; they reach the sensor with the next generation. Nothing is captured before someone chose it here.</summary>
internal sealed class ConfigureSensor(Database database) : Act<ConfigureSensorRequest, Done>(database)
{
    private const string SetInterfaces = "update sensing.sensors set interfaces = @interfaces where id = @sensor and kind = 'folder'";

    private const string SetNetworks = "update sensing.settings set value = @networks::jsonb where key = 'home_networks'";

    public override Permission Permission => Permissions.Sensors;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ConfigureSensorRequest request, CancellationToken cancel)
    {
        var refusals = request.Interfaces.Where(static i => !NetworkInterfaces.IsName(i)).Select(static i => Refuse.Invalid("sensing.refused.interface", "interfaces", i)).ToList();
        refusals.AddRange((request.HomeNetworks ?? []).Where(static n => !IPNetwork.TryParse(n, out _)).Select(static n => Refuse.Invalid("sensing.refused.network", "networks", n)));
        if (refusals.Count > 0)
            return Outcome<Done>.Refused(refusals);
        var interfaces = request.Interfaces.Distinct(StringComparer.Ordinal).ToArray();
        if (await work.ExecuteAsync(SetInterfaces, new { sensor = request.Sensor, interfaces }, cancel) == 0)
            return Refuse.NotFound("sensing.refused.no-sensor");
        if (request.HomeNetworks is { Count: > 0 } networks)
            await work.ExecuteAsync(SetNetworks, new { networks = JsonSerializer.Serialize(networks) }, cancel);
        await Generations.WantAsync(work, cancel);
        work.Audit("sensing.sensor.configured", $"sensor/{request.Sensor}", new { interfaces, request.HomeNetworks });
        return default(Done);
    }
}

/// <summary>One interface of this machine.</summary>
internal sealed record MachineInterface(string Name, string State, long Packets);

/// <summary>The interfaces of this machine, from <c>/sys/class/net</c>.</summary>
internal static class NetworkInterfaces
{
    private const string Root = "/sys/class/net";

    /// <summary>What the kernel allows as a name, and nothing that could leave a path.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= 15 && name is not ("." or "..") && name.All(static c => c is > ' ' and < '\x7f' and not ('/' or ':'));

    public static IReadOnlyList<MachineInterface> List()
    {
        if (!Directory.Exists(Root))
            return [];
        return [.. Directory.EnumerateDirectories(Root)
            .Select(static path => new MachineInterface(Path.GetFileName(path), Read(path, "operstate"), long.TryParse(Read(path, "statistics/rx_packets"), out var packets) ? packets : 0))
            .OrderBy(static i => i.Name == "lo")
            .ThenBy(static i => i.Name, StringComparer.Ordinal)];
    }

    private static string Read(string path, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, file)).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // An interface may go while the list is made.
            return "";
        }
    }
}

/// <summary>Asks for what can be chosen.</summary>
internal sealed record SensorChoicesRequest;

/// <summary>Interfaces of this machine and the networks called home.</summary>
internal sealed record SensorChoicesView(IReadOnlyList<MachineInterface> Interfaces, IReadOnlyList<string> HomeNetworks);

/// <summary>What the form of the sensors page offers.</summary>
internal sealed class SensorChoices(Database database) : Query<SensorChoicesRequest, SensorChoicesView>
{
    private const string Networks = "select value #>> '{}' from sensing.settings where key = 'home_networks'";

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<SensorChoicesView>> HandleAsync(Viewer viewer, SensorChoicesRequest request, CancellationToken cancel)
    {
        var networks = await database.FindAsync<string>(Networks, null, cancel);
        return new SensorChoicesView(NetworkInterfaces.List(), JsonSerializer.Deserialize<string[]>(networks ?? "[]") ?? []);
    }
}

/// <summary>Asks for lines kept aside.</summary>
internal sealed record ListRejectsRequest(int Size = 100);

/// <summary>One line kept aside.</summary>
internal sealed class RejectRow
{
    public long Id { get; init; }
    public DateTimeOffset ReceivedAt { get; init; }
    public string Sensor { get; init; } = "";
    public string Stream { get; init; } = "";
    public long Segment { get; init; }
    public long AtByte { get; init; }
    public long Length { get; init; }
    public string Reason { get; init; } = "";
    public string Detail { get; init; } = "";
    public bool Stored { get; init; }
    public byte[] Head { get; init; } = [];
}

/// <summary>The lines that JSON or PostgreSQL refused as they were, newest first.</summary>
internal sealed class ListRejects(Database database) : Query<ListRejectsRequest, IReadOnlyList<RejectRow>>
{
    private const string Sql =
        $"""
        select m.id, m.received_at, s.name as sensor, m.stream, m.segment, m.at_byte, m.length, m.reason, m.detail, m.record_id is not null as stored,
            substring(m.line from 1 for 400) as head
        from sensing.rejects m
        join sensing.sensors s on s.id = m.sensor_id
        where {Kernel.Permissions.Visible.Rows}
        order by m.received_at desc, m.id desc
        limit @size
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<RejectRow>>> HandleAsync(Viewer viewer, ListRejectsRequest request, CancellationToken cancel) =>
        new List<RejectRow>(await database.QueryAsync<RejectRow>(Sql, Kernel.Permissions.Visible.With(viewer, new { size = Math.Clamp(request.Size, 1, 500) }), cancel));
}
