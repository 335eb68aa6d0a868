namespace Appliance.Kernel.Disk;

/// <summary>A folder whose disk is watched. A module registers its own as a singleton.</summary>
/// <param name="Name">For people and logs, the same in every language: <c>data</c>, <c>files</c>, <c>sensor local</c>.</param>
/// <param name="Path">The folder; one that does not exist yet is not looked at.</param>
/// <param name="PausesIntake">True where what is taken in ends up: the database and its neighbours. A full spool must be read all the more.</param>
public sealed record DiskPlace(string Name, string Path, bool PausesIntake = false);

/// <summary>Says which folders a module wants watched.</summary>
public interface IDiskPlaces
{
    /// <summary>The folders as they are configured now. Cheap: asked every two seconds.</summary>
    IEnumerable<DiskPlace> Places { get; }
}

/// <summary>The room left at one place.</summary>
/// <param name="Place">Where.</param>
/// <param name="FreeMiB">What an ordinary user can still write.</param>
/// <param name="LimitMiB">Below it the place counts as full.</param>
/// <param name="IsFull">As decided: full below the limit, and until half as much again is free.</param>
public sealed record DiskRoom(DiskPlace Place, long FreeMiB, long LimitMiB, bool IsFull);

/// <summary>Tells a full disk from other faults of files.</summary>
public static class FullDisk
{
    // ENOSPC and EDQUOT as the runtime passes them on, and what it makes of a file that cannot be given its room beforehand.
    private const int NoSpace = 28;
    private const int OverQuota = 122;
    private const int NoRoomBeforehand = unchecked((int)0x80070070);

    /// <summary>True when writing failed for want of room.</summary>
    public static bool Is(Exception fault) => fault is IOException { HResult: NoSpace or OverQuota or NoRoomBeforehand };
}
