using System.Diagnostics;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Data;

public sealed class PrivateClusterTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"cirt-cluster-{Guid.NewGuid():n}");

    private PrivateCluster Cluster => PrivateCluster.At(_folder);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Cluster.StopAsync(CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Kept_server_finds_its_data_again_after_stop_and_after_a_kill()
    {
        Assert.Equal(new ClusterState(false, null, null), Cluster.State());
        var address = await Cluster.StartAsync(Cancel);
        await RunAsync(address, "create table kept (n int); insert into kept values (7)");

        await Cluster.StopAsync(Cancel);
        Assert.True(Cluster.State() is { Created: true, Process: null, Major: >= PostgresPrograms.Oldest });
        Assert.Equal(7, await RunAsync(await Cluster.StartAsync(Cancel), "select n from kept"));

        await RunAsync(address, "update kept set n = 8");
        await KillAsync();
        Assert.Null(Cluster.State().Process);
        Assert.Equal(8, await RunAsync(await Cluster.StartAsync(Cancel), "select n from kept"));
    }

    [Fact]
    public async Task Second_start_reuses_the_running_server()
    {
        var starts = await Task.WhenAll(Cluster.StartAsync(Cancel), Cluster.StartAsync(Cancel));
        var first = Cluster.State().Process;
        await Cluster.StartAsync(Cancel);

        Assert.NotNull(first);
        Assert.Equal(first, Cluster.State().Process);
        Assert.Equal(starts[0], starts[1]);
    }

    [Fact]
    public async Task Server_is_reached_by_its_socket_and_password_only_and_checks_its_pages()
    {
        var address = await Cluster.StartAsync(Cancel);

        Assert.Equal("", await RunAsync(address, "show listen_addresses"));
        Assert.Equal("on", await RunAsync(address, "show data_checksums"));
        Assert.Equal("on", await RunAsync(address, "show fsync"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "password")));
        var socket = new NpgsqlConnectionStringBuilder(address).Host!;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(socket));
        var wrong = new NpgsqlConnectionStringBuilder(address) { Password = "wrong" }.ConnectionString;
        Assert.Equal("28P01", (await Assert.ThrowsAsync<PostgresException>(() => RunAsync(wrong, "select 1"))).SqlState);
    }

    [Fact]
    public async Task Server_never_runs_as_root()
    {
        await Cluster.StartAsync(Cancel);

        var owner = File.ReadLines($"/proc/{Cluster.State().Process}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        Assert.NotEqual("0", owner.Split('\t')[1]);
    }

    [Fact]
    public async Task Long_path_still_gets_a_socket()
    {
        var deep = Path.Combine(_folder, new string('a', 60), new string('b', 60));
        var cluster = PrivateCluster.At(deep, ClusterUse.ThrowAway);

        var address = await cluster.StartAsync(Cancel);

        Assert.Equal(1, await RunAsync(address, "select 1"));
        cluster.Discard();
        Assert.False(Directory.Exists(deep));
    }

    [Fact]
    public async Task Fault_in_the_settings_is_named_and_nothing_is_lost()
    {
        var address = await Cluster.StartAsync(Cancel);
        await RunAsync(address, "create table kept (n int)");
        await Cluster.StopAsync(Cancel);
        var own = Path.Combine(_folder, "data", "local.conf");
        await File.WriteAllTextAsync(own, "shared_buffers = banana\n", Cancel);
        File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var fault = await Assert.ThrowsAsync<OperatorFault>(() => Cluster.StartAsync(Cancel));
        Assert.Contains("banana", fault.Particulars, StringComparison.Ordinal);
        Assert.Contains("start.log", fault.Next, StringComparison.Ordinal);

        File.Delete(own);
        Assert.Equal(0L, await RunAsync(await Cluster.StartAsync(Cancel), "select count(*) from kept"));
    }

    [Fact]
    public async Task Data_of_a_version_that_is_not_installed_is_refused_with_the_package_to_install()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "data"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "data", "PG_VERSION"), "9\n", Cancel);

        var fault = await Assert.ThrowsAsync<OperatorFault>(() => Cluster.StartAsync(Cancel));

        Assert.Contains("version 9", fault.Particulars, StringComparison.Ordinal);
        Assert.Contains("postgresql-9", fault.Next, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "data", "PG_VERSION"));
    }

    private async Task KillAsync()
    {
        using var server = Process.GetProcessById(Cluster.State().Process!.Value);
        server.Kill();
        await server.WaitForExitAsync(Cancel);
    }

    private static async Task<object?> RunAsync(string address, string sql)
    {
        await using var connection = new NpgsqlConnection(address + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
