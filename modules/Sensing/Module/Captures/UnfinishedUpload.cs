using System.Text.Json;
using Appliance.Kernel.Disk;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Captures;

/// <summary>A capture of which a part has come. Its id becomes the capture's.</summary>
/// <param name="Name">Made safe.</param>
/// <param name="Size">Bytes of the whole, as the sender announced them.</param>
/// <param name="Mark">What the sender knows the same file by: any text, for example a hash of its first and last bytes.</param>
/// <param name="By">Who began, and who alone may go on.</param>
/// <param name="BegunAt">UTC.</param>
internal sealed record UnfinishedUpload(Guid Id, string Name, long Size, string Mark, Guid By, string ByName, DateTimeOffset BegunAt, bool Exercise)
{
    /// <summary>How long a part waits for the next one.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);
}

/// <summary>
/// Unfinished uploads as they lie in the sensor's folder: <c>.ID.upload</c> describes one, <c>.ID.part</c> is what has come of it, and its length is the offset at which it goes on.
/// Nothing of it is in the database, so that whatever ends the host leaves description, bytes and offset as one.
/// </summary>
internal sealed class UploadFolder(SensorFolders folders, TimeProvider time, ILogger<UploadFolder> log)
{
    public static string Captures(SensorFolder sensor) => Path.Combine(sensor.Control, "captures");

    public static string PartOf(SensorFolder sensor, Guid id) => Path.Combine(Captures(sensor), $".{id}.part");

    /// <summary>All of them, the oldest first.</summary>
    public async Task<IReadOnlyList<(SensorFolder Sensor, UnfinishedUpload Upload)>> ListAsync(CancellationToken cancel)
    {
        var found = new List<(SensorFolder, UnfinishedUpload)>();
        foreach (var sensor in (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs && Directory.Exists(Captures(s))))
        {
            foreach (var path in Directory.EnumerateFiles(Captures(sensor), ".*.upload").Order(StringComparer.Ordinal))
            {
                if (Read(path) is { } upload)
                    found.Add((sensor, upload));
            }
        }
        return found;
    }

    /// <summary>The one of that id, if <paramref name="by"/> began it.</summary>
    public async Task<(SensorFolder Sensor, UnfinishedUpload Upload)?> FindAsync(Guid id, Guid by, CancellationToken cancel)
    {
        foreach (var sensor in (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs))
        {
            if (Read(DescriptionOf(sensor, id)) is { } upload && upload.By == by)
                return (sensor, upload);
        }
        return null;
    }

    /// <summary>Bytes that have come.</summary>
    public static long OffsetOf(SensorFolder sensor, UnfinishedUpload upload) =>
        new FileInfo(PartOf(sensor, upload.Id)) is { Exists: true } part ? part.Length : WholeOf(sensor, upload.Id) is not null ? upload.Size : 0;

    /// <summary>The file that is whole and has its name already, where only its registration is missing.</summary>
    public static string? WholeOf(SensorFolder sensor, Guid id) => Directory.EnumerateFiles(Captures(sensor), $"{id}.pcap*").FirstOrDefault();

    public static void Put(SensorFolder sensor, UnfinishedUpload upload)
    {
        Directory.CreateDirectory(Captures(sensor));
        var path = DescriptionOf(sensor, upload.Id);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(upload));
        File.Move(path + ".new", path);
    }

    /// <summary>The description only: what is left is the capture.</summary>
    public static void Close(SensorFolder sensor, Guid id) => File.Delete(DescriptionOf(sensor, id));

    /// <summary>Throws it away; what is gone already is as good.</summary>
    public void Discard(SensorFolder sensor, Guid id)
    {
        try
        {
            File.Delete(PartOf(sensor, id));
            Close(sensor, id);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.FolderFailed(log, Captures(sensor), fault.Message);
        }
    }

    /// <summary>Throws away what nobody went on with, and parts without a description.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        var before = (time.GetUtcNow() - UnfinishedUpload.Kept).UtcDateTime;
        foreach (var sensor in (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs && Directory.Exists(Captures(s))))
        {
            foreach (var file in new DirectoryInfo(Captures(sensor)).EnumerateFiles(".*").Where(static f => f.Extension is ".upload" or ".part" or ".new"))
            {
                var id = Path.GetFileNameWithoutExtension(file.Name)[1..];
                if (Newest(file, Path.Combine(Captures(sensor), $".{id}.part")) >= before)
                    continue;
                Log.UploadThrownAway(log, id, sensor.Name);
                file.Delete();
            }
        }
    }

    /// <summary>What unfinished uploads were promised and have not brought yet, in bytes.</summary>
    public async Task<long> PromisedAsync(SensorFolder sensor, CancellationToken cancel) =>
        (await ListAsync(cancel)).Where(u => u.Sensor.Id == sensor.Id).Sum(static u => Math.Max(0, u.Upload.Size - OffsetOf(u.Sensor, u.Upload)));

    private static DateTime Newest(FileInfo file, string part)
    {
        var written = File.Exists(part) ? File.GetLastWriteTimeUtc(part) : DateTime.MinValue;
        return written > file.LastWriteTimeUtc ? written : file.LastWriteTimeUtc;
    }

    private static string DescriptionOf(SensorFolder sensor, Guid id) => Path.Combine(Captures(sensor), $".{id}.upload");

    private UnfinishedUpload? Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<UnfinishedUpload>(File.ReadAllBytes(path)) : null;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            // Finished or thrown away between the look and the reading, or damaged: it is swept like one that nobody went on with.
            Log.FolderFailed(log, path, fault.Message);
            return null;
        }
    }
}
