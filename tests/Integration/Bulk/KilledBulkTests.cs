using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Tests;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Queue;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Bulk;

/// <summary>The real host dies in the middle of an act on many, again and again: what was asked for is done, each item once, and what came later is not touched.</summary>
public sealed class KilledBulkTests
{
    private const int Incidents = 6000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_host_goes_on_with_an_act_on_many_and_does_every_item_once()
    {
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        await using var database = NpgsqlDataSource.Create(host.Database);
        await FillAsync(database, 1, Incidents);
        await host.KillAsync();
        await StartAsync(host, database);
        await FillAsync(database, Incidents + 1, 40);
        await host.StartAgainAsync();

        var midway = 0;
        foreach (var target in new[] { 1, 2000, 4000 })
        {
            await UntilAsync(database, "select done from kernel.bulk_runs", target);
            await host.KillAsync();
            midway += await AskAsync(database, "select count(*) from kernel.bulk_runs where ended_at is null") > 0 ? 1 : 0;
            var (done, closed) = (await AskAsync(database, "select done from kernel.bulk_runs"), await AskAsync(database, "select count(*) from ticketing.incidents where closed_at is not null"));
            Assert.Equal(done, closed);
            await host.StartAgainAsync();
        }

        // On a busy machine the last round is sometimes over before the kill.
        Assert.InRange(midway, 2, 3);
        await UntilAsync(database, "select count(*) from kernel.bulk_runs where state = 'done'", 1);
        Assert.Equal(Incidents, await AskAsync(database, "select done from kernel.bulk_runs where total = done and left_over = 0"));
        Assert.Equal(Incidents, await AskAsync(database, "select sum(done) from kernel.bulk_parts"));
        Assert.Equal(Incidents, await AskAsync(database, "select count(*) from ticketing.incidents where closed_at is not null and version = 2"));
        Assert.Equal(40, await AskAsync(database, "select count(*) from ticketing.incidents where closed_at is null"));
        Assert.Equal(Incidents, await AskAsync(database, "select count(*) from audit.entries where action = 'ticketing.incident.changed'"));
        Assert.Equal(Incidents, await AskAsync(database, "select count(distinct subject) from audit.entries where action = 'ticketing.incident.changed'"));
        Assert.Equal(Incidents, await AskAsync(database, "select count(*) from ticketing.timeline where kind = 'state'"));
        Assert.Equal(Incidents, await AskAsync(database, "select count(*) from kernel.outbox_events where name = 'ticketing.incident-closed'"));
        Assert.Equal(1, await AskAsync(database, "select count(*) from audit.entries where action = 'kernel.bulk.ended'"));
    }

    // As the console stores it: the browser that asked is long closed when the host starts again.
    private static async Task StartAsync(HostProcess host, NpgsqlDataSource database)
    {
        var data = new DataFolder(host.Data);
        await using var services = VerbServices.Build(new ModuleCatalog(), data, DatabaseAccess.Load(data.DatabaseAccessFile), out _);
        await using var scope = services.CreateAsyncScope();
        await using var command = database.CreateCommand("select u.id from identity.users u join identity.user_roles r on r.user_id = u.id where r.role = 'analyst' limit 1");
        var person = new UserId((Guid)(await command.ExecuteScalarAsync(Cancel))!);
        var viewer = new Viewer { Id = person, Name = "test", Permissions = System.Collections.Frozen.FrozenSet.Create(Permission.SignedIn.Id, "ticketing.incident.edit") };
        var order = new BulkOrder("ticketing/change", JsonSerializer.SerializeToElement(new IncidentChange { State = "closed", Outcome = "resolved", Reason = "swept" }, OutboxJson.Options), "ticketing.many.close", "ticketing.page.closed-n")
        {
            Query = JsonSerializer.SerializeToElement(new QueueWanted(), OutboxJson.Options),
        };
        var begun = await scope.ServiceProvider.GetRequiredService<IBulkActs>().StartAsync(viewer, order, Cancel);
        Assert.True(begun.Succeeded, begun.Succeeded ? "" : begun.Refusals[0].Key);
    }

    private static async Task FillAsync(NpgsqlDataSource database, int from, int count)
    {
        await using var command = database.CreateCommand(
            """
            insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, tlp, pap, exercise)
            select gen_random_uuid(), 'INC-2020-' || to_char(n, 'FM00000'), 'old ' || n, 'new', 4, 'other/other', 1003, 'api', clock_timestamp(), now(), 'x', now(), 2, 2, false from generate_series($1, $1 + $2 - 1) n
            """);
        command.Parameters.AddWithValue(from);
        command.Parameters.AddWithValue(count);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task UntilAsync(NpgsqlDataSource database, string count, long wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(s_patience);
        for (var seen = 0L; (seen = await AskAsync(database, count)) < wanted;)
        {
            Assert.False(limit.IsCancellationRequested, $"{seen} of {wanted} after {s_patience.TotalSeconds} s: {count}; {await StateAsync(database)}");
            await Task.Delay(10, Cancel);
        }
    }

    private static async Task<string> StateAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select string_agg(r::text, ' ') from kernel.bulk_runs r");
        return (string)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }
}
