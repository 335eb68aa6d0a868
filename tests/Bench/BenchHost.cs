using System.Diagnostics;
using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Tests;

namespace Appliance.Bench;

/// <summary>The published program over a private server that writes through to the disk, as an installation has it.</summary>
internal sealed class BenchHost : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    // Not a private temporary folder: called as root, the database runs as another user who must be able to enter it.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"cirt-bench-{Guid.NewGuid():N}")).FullName;
    private readonly PrivateCluster _cluster;
    private readonly int _https = FreePort.Take();
    private readonly int _http = FreePort.Take();
    private CirtProcess? _host;
    private CirtProcess? _sensor;

    private BenchHost() => _cluster = PrivateCluster.At(Path.Combine(_folder, "database"), ClusterUse.Kept);

    /// <summary>What <c>./build.sh publish</c> made.</summary>
    public static string Cirt => Checkout.At("artifacts", "cirt", "cirt");

    /// <summary>Connection string of the owner.</summary>
    public string Owner { get; private set; } = "";

    /// <summary>The sensor's folder.</summary>
    public string SensorFolder => Path.Combine(_folder, "data", "sensor");

    /// <summary>Server and schema stand; no host runs.</summary>
    public static async Task<BenchHost> PrepareAsync()
    {
        if (!File.Exists(Cirt))
            throw new InvalidOperationException($"{Cirt} is missing: run ./build.sh publish first");
        var bench = new BenchHost();
        bench.Owner = await bench._cluster.StartAsync();
        await using var migrate = CirtProcess.StartProgram(Cirt, ["migrate"], bench.Environment(bench.Owner));
        if (await migrate.EndAsync(s_patience) != 0)
            throw new InvalidOperationException($"cirt migrate failed:\n{migrate.Output}");
        return bench;
    }

    /// <summary>The data folder.</summary>
    public string Data => Path.Combine(_folder, "data");

    /// <summary>Starts the host and answers how long it took until it listened.</summary>
    /// <param name="settings">Configuration beside the usual one.</param>
    public async Task<TimeSpan> StartAsync(Dictionary<string, string?>? settings = null)
    {
        var since = Stopwatch.GetTimestamp();
        _host = CirtProcess.StartProgram(Cirt, ["serve", "--https-port", Number(_https), "--http-port", Number(_http)], new Dictionary<string, string?>(Environment(null).Concat((settings ?? []).Select(s => KeyValuePair.Create($"CIRT_{s.Key}", s.Value)))));
        await _host.LineAsync(line => line.StartsWith("listening on http:", StringComparison.Ordinal), s_patience);
        return Stopwatch.GetElapsedTime(since);
    }

    /// <summary>Where it answers.</summary>
    public Uri Https => new($"https://127.0.0.1:{Number(_https)}/");

    /// <summary>Makes the people of the sample country; answers their passwords by name.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PeopleAsync()
    {
        await using var demo = CirtProcess.StartProgram(Cirt, ["demo", "people"], Environment(null));
        if (await demo.EndAsync(s_patience) != 0)
            throw new InvalidOperationException($"cirt demo people failed:\n{demo.Output}");
        return demo.Output.Split('\n').Select(l => l.Split(' ')).Where(w => w.Length == 2 && w[1].StartsWith("sample-", StringComparison.Ordinal)).ToDictionary(w => w[0], w => w[1].Trim());
    }

    /// <summary>Stops the host.</summary>
    public async Task StopAsync()
    {
        await _host!.StopAsync();
        await _host.DisposeAsync();
        _host = null;
    }

    /// <summary>Lets a role of a database in without a password, for a peer whose library does not know the server's way of asking for one.</summary>
    public async Task TrustAsync(string role)
    {
        var rules = Path.Combine(_folder, "database", "data", "pg_hba.conf");
        await File.WriteAllTextAsync(rules, $"local {role} {role} trust\n{await File.ReadAllTextAsync(rules)}");
        await using var database = Npgsql.NpgsqlDataSource.Create(Owner);
        await using var command = database.CreateCommand("select pg_reload_conf()");
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Starts the packet engine beside it.</summary>
    public void StartSensor() => _sensor = CirtProcess.StartProgram(Cirt, ["sensor", "--folder", SensorFolder], Environment(null));

    /// <summary>Resident memory with shared pages divided among those who share them, in MiB: host, sensor, all of PostgreSQL.</summary>
    public (double Host, double Sensor, double Database) Memory()
    {
        var postmaster = int.Parse(File.ReadLines(Path.Combine(_folder, "database", "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        var servers = Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id == postmaster || ParentOf(id) == postmaster);
        return (Proportional(_host!.Id), Proportional(_sensor!.Id), servers.Sum(Proportional));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_sensor is not null)
            await _sensor.DisposeAsync();
        if (_host is not null)
            await _host.DisposeAsync();
        Npgsql.NpgsqlConnection.ClearAllPools();
        await _cluster.StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // A process may end while it is looked at; then it holds nothing.
    private static double Proportional(int process)
    {
        var path = $"/proc/{Number(process)}/smaps_rollup";
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal)) : null;
        return line is null ? 0 : long.Parse(line["Pss:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) / 1024.0;
    }

    private static int ParentOf(int process)
    {
        var path = $"/proc/{Number(process)}/stat";
        if (process == 0 || !File.Exists(path))
            return 0;
        var stat = File.ReadAllText(path);
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Dictionary<string, string?> Environment(string? owner) => new() { ["CIRT_DATA"] = Path.Combine(_folder, "data"), ["CIRT_DATABASE"] = owner };
}
