using System.Globalization;

namespace Appliance.Sensing.Intake;

/// <summary>The spool of one sensor: closed, numbered segments per stream, and the host's bookmark beside them.</summary>
internal sealed class SegmentFolder(string folder)
{
    private readonly string _spool = Path.Combine(folder, "spool");

    public string PathOf(string stream, long number) => Path.Combine(_spool, string.Create(CultureInfo.InvariantCulture, $"{stream}-{number:D10}.json"));

    /// <summary>The lowest closed segment at or above <paramref name="from"/>, or null. Numbers may be missing: the sensor deletes by budget.</summary>
    public long? Next(string stream, long from)
    {
        if (File.Exists(PathOf(stream, from)))
            return from;
        return Directory.Exists(_spool) ? Lowest(stream, from) : null;
    }

    private long? Lowest(string stream, long from)
    {
        long? lowest = null;
        foreach (var file in Directory.EnumerateFiles(_spool, stream + "-*.json"))
        {
            if (Number(Path.GetFileName(file), stream) is { } number && number >= from && (lowest is null || number < lowest))
                lowest = number;
        }
        return lowest;
    }

    /// <summary>The lowest closed segment written after <paramref name="ticks"/> (UTC), whatever its number.</summary>
    public long? OldestAfter(string stream, long ticks)
    {
        if (!Directory.Exists(_spool))
            return null;
        var numbers = new DirectoryInfo(_spool).EnumerateFiles(stream + "-*.json")
            .Where(f => f.LastWriteTimeUtc.Ticks > ticks)
            .Select(f => Number(f.Name, stream))
            .OfType<long>()
            .ToList();
        return numbers.Count > 0 ? numbers.Min() : null;
    }

    /// <summary>Segments of the stream that wait, and their bytes.</summary>
    public (int Segments, long Bytes) Waiting(string stream, long from)
    {
        var (segments, bytes) = (0, 0L);
        if (!Directory.Exists(_spool))
            return default;
        foreach (var file in new DirectoryInfo(_spool).EnumerateFiles(stream + "-*.json"))
        {
            if (Number(file.Name, stream) is { } number && number >= from)
                (segments, bytes) = (segments + 1, bytes + file.Length);
        }
        return (segments, bytes);
    }

    private static long? Number(string file, string stream) =>
        long.TryParse(Path.GetFileNameWithoutExtension(file.AsSpan())[(stream.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Tells the sensor what was read, so that it may delete. Written aside and renamed.</summary>
    public void Mirror(long alerts, long events)
    {
        if (!Directory.Exists(_spool))
            return;
        var temporary = Path.Combine(_spool, ".read.new");
        File.WriteAllText(temporary, string.Create(CultureInfo.InvariantCulture, $$"""{"alerts":{{alerts}},"events":{{events}}}"""));
        File.Move(temporary, Path.Combine(_spool, "read"), overwrite: true);
    }
}
