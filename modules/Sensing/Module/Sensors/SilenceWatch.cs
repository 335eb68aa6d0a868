using Appliance.Contracts;
using Appliance.Kernel.Alarms;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;

namespace Appliance.Sensing.Sensors;

/// <summary>
/// The silence alarm: a sensor that reported and no longer does stands above every page, and whoever looks after sensors finds it in their bell: once for each silence. One worker looks, so that
/// what was told is kept here; a host that starts while a sensor is silent says so once more.
/// </summary>
internal sealed class SilenceWatch(Database database, SensorStates states, IStaff staff, AlarmBoard alarms, SensingOptions options, TimeProvider time)
{
    private const string Alarm = "sensing.alarm.silent";

    private static readonly Viewer s_self = Viewer.System("sensing");

    private readonly HashSet<short> _told = [];

    public async Task LookAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var silent = (await states.ReadAsync(database, cancel)).Where(s => s.Present && IsSilent(s, now)).ToList();
        _told.IntersectWith(silent.Select(s => s.Id));
        foreach (var sensor in silent.Where(s => !_told.Contains(s.Id)))
            await TellAsync(sensor, cancel);
        if (silent.Count > 0)
            alarms.Raise(Alarm, string.Join(", ", silent.Select(static s => s.Name)));
        else
            alarms.End(Alarm);
    }

    /// <summary>One that was stopped may come back at once, as after an update: it is as silent as one that fell silent once the same time is over.</summary>
    private bool IsSilent(SensorRow sensor, DateTimeOffset now) =>
        sensor.State == "silent" || (sensor.State == "stopped" && now - sensor.StoppedAt > TimeSpan.FromSeconds(options.SilenceSeconds));

    private async Task TellAsync(SensorRow sensor, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(s_self, cancel);
        var people = await staff.WhoMayAsync(s_self, Permissions.Sensors, cancel);
        // The name is the sensor's in the configuration, which no marking protects.
        await work.TellAsync(people.Select(p => new NewNotice(p.Id, "sensing.notice.silent", $"sensor/{sensor.Id}", $"/sense/sensors/{sensor.Id}", sensor.Name)), cancel);
        await work.CommitAsync(cancel);
        _told.Add(sensor.Id);
    }
}
