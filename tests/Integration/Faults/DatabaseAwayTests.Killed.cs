using System.Net;
using Appliance.Integration.Sensing;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Faults;

/// <summary>The database is killed rather than stopped, in the middle of what arrives: one of its processes, or all of it at once.</summary>
public sealed partial class DatabaseAwayTests
{
    private const int LinesPerRound = 400;

    // Every index of the appliance against its table: an entry out of order or a row without one is a fault.
    private const string Indexes =
        """
        select count(bt_index_check(c.oid, true))
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_am a on a.oid = c.relam
        join pg_namespace n on n.oid = c.relnamespace
        where a.amname = 'btree' and c.relkind = 'i' and i.indisready and i.indisvalid and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
        """;

    [Fact]
    public Task Four_killed_processes_and_three_cuts_of_the_server_lose_no_line() => KilledAsync(4, 3);

    [LongFact]
    public Task Hundred_killed_processes_and_fifty_cuts_of_the_server_lose_no_line() => KilledAsync(100, 50);

    private static async Task KilledAsync(int processes, int cuts)
    {
        await using var server = await OwnServer.StartAsync();
        await using var host = await StartAsync(server);
        await using var desk = await Desk.OpenAsync(host);
        var spool = new SensorSpool(host.SensorFolder);
        var random = new Random(processes);
        for (var round = 0; round < processes + cuts; round++)
        {
            var first = round * LinesPerRound;
            spool.Put("alerts", Enumerable.Range(first, LinesPerRound).Select(n => SensorSpool.Alert(1 + (n % 50), extra: $",\"n\":{n}")));
            var asking = desk.AskAllAsync();
            await Task.Delay(random.Next(200), Cancel);
            if (round % (1 + (processes / cuts)) == 0 && round / (1 + (processes / cuts)) < cuts)
            {
                await server.StopAtOnceAsync();
                await server.StartAgainAsync();
            }
            else
            {
                await server.KillBackendAsync();
            }

            // Who asked meanwhile was answered or told to wait, and met no fault.
            Assert.All(await asking, code => Assert.Contains(code, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.Redirect }));
            await UntilAsync(async () => await desk.HealthAsync() == HttpStatusCode.OK, s_back, $"/health after round {round}");
            Assert.All(await desk.AskAllAsync(), code => Assert.Equal(HttpStatusCode.OK, code));
            if (round % 10 == 9)
                await SoundAsync(server);
        }

        await StoredOnceAsync(server, (processes + cuts) * LinesPerRound);
        await SoundAsync(server);
        Assert.False(host.Process.HasEnded, host.Process.Output);
    }

    private static async Task SoundAsync(OwnServer server)
    {
        await using var database = NpgsqlDataSource.Create(server.Address);
        await using var check = database.CreateCommand("create extension if not exists amcheck");
        await check.ExecuteNonQueryAsync(Cancel);
        Assert.InRange(await AskAsync(database, Indexes), 100, long.MaxValue);
    }
}
