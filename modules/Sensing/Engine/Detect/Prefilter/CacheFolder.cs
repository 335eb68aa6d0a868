using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.Memory;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Sensing.Engine.Detect.Prefilter;

/// <summary>
/// A folder of this process alone for what takes long to compute. What somebody else could have written there is not used: the folder and each file must belong to the user we run as, and nobody else may write to them.
/// </summary>
internal sealed unsafe partial class CacheFolder(string path, string extension = ".patterns")
{
    private const int MostFiles = 8;
    private const long MostBytes = 1L << 30;

    // statx(2): the same layout on every architecture
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)] public uint Owner;
        [FieldOffset(28)] public ushort Mode;
    }

    private const int CurrentFolder = -100, NoFollow = 0x100, EmptyPath = 0x1000;
    private const uint OwnerAndMode = 0x1 | 0x2 | 0x8;
    private const ushort WritableByOthers = 0x12, TypeMask = 0xf000, Regular = 0x8000, Folder = 0x4000;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int statx(int folder, string path, int flags, uint mask, Status* status);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    /// <summary>Opens an entry for reading; null when there is none, or it is not ours alone.</summary>
    public FileStream? Open(string name)
    {
        string file = Path.Combine(path, name + extension);
        if (!IsOurs(CurrentFolder, path, NoFollow, Folder) || !File.Exists(file)) return null;
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.SequentialScan);
        SafeFileHandle handle = stream.SafeFileHandle;
        // asked of the open file: it cannot be exchanged afterwards
        if (IsOurs((int)handle.DangerousGetHandle(), "", EmptyPath, Regular)) return stream;
        stream.Dispose();
        return null;
    }

    /// <summary>Puts an entry in place whole, and the oldest out when there are too many. False when the folder is not ours alone.</summary>
    public bool Put(string name, Action<FileStream> write)
    {
        if (!Directory.Exists(path)) Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!IsOurs(CurrentFolder, path, NoFollow, Folder)) return false;
        string part = Path.Combine(path, $"{name}.{Environment.ProcessId}.part");
        try
        {
            using (var stream = new FileStream(part, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 1 << 16, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                write(stream);
                stream.Flush(true);
            }
            File.Move(part, Path.Combine(path, name + extension), true);
        }
        finally
        {
            File.Delete(part);
        }
        Bound(name);
        return true;
    }

    /// <summary>An entry that is of no use.</summary>
    public void Remove(string name) => File.Delete(Path.Combine(path, name + extension));

    /// <summary>In use again: the last to be put out.</summary>
    public void Touch(string name) => File.SetLastWriteTimeUtc(Path.Combine(path, name + extension), DateTime.UtcNow);

    private void Bound(string newest)
    {
        long bytes = 0;
        int files = 0;
        foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles("*" + extension).OrderByDescending(f => f.LastWriteTimeUtc).ToArray())
        {
            bytes += file.Length;
            if ((++files > MostFiles || bytes > MostBytes) && file.Name != newest + extension) file.Delete();
        }
        // left by a process that was cut off
        foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles("*.part"))
            if (DateTime.UtcNow - file.LastWriteTimeUtc > TimeSpan.FromHours(1)) file.Delete();
    }

    private static bool IsOurs(int folder, string name, int flags, ushort type)
    {
        if (!NativeLibrary.TryLoad("libc.so.6", out nint library) || !NativeLibrary.TryGetExport(library, nameof(statx), out _)) return false;
        Status status;
        return statx(folder, name, flags, OwnerAndMode, &status) == 0 && status.Owner == geteuid() && (status.Mode & WritableByOthers) == 0 && (status.Mode & TypeMask) == type;
    }
}
