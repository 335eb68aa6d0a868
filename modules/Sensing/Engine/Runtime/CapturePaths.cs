namespace Appliance.Sensing.Engine.Runtime;

/// <summary>The captures that -r names, in the order they are to be read.</summary>
internal static class CapturePaths
{
    private const int StillWrittenSeconds = 1;

    /// <summary>
    /// One file, standard input (-), or the files of a folder by their time of change, then name. With --pcap-file-continuous the folder is looked at again and again until cancelled, and a file that was
    /// written to within the last second waits; with --pcap-file-delete a file goes once the next is asked for.
    /// </summary>
    public static IEnumerable<string> Of(SensorArguments args, string capture, TextWriter stderr, CancellationToken ct)
    {
        if (!Directory.Exists(capture))
        {
            yield return capture;
            if (args.DeleteRead && capture != "-") Delete(capture, stderr);
            yield break;
        }
        var seen = new HashSet<string>();
        SearchOption depth = args.Recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly;
        do
        {
            foreach (FileInfo file in new DirectoryInfo(capture).EnumerateFiles("*", depth).OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.FullName, StringComparer.Ordinal).ToList())
            {
                if (ct.IsCancellationRequested) yield break;
                if (args.Continuous && (DateTime.UtcNow - file.LastWriteTimeUtc).TotalSeconds < StillWrittenSeconds) continue;
                // a path begins as the folder was given, for those who look for it in records
                string path = Path.Combine(capture, Path.GetRelativePath(capture, file.FullName));
                if (!seen.Add(path)) continue;
                yield return path;
                if (args.DeleteRead) Delete(path, stderr);
            }
        }
        while (args.Continuous && !ct.WaitHandle.WaitOne(StillWrittenSeconds * 1000));
    }

    private static void Delete(string path, TextWriter stderr)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"sensor: {path} cannot be deleted: {e.Message}");
        }
    }
}
