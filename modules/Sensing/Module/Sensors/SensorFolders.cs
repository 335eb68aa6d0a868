using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Sensors;

/// <summary>One sensor as configured, with its number in the database.</summary>
internal sealed record SensorFolder(short Id, string Name, string Path, string Kind)
{
    public bool IsOurs => Kind == "folder";

    public string Control => System.IO.Path.Combine(Path, "control");
}

/// <summary>The configured sensors. Known after <see cref="RegisterAsync"/>, then the same until the host stops.</summary>
internal sealed class SensorFolders(SensingOptions options, DataFolder data, Database database, ILogger<SensorFolders> log) : IDiskPlaces
{
    private const string Register =
        """
        insert into sensing.sensors (name, path, kind) values (@Name, @Path, @Kind)
        on conflict (name) do update set path = excluded.path, kind = excluded.kind, present = true
        returning id
        """;

    private const string Absent = "update sensing.sensors set present = false where present and name <> all(@names)";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IReadOnlyList<SensorFolder>? _known;

    public IReadOnlyList<SensorFolderOptions> Configured =>
        options.Folders.Count > 0 ? options.Folders : [new SensorFolderOptions { Name = "local", Path = data.Sensor, Kind = "folder" }];

    /// <inheritdoc/>
    public IEnumerable<DiskPlace> Places => Configured.Select(f => new DiskPlace($"sensor {f.Name}", f.Path));

    /// <summary>Writes the configured folders into the database and prepares what the host owns in them.</summary>
    public async Task<IReadOnlyList<SensorFolder>> RegisterAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_known is not null)
                return _known;
            var folders = new List<SensorFolder>();
            foreach (var folder in Configured)
            {
                var id = await database.FindAsync<short>(Register, folder, cancel);
                folders.Add(new(id, folder.Name, folder.Path, folder.Kind));
            }
            await database.ExecuteAsync(Absent, new { names = folders.Select(f => f.Name).ToArray() }, cancel);
            foreach (var folder in folders.Where(f => f.IsOurs))
                Prepare(folder);
            return _known = folders;
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Prepare(SensorFolder folder)
    {
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, "spool"));
            Directory.CreateDirectory(Path.Combine(folder.Control, "jobs"));
            Directory.CreateDirectory(Path.Combine(folder.Control, "captures"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The health probe shows it until someone repairs it; the other sensors go on.
            Log.FolderFailed(log, folder.Path, fault.Message);
        }
    }
}
