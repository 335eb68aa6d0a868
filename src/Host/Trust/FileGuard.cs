namespace Appliance.Host.Trust;

/// <summary>What decides which code runs must not be writable by that code: files of plug-ins and pinned keys belong to root.</summary>
internal static class FileGuard
{
    /// <summary>Throws where the host's own user, its group or anybody could change the file or put another in its place.</summary>
    public static void DemandFixed(string path)
    {
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(path)!;
        foreach (var place in new[] { path, folder })
        {
            if (new FileInfo(place).LinkTarget is not null)
                throw new UntrustedException($"{place} is a link");
            if ((File.GetUnixFileMode(place) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw Loose(place);
        }
        // Root may write everywhere; an ordinary user, which the host is in service, must not.
        if (!Environment.IsPrivilegedProcess && (MayWrite(folder) || (path != folder && MayChange(path))))
            throw Loose(path);
    }

    private static UntrustedException Loose(string place) => new($"{place} may be written by others than root: chown root:root and chmod go-w it");

    private static bool MayChange(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            return true;
        }
        catch (Exception fault) when (fault is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }

    private static bool MayWrite(string folder)
    {
        var probe = Path.Combine(folder, $".probe-{Guid.NewGuid():N}");
        try
        {
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
                return true;
        }
        catch (Exception fault) when (fault is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }
}
