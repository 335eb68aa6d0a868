using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Telemetry;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Outbox;

/// <summary>Delivers facts: claims the oldest due delivery of each aggregate and subscription, runs the handler and records it in one transaction.</summary>
/// <remarks>
/// At least once towards the outside, once in the database. Never a high-water mark: late commits of earlier numbers are seen.
/// After <see cref="MaxTries"/> a delivery is parked with its reason and holds back only its own aggregate.
/// </remarks>
public sealed class OutboxDispatcher(Database database, ModuleSet modules, IServiceScopeFactory scopes, TimeProvider time, ILogger<OutboxDispatcher> log) : BackgroundService
{
    /// <summary>Tries before a delivery is parked.</summary>
    public const int MaxTries = 10;

    private const string Claim =
        """
        select d.event_id, d.subscription, d.tries, e.body::text as body
        from kernel.outbox_deliveries d
        join kernel.outbox_events e on e.id = d.event_id
        where d.state = 'waiting' and d.due_at <= @Now and d.subscription = any(@Names)
          and not exists (
            select 1 from kernel.outbox_deliveries b
            where b.subscription = d.subscription and b.aggregate = d.aggregate and b.seq < d.seq and b.state in ('waiting', 'parked'))
        order by d.seq
        limit 1
        for update of d skip locked
        """;

    private const string MarkDone =
        "update kernel.outbox_deliveries set state = 'done', done_at = @Now, tries = tries + 1, reason = null where event_id = @Id and subscription = @Subscription";

    private const string MarkFailed =
        """
        update kernel.outbox_deliveries
        set tries = tries + 1, due_at = @Due, reason = @Reason, state = case when tries + 1 >= @Max then 'parked' else 'waiting' end
        where event_id = @Id and subscription = @Subscription
        """;

    private readonly Dictionary<string, Subscription> _subscriptions = modules.Modules.SelectMany(m => m.Subscriptions).ToDictionary(s => s.Name);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var wake = new SemaphoreSlim(0, 1);
        var listening = ListenAsync(wake, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await DeliverOneAsync(stoppingToken))
                {
                }
                await wake.WaitAsync(TimeSpan.FromSeconds(1), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                KernelLog.OutboxInterrupted(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception fault)
            {
                // Whatever it is, deliveries must not stop for good: nothing was committed, so nothing is lost.
                KernelLog.OutboxFault(log, fault);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        await listening;
    }

    /// <summary>Delivers one due fact; false when none is due. Public for tests that step through deliveries.</summary>
    public async Task<bool> DeliverOneAsync(CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        var now = time.GetUtcNow();
        var claimed = await work.FindAsync<ClaimedRow>(Claim, new { Now = now, Names = _subscriptions.Keys.ToArray() }, cancel);
        if (claimed is null)
            return false;
        var subscription = _subscriptions[claimed.Subscription];
        await using var scope = scopes.CreateAsyncScope();
        await work.ExecuteAsync("savepoint handler", null, cancel);
        try
        {
            var fact = JsonSerializer.Deserialize(claimed.Body, subscription.EventType, OutboxJson.Options)!;
            await using var handled = work.ForHandler(subscription.ModuleId);
            var handler = scope.ServiceProvider.GetRequiredService(subscription.HandlerType);
            await EventCall.For(subscription.EventType)(handler, fact, handled, cancel);
            await handled.FlushAsync(cancel);
            await work.ExecuteAsync(MarkDone, new { Id = claimed.EventId, claimed.Subscription, Now = now }, cancel);
            Instruments.Delivered(claimed.Subscription, "done", time.GetUtcNow() - ((EventRecord)fact).OccurredAt);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            // A full disk or a server that stops says nothing about the fact: counted, it would park everything that is due meanwhile.
            if (work.Connection.State != System.Data.ConnectionState.Open || DatabaseTrouble.Is(fault))
                throw;
            await work.ExecuteAsync("rollback to savepoint handler", null, cancel);
            Instruments.Delivered(claimed.Subscription, "failed", default);
            KernelLog.DeliveryFailed(log, claimed.Subscription, claimed.EventId, claimed.Tries + 1, fault);
            var wait = TimeSpan.FromSeconds(Math.Min(600, Math.Pow(2, claimed.Tries)));
            await work.ExecuteAsync(MarkFailed, new { Id = claimed.EventId, claimed.Subscription, Due = now + wait, Reason = $"{fault.GetType().Name}: {fault.Message}", Max = MaxTries }, cancel);
        }
        await work.CommitAsync(cancel);
        return true;
    }

    private async Task ListenAsync(SemaphoreSlim wake, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenAsync(cancel);
                connection.Notification += (_, _) => Wake(wake);
                await connection.ExecuteAsync(new CommandDefinition("listen cirt_outbox", cancellationToken: cancel));
                while (!cancel.IsCancellationRequested)
                    await connection.WaitAsync(cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                KernelLog.OutboxInterrupted(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static void Wake(SemaphoreSlim wake)
    {
        if (wake.CurrentCount == 0)
            wake.Release();
    }

    private sealed record ClaimedRow(Guid EventId, string Subscription, int Tries, string Body);
}
