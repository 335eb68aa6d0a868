using System.Globalization;
using System.Net;
using Appliance.Kernel.Data;

namespace Appliance.Tests;

/// <summary>The real host, <c>cirt serve</c>, with a database and a data folder of its own, on free ports of loopback.</summary>
/// <remarks>Survives <see cref="KillAsync"/> and <see cref="StartAgainAsync"/> with the same database, data and ports.</remarks>
public sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TestDatabase? _database;
    private readonly IReadOnlyDictionary<string, string?> _settings;
    private readonly int _https = FreePort.Take();
    private readonly int _http = FreePort.Take();
    private IReadOnlyDictionary<string, string?>? _environment;
    private CirtProcess _process = null!;
    private CirtProcess? _sensor;

    private HostProcess(TestDatabase? database, string owner, string data, IReadOnlyDictionary<string, string?> settings) =>
        (_database, Database, Data, _settings) = (database, owner, data, settings);

    /// <summary>The data folder.</summary>
    public string Data { get; }

    /// <summary>The sensor's folder, shared by <see cref="StartSensorAsync"/> and the host.</summary>
    public string SensorFolder => Path.Combine(Data, "sensor");

    /// <summary>Connection string of a superuser to the host's database.</summary>
    public string Database { get; }

    /// <summary>Where it answers in plain http.</summary>
    public Uri Http => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_http}/"));

    /// <summary>Where it answers with its own certificate.</summary>
    public Uri Https => new(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{_https}/"));

    /// <summary>The running process; another one after <see cref="StartAgainAsync"/>.</summary>
    public CirtProcess Process => _process;

    /// <summary>Starts a host over a freshly migrated database and waits until it answers.</summary>
    /// <param name="settings">Configuration as environment variables without <c>CIRT_</c>, for example <c>watch__fetchSeconds</c>.</param>
    public static async Task<HostProcess> StartAsync(IReadOnlyDictionary<string, string?>? settings = null)
    {
        var database = await TestDatabase.FromAsync(await SchemaAsync(), MigrateTemplateAsync);
        // Roles belong to a database by name, so the copy gets its own.
        return await StartAsync(new HostProcess(database, database.Connection, NewFolder("host"), settings ?? new Dictionary<string, string?>()));
    }

    /// <summary>Starts a host over a server of its own, which a test may stop, cut and fill.</summary>
    /// <param name="server">Connection string of its superuser; the server is the caller's to end.</param>
    /// <param name="settings">As in the other.</param>
    /// <param name="data">An empty folder, for example on a small disk; null for one of its own.</param>
    /// <remarks>Hosts of tests keep no ballast unless <c>kernel__ballastMiB</c> says so: many run at once on one disk.</remarks>
    /// <param name="environment">Further variables, by their full names.</param>
    public static Task<HostProcess> StartOnAsync(string server, IReadOnlyDictionary<string, string?>? settings = null, string? data = null, IReadOnlyDictionary<string, string?>? environment = null) =>
        StartAsync(new HostProcess(null, server, data ?? NewFolder("host"), settings ?? new Dictionary<string, string?>()) { _environment = environment });

    private static async Task<HostProcess> StartAsync(HostProcess host)
    {
        try
        {
            await MigrateAsync(host.Database, host.Data);
            await host.StartAgainAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again after a stop or a kill.</summary>
    public async Task StartAgainAsync()
    {
        Dictionary<string, string?> environment = new() { ["CIRT_DATA"] = Data, ["CIRT_DATABASE"] = null, ["CIRT_kernel__ballastMiB"] = "0" };
        foreach (var (name, value) in _settings)
            environment["CIRT_" + name] = value;
        foreach (var (name, value) in _environment ?? new Dictionary<string, string?>())
            environment[name] = value;
        _process = CirtProcess.Start(
            ["serve", "--https-port", _https.ToString(CultureInfo.InvariantCulture), "--http-port", _http.ToString(CultureInfo.InvariantCulture)],
            environment);
        await _process.LineAsync(line => line.StartsWith("listening on http:", StringComparison.Ordinal), s_patience);
    }

    /// <summary>Starts the packet engine on <see cref="SensorFolder"/>.</summary>
    public async Task<CirtProcess> StartSensorAsync()
    {
        if (_sensor is not null)
            await _sensor.DisposeAsync();
        Directory.CreateDirectory(SensorFolder);
        return _sensor = CirtProcess.Start(["sensor", "--folder", SensorFolder], new Dictionary<string, string?> { ["CIRT_DATA"] = Data });
    }

    /// <summary>Runs another verb on the same data.</summary>
    public Task<(int Code, string Output)> RunAsync(params string[] arguments) =>
        CirtProcess.RunAsync(arguments, new Dictionary<string, string?> { ["CIRT_DATA"] = Data });

    /// <summary>Stops it softly and answers the exit code.</summary>
    public Task<int> StopAsync() => _process.StopAsync();

    /// <summary>Ends it as a power cut would.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>A client without cookies and redirects, that accepts the host's own certificate.</summary>
    public HttpClient Client()
    {
        // Ours to dispose with the client; loopback, so that the certificate proves nothing here.
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.All };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        return new(handler) { BaseAddress = Http, Timeout = s_patience };
    }

    /// <summary>Kills what still runs, drops the database, deletes the data; keeps the output of a failed test.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_sensor is not null)
            await _sensor.DisposeAsync();
        if (_process is not null)
        {
            await Failed.KeepAsync("host.log", _process.Output);
            await _process.DisposeAsync();
        }

        if (_database is not null)
            await _database.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }

    private static async Task MigrateTemplateAsync(string owner)
    {
        var data = NewFolder("schema");
        await MigrateAsync(owner, data);
        Directory.Delete(data, recursive: true);
    }

    private static async Task MigrateAsync(string owner, string data)
    {
        var (code, output) = await CirtProcess.RunAsync(["migrate"], new Dictionary<string, string?> { ["CIRT_DATABASE"] = owner, ["CIRT_DATA"] = data });
        if (code != 0)
            throw new InvalidOperationException($"cirt migrate ended with {code}:\n{output}");
    }

    /// <summary>Names the schema by the assemblies that carry the migrations.</summary>
    private static Task<string> SchemaAsync() => Task.Run(() => string.Join('\n', Directory.GetFiles(Path.GetDirectoryName(Checkout.Cirt)!, "Appliance.*.dll")
        .Append(Checkout.Cirt)
        .Order(StringComparer.Ordinal)
        .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file} {File.GetLastWriteTimeUtc(file).Ticks}"))));

    private static string NewFolder(string name) => Directory.CreateTempSubdirectory($"cirt-{name}-").FullName;
}
