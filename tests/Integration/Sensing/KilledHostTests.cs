using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Lines acknowledged are rows, once each, whatever happens to the host.</summary>
public sealed class KilledHostTests
{
    private static readonly int Kills = Environment.GetEnvironmentVariable(LongFactAttribute.Variable) == "1" ? 50 : 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kills_during_intake_lose_no_line_and_write_none_twice()
    {
        await using var host = await HostProcess.StartAsync();
        await host.KillAsync();
        var spool = new SensorSpool(host.SensorFolder);
        var (events, alerts) = (0, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            for (var segment = 0; segment < 6; segment++)
            {
                spool.Put("events", Enumerable.Range(events, 7000).Select(i => SensorSpool.Dns(i)));
                spool.Put("alerts", Enumerable.Range(alerts, 300).Select(i => SensorSpool.Alert(1 + (i % 40), extra: $",\"n\":{i}")));
                (events, alerts) = (events + 7000, alerts + 300);
            }
            await host.StartAgainAsync();
            // Somewhere in the middle: each round at another place.
            await Task.Delay(100 + (kill % 10 * 130), Cancel);
            await host.KillAsync();
        }
        await host.StartAgainAsync();
        await using var database = NpgsqlDataSource.Create(host.Database);
        for (var tries = 0; await AskAsync(database, "select coalesce(sum(lines), 0)::bigint from sensing.bookmarks") < events + alerts && tries < 600; tries++)
            await Task.Delay(200, Cancel);

        Assert.Equal(events + alerts, await AskAsync(database, "select sum(lines)::bigint from sensing.bookmarks"));
        Assert.Equal(events, await AskAsync(database, "select count(*) from sensing.events where type = 'dns'"));
        Assert.Equal(events, await AskAsync(database, "select count(distinct flow_id) from sensing.events where type = 'dns'"));
        Assert.Equal(alerts, await AskAsync(database, "select count(*) from sensing.alerts"));
        Assert.Equal(alerts, await AskAsync(database, "select count(distinct (raw->>'n')::int) from sensing.alerts"));
        Assert.Equal(alerts, await AskAsync(database, "select sum(count)::bigint from sensing.alert_groups"));
        Assert.Equal(alerts, await AskAsync(database, "select sum(alerts)::bigint from sensing.group_hours"));
        Assert.Equal(events + alerts, await AskAsync(database, "select sum(records)::bigint from sensing.hourly where type in ('dns', 'alert')"));
    }

    [Fact]
    public async Task Alerts_of_the_sample_capture_are_in_the_database_within_five_seconds_of_the_sensors_last_packet()
    {
        await using var host = await HostProcess.StartAsync();
        await host.StartSensorAsync();
        await using var database = NpgsqlDataSource.Create(host.Database);
        for (var tries = 0; await AskAsync(database, "select count(*) from sensing.sensor_generations where state = 'loaded' and rules_loaded > 0") == 0; tries++)
        {
            Assert.True(tries < 150, host.Process.Output);
            await Task.Delay(200, Cancel);
        }
        var (code, output) = await host.RunAsync("replay", Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap"));
        Assert.True(code == 0, output);
        Assert.True(await AskAsync(database, "select count(*) from sensing.alert_groups where state = 'open'") > 0, output);
        // The delay between the first alert's arrival and the answer that the job is done; segments close at half a second.
        Assert.InRange(await AskAsync(database, "select extract(epoch from done_at - started_at)::bigint from sensing.captures"), 0, 5);
    }

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), System.Globalization.CultureInfo.InvariantCulture);
    }
}
