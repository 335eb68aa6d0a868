using System.Globalization;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>A storm of alerts meets a host that reads at its own pace: the spool is the queue, so nothing is dropped on this side and memory does not follow the backlog.</summary>
public sealed class StormTests
{
    private const int PerSegment = 4000;
    private const int MostMib = 160;

    private static readonly int s_segments = Environment.GetEnvironmentVariable(LongFactAttribute.Variable) == "1" ? 100 : 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_storm_is_read_to_its_last_alert_in_bounded_memory_and_becomes_few_groups()
    {
        await using var host = await HostProcess.StartAsync();
        await using var database = NpgsqlDataSource.Create(host.Database);
        var spool = new SensorSpool(host.SensorFolder);
        // Warm: pools, compiled code and the window are there before memory is looked at.
        Put(spool, 0, 2);
        await AwaitAsync(database, host, 2 * PerSegment);
        var before = ResidentMib(host.Process.Id);
        Put(spool, 2, s_segments);
        await AwaitAsync(database, host, (2 + s_segments) * PerSegment);
        var grown = ResidentMib(host.Process.Id) - before;
        var alerts = (2 + s_segments) * PerSegment;
        Assert.Equal(alerts, await AskAsync(database, "select count(*) from sensing.alerts"));
        Assert.Equal(alerts, await AskAsync(database, "select sum(count)::bigint from sensing.alert_groups"));
        // Nine of ten are one signature from a hundred sources; the tenth is a hundred signatures.
        Assert.InRange(await AskAsync(database, "select count(*) from sensing.alert_groups"), 100, 2100);
        Assert.Equal(0, await AskAsync(database, "select coalesce(sum(rejected + blank), 0)::bigint from sensing.bookmarks"));
        Assert.True(grown < MostMib, $"the host grew by {grown} MiB over {alerts} alerts");
    }

    private static void Put(SensorSpool spool, int from, int segments)
    {
        for (var segment = from; segment < from + segments; segment++)
            spool.Put("alerts", Enumerable.Range(segment * PerSegment, PerSegment).Select(static i => i % 10 == 0 ? SensorSpool.Alert(100 + (i / 10 % 100), source: $"10.1.1.{i / 1000 % 20}") : SensorSpool.Alert(1, source: $"10.2.2.{i % 100}")));
    }

    private static async Task AwaitAsync(NpgsqlDataSource database, HostProcess host, int lines)
    {
        for (var tries = 0; await AskAsync(database, "select coalesce(sum(lines), 0)::bigint from sensing.bookmarks") < lines; tries++)
        {
            Assert.True(tries < 1200, host.Process.Output);
            await Task.Delay(100, Cancel);
        }
    }

    private static long ResidentMib(int process) =>
        long.Parse(File.ReadLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status").First(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal))["VmRSS:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) / 1024;

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }
}
