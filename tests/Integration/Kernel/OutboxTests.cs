using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Tests;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

public sealed class OutboxTests : IAsyncLifetime
{
    private readonly MovedTime _time = new();
    private TestModules _modules = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ProbeSwitch Probe => _modules.Services.GetRequiredService<ProbeSwitch>();

    private OutboxDispatcher Dispatcher => _modules.Services.GetRequiredService<OutboxDispatcher>();

    public async ValueTask InitializeAsync() =>
        _modules = await TestModules.StartAsync([new ProbeModule()], s => s.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time)));

    public ValueTask DisposeAsync() => _modules.DisposeAsync();

    [Fact]
    public async Task Fault_holds_back_its_own_aggregate_only_and_order_is_kept()
    {
        foreach (var (thing, number) in new[] { ("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2) })
            await PublishAsync(thing, number);
        Probe.InHandler = f => f is { Thing: "a", Number: 2 } ? throw new InvalidOperationException("not yet") : Task.CompletedTask;

        await _modules.DeliverAsync();
        Assert.Equal(["a1", "b1", "b2"], await SeenAsync());

        Probe.InHandler = _ => Task.CompletedTask;
        await _modules.DeliverAsync();
        Assert.Equal(["a1", "b1", "b2"], await SeenAsync());

        _time.Move(TimeSpan.FromSeconds(3));
        await _modules.DeliverAsync();
        Assert.Equal(["a1", "b1", "b2", "a2", "a3"], await SeenAsync());
    }

    [Fact]
    public async Task Tenth_fault_parks_and_a_decision_frees_what_waits_behind()
    {
        await PublishAsync("a", 1);
        await PublishAsync("a", 2);
        await PublishAsync("b", 1);
        Probe.InHandler = f => f is { Thing: "a", Number: 1 } ? throw new InvalidOperationException("never") : Task.CompletedTask;
        for (var i = 0; i < 12; i++)
        {
            await _modules.DeliverAsync();
            _time.Move(TimeSpan.FromHours(1));
        }
        var administrator = _modules.Person("Ada", Role.Administrator);
        var parked = Assert.Single((await _modules.Services.GetRequiredService<ListTroubledDeliveries>().RunAsync(administrator, new(), Cancel)).Value.Items);
        Assert.Equal(("parked", OutboxDispatcher.MaxTries, "InvalidOperationException: never", 1), (parked.State, parked.Tries, parked.Reason, parked.Behind));
        Assert.Equal(["b1"], await SeenAsync());

        Probe.InHandler = _ => Task.CompletedTask;
        Assert.True((await _modules.Services.GetRequiredService<DecideDelivery>().RunAsync(administrator, new(parked.Seq, Drop: false), Cancel)).Succeeded);
        await _modules.DeliverAsync();
        Assert.Equal(["b1", "a1", "a2"], await SeenAsync());
    }

    [Fact]
    public async Task Dropped_delivery_lets_the_next_go_and_only_who_may_decides()
    {
        await PublishAsync("a", 1);
        await PublishAsync("a", 2);
        await Superuser("update kernel.outbox_deliveries set state = 'parked' where seq = (select min(seq) from kernel.outbox_deliveries)");
        var seq = await Superuser<long>("select min(seq) from kernel.outbox_deliveries");
        var decide = _modules.Services.GetRequiredService<DecideDelivery>();
        Assert.Equal(RefusalKind.Forbidden, (await decide.RunAsync(_modules.Person("Ana", Role.Analyst), new(seq, true), Cancel)).Refusals[0].Kind);
        Assert.True((await decide.RunAsync(_modules.Person("Ada", Role.Administrator), new(seq, true), Cancel)).Succeeded);
        await _modules.DeliverAsync();
        Assert.Equal(["a2"], await SeenAsync());
    }

    [Fact]
    public async Task What_was_parked_is_tried_again_all_at_once_and_told_in_the_audit_trail()
    {
        foreach (var thing in new[] { "a", "b", "c" })
            await PublishAsync(thing, 1);
        await Superuser("update kernel.outbox_deliveries set state = 'parked', tries = 10, reason = 'old'");
        var retry = _modules.Services.GetRequiredService<RetryParkedDeliveries>();
        Assert.Equal(RefusalKind.Forbidden, (await retry.RunAsync(_modules.Person("Ana", Role.Analyst), default, Cancel)).Refusals[0].Kind);
        Assert.Equal(3, (await retry.RunAsync(_modules.Person("Ada", Role.Administrator), default, Cancel)).Value);
        await _modules.DeliverAsync();
        Assert.Equal(["a1", "b1", "c1"], await SeenAsync());
        Assert.Equal("3", await Superuser<string>("select detail->>'count' from audit.entries where action = 'kernel.delivery.retried'"));
        Assert.Equal(RefusalKind.NotFound, (await retry.RunAsync(_modules.Person("Ada", Role.Administrator), default, Cancel)).Refusals[0].Kind);
    }

    [Fact]
    public async Task Troubled_deliveries_are_read_page_by_page_with_those_whose_module_is_off()
    {
        for (var number = 1; number <= 25; number++)
            await PublishAsync($"t{number}", number);
        await Superuser("update kernel.outbox_deliveries set state = 'parked' where seq % 3 = 0; update kernel.outbox_deliveries set tries = 2 where seq % 3 = 1; update kernel.outbox_deliveries set subscription = 'gone/happened' where seq % 3 = 2");
        var list = _modules.Services.GetRequiredService<ListTroubledDeliveries>();
        var administrator = _modules.Person("Ada", Role.Administrator);
        var (seen, after) = (new List<DeliveryLine>(), (string?)null);
        do
        {
            var page = (await list.RunAsync(administrator, new(null, after, 7), Cancel)).Value;
            seen.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(25, seen.Select(d => d.Seq).Distinct().Count());
        Assert.Equal(seen.Select(d => d.Seq).Order(), seen.Select(d => d.Seq));
        foreach (var (state, rest) in new[] { ("parked", 0), ("waiting", 1), ("absent", 2) })
            Assert.Equal(seen.Where(d => d.Seq % 3 == rest).Select(d => d.Seq), (await list.RunAsync(administrator, new(state, null, 200), Cancel)).Value.Items.Select(d => d.Seq));
    }

    [Theory]
    [InlineData("53100", 0)]
    [InlineData("53300", 0)]
    [InlineData("57P03", 0)]
    [InlineData("58030", 0)]
    [InlineData("22012", 1)]
    [InlineData("57014", 1)]
    public async Task Trouble_of_the_database_is_no_try_of_the_delivery(string state, int tries)
    {
        await PublishAsync("a", 1);
        Probe.InHandler = _ => throw new PostgresException("as if", "ERROR", "ERROR", state);
        if (tries == 0)
            await Assert.ThrowsAsync<PostgresException>(() => Dispatcher.DeliverOneAsync(Cancel));
        else
            Assert.True(await Dispatcher.DeliverOneAsync(Cancel));
        Assert.Equal(tries, await Superuser<int>("select tries from kernel.outbox_deliveries"));
    }

    [Fact]
    public async Task Effects_of_a_failed_try_are_gone()
    {
        await PublishAsync("a", 1);
        var tries = 0;
        Probe.InHandler = _ => ++tries < 3 ? throw new InvalidOperationException() : Task.CompletedTask;
        for (var i = 0; i < 4; i++)
        {
            await _modules.DeliverAsync();
            _time.Move(TimeSpan.FromMinutes(1));
        }
        Assert.Equal(3, tries);
        Assert.Equal(["a1"], await SeenAsync());
    }

    [Fact]
    public async Task Late_commit_of_an_earlier_number_is_delivered()
    {
        await using var slow = await _modules.Database.BeginAsync(Viewer.System("probe"), Cancel);
        slow.Publish(Fact("slow", 1));
        slow.Audit("probe.x", "thing/slow");
        await slow.FlushAsync(Cancel);
        await PublishAsync("quick", 1);
        await _modules.DeliverAsync();
        Assert.Equal(["quick1"], await SeenAsync());

        await slow.CommitAsync(Cancel);
        await _modules.DeliverAsync();
        Assert.Equal(["quick1", "slow1"], await SeenAsync());
    }

    [Fact]
    public async Task Rolled_back_act_publishes_nothing()
    {
        await using (var work = await _modules.Database.BeginAsync(Viewer.System("probe"), Cancel))
        {
            work.Publish(Fact("a", 1));
            await work.FlushAsync(Cancel);
        }
        Assert.Equal(0, await _modules.DeliverAsync());
    }

    [Fact]
    public async Task Connection_cut_in_the_middle_of_a_handler_leaves_nothing_half_and_it_comes_again()
    {
        await PublishAsync("a", 1);
        var cut = 0;
        Probe.InHandler = async _ =>
        {
            if (cut++ == 0)
                await Superuser("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'");
        };
        await Assert.ThrowsAnyAsync<Exception>(() => Dispatcher.DeliverOneAsync(Cancel));
        Assert.Empty(await SeenAsync());

        await _modules.DeliverAsync();
        Assert.Equal(["a1"], await SeenAsync());
    }

    [Fact]
    public async Task Four_who_deliver_at_once_keep_order_and_deliver_once()
    {
        for (var number = 1; number <= 15; number++)
            foreach (var thing in new[] { "a", "b", "c", "d" })
                await PublishAsync(thing, number);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            // One that finds nothing may only have been too late for the head; it looks again while others work.
            for (var idle = 0; idle < 20;)
                if (await Dispatcher.DeliverOneAsync(Cancel))
                    idle = 0;
                else
                {
                    idle++;
                    await Task.Delay(5, Cancel);
                }
        }));
        var seen = await SeenAsync();
        foreach (var thing in new[] { "a", "b", "c", "d" })
            Assert.Equal(Enumerable.Range(1, 15).Select(n => $"{thing}{n}"), seen.Where(s => s.StartsWith(thing, StringComparison.Ordinal)));
    }

    private static Happened Fact(string thing, int number) => new() { Thing = thing, Number = number, Marking = Marking.Default };

    private async Task PublishAsync(string thing, int number) =>
        Assert.True((await _modules.Services.GetRequiredService<MakeItHappen>().RunAsync(Viewer.System("probe"), Fact(thing, number), Cancel)).Succeeded);

    private async Task<IReadOnlyList<string>> SeenAsync() => await _modules.Database.QueryAsync<string>("select thing || number from probe.seen order by at", null, Cancel);

    private async Task Superuser(string sql)
    {
        await using var connection = new NpgsqlConnection(_modules.Owner);
        await connection.ExecuteAsync(sql);
    }

    private async Task<T?> Superuser<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_modules.Owner);
        return await connection.ExecuteScalarAsync<T>(sql);
    }
}
