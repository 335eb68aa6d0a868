using Appliance.Kernel.Alarms;
using Appliance.Kernel.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Disk;

/// <summary>
/// Looks every two seconds how much room is left wherever the appliance writes. Where it is little: an alarm, intake pauses where what is taken in would fill the rest,
/// and the ballast goes first. All of it ends by itself when there is room again. Needs no database.
/// </summary>
public sealed class DiskWatch : BackgroundService
{
    internal const string PausedAlarm = "kernel.alarm.disk-paused";
    internal const string FullAlarm = "kernel.alarm.disk-full";

    private const long MiB = 1024 * 1024;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<IDiskPlaces> _modules;
    private readonly DataFolder _data;
    private readonly KernelOptions _options;
    private readonly AlarmBoard _alarms;
    private readonly IntakeGate _gate;
    private readonly TimeProvider _time;
    private readonly ILogger<DiskWatch> _log;
    private readonly Ballast _ballast;
    private readonly HashSet<string> _full = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<DiskRoom> _rooms = [];

    /// <summary>Made by the container.</summary>
    public DiskWatch(DiskParts parts, DataFolder data, KernelOptions options, TimeProvider time, ILogger<DiskWatch> log)
    {
        (_modules, _alarms, _gate) = ([.. parts.Places], parts.Alarms, parts.Gate);
        (_data, _options, _time, _log) = (data, options, time, log);
        _ballast = new(data.Root, options, log);
    }

    /// <summary>What was seen last; empty before the first look.</summary>
    public IReadOnlyList<DiskRoom> Rooms => _rooms;

    /// <summary>Looks once. Public for tests that step.</summary>
    public void Look()
    {
        var rooms = Places().Where(p => Directory.Exists(p.Path)).Select(RoomAt).ToList();
        _rooms = rooms;
        Say(PausedAlarm, rooms.Where(r => r.IsFull && r.Place.PausesIntake));
        Say(FullAlarm, rooms.Where(r => r.IsFull && !r.Place.PausesIntake));
        _gate.Room(!rooms.Any(r => r.IsFull && r.Place.PausesIntake));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Look();
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // A disk that is being mounted or taken away: looked at again in a moment, and health asks for itself.
                KernelLog.DiskNotRead(_log, fault.Message);
            }

            await Task.Delay(s_pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<DiskPlace> Places() =>
    [
        new("data", _data.Root, PausesIntake: true),
        new("files", Path.Combine(_data.Root, "files")),
        new("temporary", Path.GetTempPath()),
        .. _modules.SelectMany(m => m.Places),
    ];

    private DiskRoom RoomAt(DiskPlace place)
    {
        var disk = new DriveInfo(place.Path);
        var (free, total) = (disk.AvailableFreeSpace, disk.TotalSize);
        // A small disk keeps a tenth, but where intake ends up enough for the database to work with.
        var limit = Math.Min(_options.StopSpaceMiB * MiB, Math.Max(total / 10, place.PausesIntake ? Math.Min(32 * MiB, total / 4) : 0));
        // What the ballast gave back is for people: a disk is not less full by it, or intake would go on and fill that too.
        var left = place.PausesIntake ? free - _ballast.Lent : free;
        if (place.PausesIntake)
            _ballast.Balance(free, total, limit);
        var full = left < (_full.Contains(place.Name) ? limit + (limit / 2) : limit);
        if (full ? _full.Add(place.Name) : _full.Remove(place.Name))
            KernelLog.DiskChanged(_log, place.Name, place.Path, free / MiB, full ? "full" : "has room again");
        return new(place, free / MiB, limit / MiB, full);
    }

    private void Say(string alarm, IEnumerable<DiskRoom> full)
    {
        var places = string.Join(", ", full.Select(r => $"{r.Place.Name} ({r.Place.Path})"));
        if (places.Length > 0)
            _alarms.Raise(alarm, places);
        else
            _alarms.End(alarm);
    }
}

/// <summary>What the watch of the disks works with.</summary>
/// <param name="Places">What the modules want watched.</param>
/// <param name="Alarms">Where it tells.</param>
/// <param name="Gate">What it closes.</param>
public sealed record DiskParts(IEnumerable<IDiskPlaces> Places, AlarmBoard Alarms, IntakeGate Gate);
