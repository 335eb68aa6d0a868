using System.Text.Json;
using Appliance.Kernel.Data;
using Appliance.Sensing.Packets;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Captures;

/// <summary>
/// Puts queued captures before their sensor as job files, and takes the files away once the sensor answered. The row is the journal: what a crash left out is
/// done at the next look, and a job put twice is run once by the sensor.
/// </summary>
internal sealed class CaptureJobs(Database database, SensorFolders folders, ILogger<CaptureJobs> log)
{
    private const string Open =
        "update sensing.captures set state = state where state in ('queued', 'running') returning job_id as job, sensor_id as sensor, file";

    public async Task LookAsync(CancellationToken cancel)
    {
        var sensors = (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs).ToList();
        var open = (await database.QueryAsync<JobRow>(Open, null, cancel)).Select(j => (j.Sensor, Name: $"{j.Job}.json", Body: j.ToJson(sensors.FirstOrDefault(s => s.Id == j.Sensor)?.Path)))
            .Concat((await database.QueryAsync<ExtractJob>(ExtractJob.Open, null, cancel)).Select(static j => (j.Sensor, Name: $"{j.Id}.json", Body: j.ToJson())))
            .ToLookup(static j => j.Sensor);
        foreach (var sensor in sensors)
        {
            try
            {
                Look(sensor, open[sensor.Id].ToDictionary(static j => j.Name, static j => j.Body, StringComparer.Ordinal));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                Log.FolderFailed(log, sensor.Control, fault.Message);
            }
        }
    }

    /// <summary>Deletes the file of a discarded capture; one that is gone already is as good.</summary>
    public void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.FolderFailed(log, file, fault.Message);
        }
    }

    private static void Look(SensorFolder sensor, Dictionary<string, string> open)
    {
        var jobs = Path.Combine(sensor.Control, "jobs");
        Directory.CreateDirectory(jobs);
        foreach (var (name, body) in open)
        {
            var path = Path.Combine(jobs, name);
            if (File.Exists(path))
                continue;
            var temporary = Path.Combine(sensor.Control, "." + name);
            File.WriteAllText(temporary, body);
            File.Move(temporary, path);
        }
        foreach (var path in Directory.EnumerateFiles(jobs, "*.json"))
        {
            if (!open.ContainsKey(Path.GetFileName(path)) && Guid.TryParse(Path.GetFileNameWithoutExtension(path), out _))
                File.Delete(path);
        }
    }

    private sealed class JobRow
    {
        public Guid Job { get; init; }
        public short Sensor { get; init; }
        public string File { get; init; } = "";

        /// <summary>The file is named from the folder on, which lies elsewhere on the machine of a carried sensor.</summary>
        public string ToJson(string? folder) =>
            JsonSerializer.Serialize(new { id = Job.ToString(), kind = "replay", file = folder is not null && File.StartsWith(folder.TrimEnd('/') + '/', StringComparison.Ordinal) ? Path.GetRelativePath(folder, File) : File, community_id = true });
    }
}
