using System.Text;
using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

/// <summary>A backup of a serving host, opened with the printed key on an empty installation.</summary>
public sealed partial class BackupTests(BackupTests.BackedUp backup) : IClassFixture<BackupTests.BackedUp>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, double> Damages { get; } = new()
    {
        { "flip", 0.001 }, { "flip", 0.1 }, { "flip", 0.5 }, { "flip", 0.9 }, { "flip", 0.9999 },
        { "cut", 0.0 }, { "cut", 0.01 }, { "cut", 0.5 }, { "cut", 0.9999 },
        { "append", 1.0 }, { "swap", 0.4 }, { "other key", 0 }, { "no key", 0 },
    };

    [Fact]
    public async Task Restored_installation_is_the_same_and_serves()
    {
        await using var place = await EmptyPlace.MakeAsync();

        var (code, output) = await place.RestoreAsync(backup.File, backup.KeyFile);

        Assert.True(code == 0, output);
        Assert.Contains("every table has the same rows, every file the same content", output, StringComparison.Ordinal);
        Assert.Equal("the bytes of a stranger", await File.ReadAllTextAsync(Path.Combine(place.Data, "files", backup.Stored[..2], backup.Stored[2..4], backup.Stored), Cancel));
        Assert.Equal("{\"kernel\":{\"idleMinutes\":45}}", await File.ReadAllTextAsync(Path.Combine(place.Data, "config.json"), Cancel));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(place.Data, "keys", "backup-recipient")));
        var people = await place.RunAsync("user", "list");
        Assert.Contains("benazir", people.Output, StringComparison.Ordinal);
        var audit = await place.RunAsync("audit", "verify");
        Assert.True(audit.Code == 0, audit.Output);
        await place.DemandServesAsync();
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damaged_backup_is_refused_and_leaves_nothing(string damage, double where)
    {
        await using var place = await EmptyPlace.MakeAsync();
        var (file, key) = await backup.DamageAsync(damage, where, place.Data + "-damaged");

        var (code, output) = await place.RestoreAsync(file, key);

        Assert.Equal(1, code);
        Assert.Matches("The backup cannot be opened|The backup is damaged|That is not a recovery key", output);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        await place.DemandEmptyAsync();
    }

    [LongFact]
    public async Task Fifty_damaged_backups_are_refused()
    {
        var random = new Random(7);
        for (var i = 0; i < 50; i++)
            await Damaged_backup_is_refused_and_leaves_nothing(i % 3 == 0 ? "cut" : "flip", random.NextDouble());
    }

    [Fact]
    public async Task Restore_never_overwrites()
    {
        await using var place = await EmptyPlace.MakeAsync();
        Assert.Equal(0, (await place.RestoreAsync(backup.File, backup.KeyFile)).Code);

        var (code, output) = await place.RestoreAsync(backup.File, backup.KeyFile);

        Assert.Equal(1, code);
        Assert.Contains("The database is not empty", output, StringComparison.Ordinal);

        await using var folder = await EmptyPlace.MakeAsync();
        Directory.CreateDirectory(Path.Combine(folder.Data, "files"));
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "files", "mine"), "mine", Cancel);
        (code, output) = await folder.RestoreAsync(backup.File, backup.KeyFile);
        Assert.Equal(1, code);
        Assert.Contains("The data folder is not empty", output, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(folder.Data, "files", "mine"), Cancel));
    }

    [Fact]
    public async Task Backup_is_checked_without_restoring_and_never_overwritten()
    {
        var check = await backup.Host.RunAsync("backup", "--check", backup.File, "--key-file", backup.KeyFile);
        Assert.True(check.Code == 0, check.Output);
        Assert.Contains("is whole", check.Output, StringComparison.Ordinal);

        var again = await backup.Host.RunAsync("backup", backup.File);
        Assert.Equal(1, again.Code);
        Assert.Contains("never overwrites", again.Output, StringComparison.Ordinal);

        var other = await backup.Host.RunAsync("backup", "--new-key");
        Assert.Equal(1, other.Code);
        Assert.Contains("There is a recovery key already", other.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recovery_key_is_nowhere_on_the_machine()
    {
        var secret = SecretKey().Match(await File.ReadAllTextAsync(backup.KeyFile, Cancel)).Value;
        foreach (var file in Directory.EnumerateFiles(backup.Host.Data, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync(file, Encoding.Latin1, Cancel), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Backup_names_a_stored_file_that_was_lost_and_keeps_the_rest()
    {
        await using var host = await HostProcess.StartAsync();
        var kept = await BackedUp.StoreAsync(host.Data, "kept");
        var lost = await BackedUp.StoreAsync(host.Data, "lost");
        File.Delete(Path.Combine(host.Data, "files", lost[..2], lost[2..4], lost));
        var key = await BackedUp.NewKeyAsync(host);
        var file = host.Data + ".backup";
        try
        {
            var (code, output) = await host.RunAsync("backup", file);
            Assert.Equal(1, code);
            Assert.Contains($"not in the backup: files/{lost} is missing", output, StringComparison.Ordinal);

            await using var place = await EmptyPlace.MakeAsync();
            (code, output) = await place.RestoreAsync(file, key);
            Assert.True(code == 0, output);
            Assert.Contains($"was lost before the backup was made: files/{lost}", output, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(place.Data, "files", kept[..2], kept[2..4], kept)));
        }
        finally
        {
            File.Delete(file);
            File.Delete(key);
        }
    }

    [GeneratedRegex("AGE-SECRET-KEY-1[0-9A-Z]+", RegexOptions.NonBacktracking)]
    private static partial Regex SecretKey();

    /// <summary>A host with a person, a stored file and a configuration, and the backup of it.</summary>
    public sealed class BackedUp : IAsyncLifetime
    {
        public HostProcess Host { get; private set; } = null!;

        public string File => Path.Combine(Host.Data + "-backup", "one.cirt");

        public string KeyFile { get; private set; } = "";

        public string Stored { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Host = await HostProcess.StartAsync();
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            var early = await Host.RunAsync("backup", File);
            Assert.Contains("There is no recovery key yet", early.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await Host.RunAsync("user", "invite", "benazir", "--role", "analyst")).Code);
            Stored = await StoreAsync(Host.Data, "the bytes of a stranger");
            await System.IO.File.WriteAllTextAsync(Path.Combine(Host.Data, "config.json"), "{\"kernel\":{\"idleMinutes\":45}}");
            KeyFile = await NewKeyAsync(Host);
            var (code, output) = await Host.RunAsync("backup", File);
            Assert.True(code == 0, output);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }

        public async ValueTask DisposeAsync()
        {
            Directory.Delete(Path.GetDirectoryName(File)!, recursive: true);
            System.IO.File.Delete(KeyFile);
            await Host.DisposeAsync();
        }

        /// <summary>The printed card, kept outside the data folder as a person would.</summary>
        public static async Task<string> NewKeyAsync(HostProcess host)
        {
            var (code, output) = await host.RunAsync("backup", "--new-key");
            Assert.True(code == 0, output);
            var card = host.Data + ".card";
            await System.IO.File.WriteAllTextAsync(card, output);
            return card;
        }

        public static async Task<string> StoreAsync(string data, string content)
        {
            await using var source = NpgsqlDataSource.Create(DatabaseAccess.Load(Path.Combine(data, "keys", "database.json"))!.AppConnection());
            var database = new Database(source, TimeProvider.System);
            var files = new FileStore(database, new DataFolder(data), new KernelOptions(), TimeProvider.System);
            using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(content));
            var stored = (await files.PutAsync(bytes, "text/plain", null, CancellationToken.None)).Value;
            await using var work = await database.BeginAsync(Viewer.System("test"), CancellationToken.None);
            await files.OwnAsync(work, stored, "test/1", "a.txt", CancellationToken.None);
            await work.CommitAsync(CancellationToken.None);
            return stored.Sha256;
        }

        public async Task<(string File, string Key)> DamageAsync(string damage, double where, string folder)
        {
            Directory.CreateDirectory(folder);
            var (file, key) = (Path.Combine(folder, "damaged"), KeyFile);
            var bytes = await System.IO.File.ReadAllBytesAsync(File);
            var at = (int)Math.Min(bytes.Length - 1, where * bytes.Length);
            switch (damage)
            {
                case "flip":
                    bytes[at] ^= 0x10;
                    break;
                case "cut":
                    bytes = bytes[..at];
                    break;
                case "append":
                    bytes = [.. bytes, .. "more"u8];
                    break;
                case "swap":
                    bytes.AsSpan(at, 4096).Reverse();
                    break;
                case "other key":
                    key = Path.Combine(folder, "key");
                    await using (var other = CirtProcess.StartProgram("age-keygen", ["-o", key]))
                        Assert.Equal(0, await other.EndAsync(TimeSpan.FromSeconds(10)));
                    break;
                case "no key":
                    key = Path.Combine(folder, "key");
                    await System.IO.File.WriteAllTextAsync(key, "AGE-SECRET-KEY-1SHORT");
                    break;
                default:
                    throw new ArgumentException("unknown damage", nameof(damage));
            }

            await System.IO.File.WriteAllBytesAsync(file, bytes);
            return (file, key);
        }
    }
}
