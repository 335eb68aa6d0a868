using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Run;

/// <summary>What ./build.sh run starts, as a person meets it.</summary>
public sealed class RunTests(PublishedProgram program) : IClassFixture<PublishedProgram>, IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly string _data = Path.Combine(Path.GetTempPath(), $"cirt-run-{Guid.NewGuid():n}");
    private readonly string _port = FreePort.Take().ToString(CultureInfo.InvariantCulture);
    private readonly string _httpPort = FreePort.Take().ToString(CultureInfo.InvariantCulture);

    private PrivateCluster Cluster => PrivateCluster.At(Path.Combine(_data, "database"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (!Directory.Exists(_data))
            return;
        await Cluster.StopAsync(CancellationToken.None);
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Everything_starts_stops_and_finds_its_data_again()
    {
        await using (var first = Start())
        {
            await first.LineAsync(line => line.StartsWith("Ready after", StringComparison.Ordinal), s_patience);
            Assert.NotNull(Cluster.State().Process);
            await SqlAsync("create table public.mine (n int)");

            await using (var second = Start())
            {
                Assert.Equal(1, await second.EndAsync(s_patience));
                Assert.Contains($"held by process {first.Id}", second.Output, StringComparison.Ordinal);
                Assert.Contains("Ctrl-C where it runs", second.Output, StringComparison.Ordinal);
            }

            Assert.Equal(0, await first.StopAsync());
            Assert.Matches("(?s)Stopping the sensor.*Stopping the host.*Stopping the database.*Stopped", first.Output);
            Assert.Null(Cluster.State().Process);
        }

        await using var again = Start();
        await again.LineAsync(line => line.StartsWith("Ready after", StringComparison.Ordinal), s_patience);
        Assert.Contains("Starting the database", again.Output, StringComparison.Ordinal);
        await SqlAsync("insert into public.mine values (1)");
        Assert.Equal(0, await again.StopAsync());
    }

    [Fact]
    public async Task Sensor_that_is_told_to_restart_is_started_again_however_often()
    {
        await using var run = Start();
        await run.LineAsync(line => line.StartsWith("Ready after", StringComparison.Ordinal), s_patience);
        var control = Path.Combine(_data, "sensor", "control");
        // More often than a sensor that falls over would be started.
        for (var order = 0; order < 7; order++)
        {
            var id = Guid.NewGuid().ToString();
            for (var tries = 0; run.Output.Split("The sensor was told to start again").Length < order + 2; tries++)
            {
                Assert.True(tries < 60, run.Output);
                // The host takes away an order that nobody gave it; a sensor that has not looked yet gets it again.
                await File.WriteAllTextAsync(Path.Combine(control, ".new"), $$"""{"id":"{{id}}"}""", Cancel);
                File.Move(Path.Combine(control, ".new"), Path.Combine(control, "restart.json"), overwrite: true);
                await Task.Delay(500, Cancel);
            }
        }
        Assert.DoesNotContain("The sensor ended", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await run.StopAsync());
    }

    [Fact]
    public async Task Host_and_sensor_do_not_run_as_root()
    {
        await using var run = Start();
        await run.LineAsync(line => line.StartsWith("Ready after", StringComparison.Ordinal), s_patience);

        var children = Directory.GetDirectories("/proc").Where(place => int.TryParse(Path.GetFileName(place), out _)).Where(place => IsChildOf(place, run.Id)).ToList();

        Assert.NotEmpty(children);
        Assert.All(children, child => Assert.NotEqual("0", Field(child, "Uid:")));
        Assert.All(children, child => Assert.Equal("0000000000000000", Field(child, "CapEff:")));
        Assert.Equal(0, await run.StopAsync());
    }

    [Fact]
    public async Task Port_in_use_is_said_before_anything_starts()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        await using var run = CirtProcess.Start(["run", "--data", _data, "--port", taken]);

        Assert.Equal(1, await run.EndAsync(s_patience));
        Assert.Contains($"Port {taken} is in use.", run.Output, StringComparison.Ordinal);
        Assert.Contains("--port NUMBER", run.Output, StringComparison.Ordinal);
        Assert.Null(Cluster.State().Process);
    }

    [Theory]
    [InlineData("nonsense", "CIRT_DATABASE is not a connection string.")]
    [InlineData("Host=/nowhere;Database=x;Username=y;Password=secret-word", "does not let us in.")]
    public async Task Wrong_connection_string_is_said_without_its_password(string database, string words)
    {
        await using var run = Start(database);

        Assert.Equal(1, await run.EndAsync(s_patience));
        Assert.Contains(words, run.Output, StringComparison.Ordinal);
        Assert.Contains("unset it to get a private server", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_named_in_the_environment_is_used()
    {
        await using var database = await TestDatabase.EmptyAsync();
        await using var run = Start(database.Connection);

        await run.LineAsync(line => line.StartsWith("Ready after", StringComparison.Ordinal), s_patience);

        Assert.False(Directory.Exists(Path.Combine(_data, "database")));
        Assert.Equal(0, await run.StopAsync());
    }

    [Fact]
    public async Task Open_address_is_warned_about()
    {
        await using var run = Start(null, "--listen", "0.0.0.0");

        await run.LineAsync(line => line.StartsWith("Ready after", StringComparison.Ordinal), s_patience);

        Assert.Contains("Warning: the console will answer on 0.0.0.0", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await run.StopAsync());
    }

    [Theory]
    [InlineData("--port", "banana")]
    [InlineData("--listen", "example.org")]
    [InlineData("--everything", "")]
    public async Task Misspelt_command_line_is_explained(string option, string value)
    {
        var (code, output) = await CirtProcess.RunAsync(["run", "--data", _data, option, value]);

        Assert.Equal(1, code);
        Assert.Contains("cirt run [--data DIRECTORY]", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_data));
    }

    private CirtProcess Start(string? database = null, params string[] more) =>
        CirtProcess.StartProgram(program.Cirt, ["run", "--data", _data, "--port", _port, "--http-port", _httpPort, .. more], new Dictionary<string, string?> { ["CIRT_DATABASE"] = database });

    private async Task SqlAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Cluster.Connection("cirt") + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static bool IsChildOf(string place, int parent)
    {
        try
        {
            return Field(place, "PPid:") == parent.ToString(CultureInfo.InvariantCulture) && File.ReadAllText(Path.Combine(place, "cmdline")).Contains("cirt", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It ended while we looked.
            return false;
        }
    }

    private static string Field(string place, string name) =>
        File.ReadLines(Path.Combine(place, "status")).First(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t', StringSplitOptions.RemoveEmptyEntries)[1];
}
