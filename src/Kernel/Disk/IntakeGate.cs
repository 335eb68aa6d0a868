using Appliance.Kernel.Alarms;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Disk;

/// <summary>Whether what arrives may be taken in. Closed while there is no room for it: it then waits where it is, in spool and maildir. Thread-safe.</summary>
public sealed class IntakeGate(AlarmBoard alarms, TimeProvider time)
{
    internal const string DatabaseAlarm = "kernel.alarm.disk-database";

    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(10);

    private long _refusedAt = -1;
    private volatile bool _noRoom;

    /// <summary>True when intake may go on. Ask before each batch, and wait a second when not.</summary>
    public bool IsOpen => !_noRoom && (Interlocked.Read(ref _refusedAt) is var at && (at < 0 || time.GetElapsedTime(at) > s_rest));

    /// <summary>Tells that a batch could not be stored. Where the database has no room, everybody rests for ten seconds and an alarm is raised.</summary>
    public void Refused(Exception fault)
    {
        if (!DatabaseTrouble.IsFullDisk(fault))
            return;
        Interlocked.Exchange(ref _refusedAt, time.GetTimestamp());
        alarms.Raise(DatabaseAlarm);
    }

    /// <summary>Tells that something was stored.</summary>
    public void Stored()
    {
        if (Interlocked.Exchange(ref _refusedAt, -1) >= 0)
            alarms.End(DatabaseAlarm);
    }

    /// <summary>Set by the watch of the disks.</summary>
    internal void Room(bool there) => _noRoom = !there;
}
