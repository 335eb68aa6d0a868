using System.Runtime.InteropServices;

namespace Appliance.Kernel.Files;

/// <summary>Makes a rename durable: the folder's own entry is written, which the framework has no call for. libc.</summary>
internal static class FolderSync
{
    private const int ReadOnly = 0;

    /// <summary>Writes the folder through to the disk. A file system that cannot is left as it is.</summary>
    public static void Run(string folder)
    {
        var handle = Open(folder, ReadOnly, 0);
        if (handle < 0)
            return;
        _ = Sync(handle);
        _ = Close(handle);
    }

    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int handle);
}
