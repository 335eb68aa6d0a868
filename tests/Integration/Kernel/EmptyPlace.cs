using System.Globalization;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

/// <summary>An installation without anything: an empty database and a data folder that does not exist yet.</summary>
internal sealed class EmptyPlace : IAsyncDisposable
{
    private readonly TestDatabase _database;

    private EmptyPlace(TestDatabase database, string data) => (_database, Data) = (database, data);

    public string Data { get; }

    public static async Task<EmptyPlace> MakeAsync() =>
        new(await TestDatabase.EmptyAsync(), Path.Combine(Path.GetTempPath(), $"cirt-empty-{Guid.NewGuid():n}"));

    /// <summary>Where a restoring program finds the folder and the database.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?> { ["CIRT_DATA"] = Data, ["CIRT_DATABASE"] = _database.Connection };

    public Task<(int Code, string Output)> RestoreAsync(string file, string keyFile) => CirtProcess.RunAsync(["restore", file, "--key-file", keyFile], Environment);

    public Task<(int Code, string Output)> RunAsync(params string[] arguments) =>
        CirtProcess.RunAsync(arguments, new Dictionary<string, string?> { ["CIRT_DATA"] = Data, ["CIRT_DATABASE"] = null });

    /// <summary>No schema, and no file anywhere in the data folder.</summary>
    public async Task DemandEmptyAsync()
    {
        await using var connection = new NpgsqlConnection(_database.Connection);
        await connection.OpenAsync();
        await using var ask = new NpgsqlCommand("select count(*) from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')", connection);
        Assert.Equal(0L, await ask.ExecuteScalarAsync());
        Assert.Empty(Directory.Exists(Data) ? Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories) : []);
    }

    /// <summary>A host starts on it and shows the log-in page.</summary>
    public async Task DemandServesAsync()
    {
        var port = FreePort.Take();
        await using var host = CirtProcess.Start(
            ["serve", "--https-port", FreePort.Take().ToString(CultureInfo.InvariantCulture), "--http-port", port.ToString(CultureInfo.InvariantCulture)],
            new Dictionary<string, string?> { ["CIRT_DATA"] = Data, ["CIRT_DATABASE"] = null });
        await host.LineAsync(line => line.StartsWith("listening on http:", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/login")));
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}\n{host.Output}");
        Assert.Equal(0, await host.StopAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        foreach (var folder in new[] { Data, Data + "-damaged" }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }
}
