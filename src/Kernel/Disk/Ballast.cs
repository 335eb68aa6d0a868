using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Disk;

/// <summary>A file that does nothing but take room on the disk of the data folder: given back first when the disk fills, so that people can still log in and delete.</summary>
internal sealed class Ballast(string folder, KernelOptions options, ILogger log)
{
    private const long MiB = 1024 * 1024;

    /// <summary>On a smaller disk a ballast would take what it is meant to save.</summary>
    private const long SmallestDisk = 200 * MiB;

    /// <summary>Two segments of the database's journal and something to write with: less would not help it.</summary>
    private const long Least = 48 * MiB;

    private string File => Path.Combine(folder, "ballast");

    private string Making => File + ".new";

    /// <summary>Bytes given back and not taken again: room for people, which no intake may count as its own.</summary>
    public long Lent { get; private set; }

    /// <summary>Makes the file where there is room for it, and gives it back where there is little.</summary>
    public void Balance(long free, long total, long limit)
    {
        if (options.BallastMiB == 0 || total < SmallestDisk)
            return;
        var size = Math.Min(options.BallastMiB * MiB, Math.Max(Least, total / 100));
        if (System.IO.File.Exists(File))
        {
            if (free >= limit / 2)
                return;
            System.IO.File.Delete(File);
            Lent = size;
            KernelLog.BallastReleased(log, size / MiB);
        }
        else if (free > size + (2 * limit))
        {
            Take(size);
        }
    }

    private void Take(long size)
    {
        System.IO.File.Delete(Making);
        try
        {
            // Blocks are really taken, not only promised.
            using (new FileStream(Making, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = size, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                System.IO.File.Move(Making, File, overwrite: true);
            }

            Lent = 0;
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            // Somebody else was quicker to take the room; tried again when there is some.
            KernelLog.BallastNotTaken(log, fault.Message);
            System.IO.File.Delete(Making);
        }
    }
}
