using System.Diagnostics;
using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

/// <summary>What some years leave behind, brought back on an empty machine: ten gigabytes of files that do not compress, and a million rows.</summary>
public sealed class BackupDrillTests
{
    private const long Part = 2L * 1024 * 1024 * 1024;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [LongFact]
    public async Task Ten_gigabytes_and_a_million_rows_are_back_within_half_an_hour()
    {
        await using var host = await HostProcess.StartAsync();
        for (var seed = 1; seed <= 5; seed++)
            await StoreAsync(host.Data, seed);
        await using (var database = NpgsqlDataSource.Create(host.Database))
        await using (var rows = database.CreateCommand("insert into jobs.runs (id, job, fire_time, state, started_at, ended_at, message) select gen_random_uuid(), 'drill', now() - make_interval(secs => n), 'done', now(), now(), md5(n::text) from generate_series(1, 1000000) n"))
        {
            rows.CommandTimeout = 600;
            await rows.ExecuteNonQueryAsync(Cancel);
        }

        var key = await BackupTests.BackedUp.NewKeyAsync(host);
        var file = host.Data + ".backup";
        await using var place = await EmptyPlace.MakeAsync();
        try
        {
            var (backed, backup) = await TimedAsync(["backup", file], new Dictionary<string, string?> { ["CIRT_DATA"] = host.Data, ["CIRT_DATABASE"] = null });
            Assert.True(backup.Code == 0, backup.Output);
            var (restored, restore) = await TimedAsync(["restore", file, "--key-file", key], place.Environment);
            Assert.True(restore.Code == 0, restore.Output);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(file).Length / 1048576} MiB: backed up in {backed.TotalSeconds:0} s, back after {restored.TotalSeconds:0} s"));
            Assert.Contains("every table has the same rows, every file the same content", restore.Output, StringComparison.Ordinal);
            Assert.InRange(restored, TimeSpan.Zero, s_limit);
            Assert.Equal(0, (await place.RunAsync("audit", "verify")).Code);
            await place.DemandServesAsync();
        }
        finally
        {
            File.Delete(file);
            File.Delete(key);
        }
    }

    private static async Task<(TimeSpan Took, (int Code, string Output) Answer)> TimedAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        var since = Stopwatch.GetTimestamp();
        await using var process = CirtProcess.Start(arguments, environment);
        var code = await process.EndAsync(s_limit * 2);
        return (Stopwatch.GetElapsedTime(since), (code, process.Output));
    }

    private static async Task StoreAsync(string data, int seed)
    {
        await using var source = NpgsqlDataSource.Create(DatabaseAccess.Load(Path.Combine(data, "keys", "database.json"))!.AppConnection());
        var database = new Database(source, TimeProvider.System);
        var files = new FileStore(database, new DataFolder(data), new KernelOptions(), TimeProvider.System);
        await using var noise = new Noise(seed, Part);
        var stored = (await files.PutAsync(noise, "application/octet-stream", null, Cancel)).Value;
        await using var work = await database.BeginAsync(Viewer.System("test"), Cancel);
        await files.OwnAsync(work, stored, $"test/{seed}", $"{seed}.bin", Cancel);
        await work.CommitAsync(Cancel);
    }

    /// <summary>So many bytes that nothing makes smaller.</summary>
    private sealed class Noise(int seed, long length) : Stream
    {
        private readonly Random _random = new(seed);
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var now = (int)Math.Min(buffer.Length, _left);
            _random.NextBytes(buffer[..now]);
            _left -= now;
            return now;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
