using System.Globalization;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Backup;

/// <summary>Where the appliance writes its own backups: the folder that is named for them, best on another disk, else one beside its data, from which they are downloaded.</summary>
internal sealed class BackupFolder(KernelOptions options, DataFolder data, TimeProvider time)
{
    private const string Extension = ".cirt-backup";

    /// <summary>True when the operator named a folder: the nightly backup is written there.</summary>
    public bool IsNamed => options.Backup.Folder.Length > 0;

    /// <summary>The folder.</summary>
    public string Place => IsNamed ? options.Backup.Folder : data.Ensure("backups", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>A file that does not exist yet; its name carries the time, so that the order of names is the order of age.</summary>
    public string NewFile() => Path.Combine(Place, string.Create(CultureInfo.InvariantCulture, $"cirt-{time.GetUtcNow():yyyyMMdd-HHmmss}{Extension}"));

    /// <summary>Removes the oldest of its own beyond the number to keep.</summary>
    public void Trim()
    {
        foreach (var old in Directory.GetFiles(Place, "cirt-*" + Extension).OrderDescending(StringComparer.Ordinal).Skip(options.Backup.Keep))
            File.Delete(old);
    }

    /// <summary>The path of a noted backup where it may be given out: a file that lies here and nowhere else.</summary>
    public string? Find(string noted)
    {
        var name = Path.GetFileName(noted);
        var here = Path.Combine(Place, name);
        return Path.GetFullPath(noted) == Path.GetFullPath(here) && File.Exists(here) && File.ResolveLinkTarget(here, returnFinalTarget: false) is null ? here : null;
    }
}
