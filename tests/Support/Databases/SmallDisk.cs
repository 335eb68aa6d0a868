using System.Diagnostics;
using System.Globalization;

namespace Appliance.Tests;

/// <summary>A disk of a few MiB in memory that a test fills and empties. Needs root: skip the test unless <see cref="IsPossible"/>.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    private string Hog => System.IO.Path.Combine(Path, "hog");

    /// <summary>True where disks may be mounted.</summary>
    public static bool IsPossible => Environment.IsPrivilegedProcess;

    /// <summary>Mounts one.</summary>
    /// <param name="mebibytes">Its size.</param>
    /// <param name="path">Where; null for a new folder.</param>
    public static async Task<SmallDisk> MountAsync(int mebibytes, string? path = null)
    {
        path = Directory.CreateDirectory(path ?? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"cirt-disk-{Guid.NewGuid():N}")).FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={mebibytes}m,mode=0755"), "cirt-test", path);
        return new(path);
    }

    /// <summary>Takes all the room that is left, as a runaway log would.</summary>
    public async Task FillAsync()
    {
        var block = new byte[64 * 1024];
        await using var hog = new FileStream(Hog, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (var size = block.Length; size > 0;)
        {
            try
            {
                await hog.WriteAsync(block.AsMemory(0, size));
            }
            catch (IOException)
            {
                // Full for this size; the rest in smaller pieces.
                size /= 2;
            }
        }
    }

    /// <summary>Gives it back.</summary>
    public void Free() => File.Delete(Hog);

    /// <summary>Takes the disk away, whoever still looks at it.</summary>
    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "--lazy", Path);
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
