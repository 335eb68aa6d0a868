using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Appliance.Sensing;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.Integration.Sensing;

/// <summary>Sensing over a database and a sensor's folder of their own, the importer stepped by hand.</summary>
internal sealed class SensingWorld : IAsyncDisposable
{
    private readonly List<(IntakeStream Stream, string Name, SensorFolder Sensor)> _streams = [];
    private readonly Dictionary<IntakeStream, Bookmark> _bookmarks = [];

    private SensingWorld(TestModules modules, string folder)
    {
        (Modules, Spool) = (modules, new SensorSpool(Path.Combine(folder, "sensor")));
        Root = folder;
        Analyst = modules.Person("ana", Role.Analyst);
    }

    public TestModules Modules { get; }

    public SensorSpool Spool { get; }

    public string Root { get; }

    public Viewer Analyst { get; }

    public static async Task<SensingWorld> StartAsync(IReadOnlyDictionary<string, string?>? settings = null)
    {
        var folder = Directory.CreateTempSubdirectory("cirt-sensing-").FullName;
        var modules = await TestModules.StartAsync(
            [new SensingModule()],
            services => services.AddSingleton(new DataFolder(folder)).AddSingleton<IConstituency, OneBank>(),
            settings);
        var world = new SensingWorld(modules, folder);
        await world.OpenStreamsAsync();
        return world;
    }

    public T Get<T>()
        where T : notnull => Modules.Services.GetRequiredService<T>();

    /// <summary>Reads everything that waits, as the worker would.</summary>
    public async Task ReadAsync()
    {
        foreach (var (stream, name, sensor) in _streams)
        {
            for (var quiet = 0; quiet < 25;)
            {
                var bookmark = _bookmarks.TryGetValue(stream, out var known) ? known : await Bookmark.LoadAsync(Modules.Database, sensor.Id, name, CancellationToken.None);
                var next = await stream.AdvanceAsync(bookmark, CancellationToken.None);
                quiet = ReferenceEquals(next, bookmark) ? quiet + 1 : 0;
                _bookmarks[stream] = next;
            }
        }
    }

    /// <summary>Forgets everything in memory, as a restarted host would.</summary>
    public async Task RestartAsync()
    {
        _streams.Clear();
        _bookmarks.Clear();
        await OpenStreamsAsync();
    }

    public async Task<T> AskAsync<T>(string sql, object? parameters = null) => (await Modules.Database.FindAsync<T>(sql, parameters, CancellationToken.None))!;

    public async ValueTask DisposeAsync()
    {
        await Modules.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    private async Task OpenStreamsAsync()
    {
        var sensors = await Get<SensorFolders>().RegisterAsync(CancellationToken.None);
        var worker = Get<IntakeWorker>();
        var context = new IntakeContext(Modules.Database, Get<Hours>(), Get<SensingBell>(), Get<Exercises>(), Get<IntakeGate>(), TimeProvider.System, NullLogger.Instance);
        foreach (var sensor in sensors)
        {
            foreach (var (stream, name) in worker.Streams(sensor, context).Zip(sensor.IsOurs ? new[] { "alerts", "events" } : ["eve"]))
                _streams.Add((stream, name, sensor));
        }
    }

    /// <summary>192.0.2.0/24 belongs to a bank.</summary>
    private sealed class OneBank : IConstituency
    {
        public static readonly ConstituentId Id = new(Guid.Parse("00000000-0000-0000-0000-00000000ba2c"));

        public ConstituentMatch? Find(IPAddress address) => IPNetwork.Parse("192.0.2.0/24").Contains(address) ? new(Id, "National Bank", "192.0.2.0/24") : null;

        public ConstituentMatch? Find(string name) => null;

        public Task<ConstituentCard?> FindAsync(Viewer viewer, ConstituentId id, CancellationToken cancel) => Task.FromResult<ConstituentCard?>(null);

        public Task<IReadOnlyList<ConstituentCard>> SearchAsync(Viewer viewer, string words, int limit, CancellationToken cancel) => Task.FromResult<IReadOnlyList<ConstituentCard>>([]);
    }
}
