using Appliance.Kernel;
using Appliance.Kernel.Backup;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

/// <summary>Backups between releases: one release has a module, and so schema steps, that the other lacks.</summary>
public sealed class BackupReleaseTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-backup-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Backup => Path.Combine(_folder, "one.cirt");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Older_release_is_refused_unless_asked_for()
    {
        var secret = await MakeAsync([]);

        var fault = await Assert.ThrowsAsync<OperatorFault>(() => RestoreAsync(secret, older: false, new ProbeModule()));
        Assert.Contains("older release", fault.Wrong, StringComparison.Ordinal);
        Assert.Contains("--older", fault.Next, StringComparison.Ordinal);

        var report = await RestoreAsync(secret, older: true, new ProbeModule());
        Assert.Empty(report.Differences);
        Assert.True(report.Rows > 0);
    }

    [Fact]
    public async Task Newer_release_is_refused()
    {
        var secret = await MakeAsync([new ProbeModule()]);

        var fault = await Assert.ThrowsAsync<OperatorFault>(() => RestoreAsync(secret, older: true));

        Assert.Contains("another release", fault.Wrong, StringComparison.Ordinal);
        Assert.Contains("probe/0001", fault.Particulars, StringComparison.Ordinal);
    }

    [Fact]
    public void Difference_of_a_table_is_named()
    {
        TableDigest[] then = [new("a.one", 2, "5"), new("a.two", 1, "7"), new("a.three", 1, "1")];
        TableDigest[] now = [new("a.one", 2, "6"), new("a.two", 2, "7"), new("a.four", 0, "0")];

        Assert.Equal(
            ["a.one: the rows differ", "a.two: 2 rows, 1 expected", "a.three: missing", "a.four: not in the backup"],
            DatabaseDigest.Differences(then, now));
    }

    private async Task<string> MakeAsync(IReadOnlyList<IModule> modules)
    {
        await using var running = await TestModules.StartAsync(modules);
        await using var owner = NpgsqlDataSource.Create(running.Owner);
        var access = await DatabaseRoles.ApplyAsync(owner, running.Services.GetRequiredService<ModuleSet>(), null, Cancel);
        await using var app = NpgsqlDataSource.Create(access.AppConnection());
        var (recipient, secret) = await AgeProgram.NewPairAsync(Cancel);
        await new BackupWriter(new Database(app, TimeProvider.System), access, new DataFolder(Path.Combine(_folder, "data")), TimeProvider.System).WriteAsync(Backup, recipient, Cancel);
        return secret;
    }

    private async Task<RestoreReport> RestoreAsync(string secret, bool older, params IModule[] further)
    {
        ModuleSet modules = new([.. new IModule[] { new KernelModule() }.Concat(further).Select(m => ModuleBuilder.Describe(m, new ServiceCollection()))]);
        await using var database = await TestDatabase.EmptyAsync();
        await using var owner = NpgsqlDataSource.Create(database.Connection);
        return await new RestoredInstallation(new DataFolder(Path.Combine(_folder, Guid.NewGuid().ToString("n"))), modules).RunAsync(Backup, secret, owner, database.Connection, older, Cancel);
    }
}
