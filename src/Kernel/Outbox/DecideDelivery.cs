using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Outbox;

/// <summary>What to do with a parked delivery.</summary>
/// <param name="Seq">The delivery.</param>
/// <param name="Drop">True to give it up, false to try it again now.</param>
internal sealed record DeliveryDecision(long Seq, bool Drop);

/// <summary>Tries a parked delivery again, or gives it up so that what waits behind it goes on.</summary>
internal sealed class DecideDelivery(Database database) : Act<DeliveryDecision, Done>(database)
{
    private const string Retry =
        """
        with taken as (
            update kernel.outbox_deliveries set state = 'waiting', tries = 0, due_at = @Now where seq = @Seq and state = 'parked' returning subscription)
        select subscription, pg_notify('cirt_outbox', '') from taken
        """;

    private const string Drop = "update kernel.outbox_deliveries set state = 'expired', done_at = @Now where seq = @Seq and state = 'parked' returning subscription";

    public override Permission Permission => KernelPermissions.ManageOutbox;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, DeliveryDecision request, CancellationToken cancel)
    {
        if (await work.FindAsync<string>(request.Drop ? Drop : Retry, new { request.Seq, work.Now }, cancel) is not { } subscription)
            return Refuse.NotFound("kernel.delivery.unknown");
        work.Audit(request.Drop ? "kernel.delivery.dropped" : "kernel.delivery.retried", $"delivery/{request.Seq}", new { subscription });
        return default(Done);
    }
}

/// <summary>Tries every parked delivery again, after what parked them was mended; answers how many.</summary>
internal sealed class RetryParkedDeliveries(Database database) : Act<Done, int>(database)
{
    private const string Retry = "update kernel.outbox_deliveries set state = 'waiting', tries = 0, due_at = @Now where state = 'parked' returning subscription";

    public override Permission Permission => KernelPermissions.ManageOutbox;

    protected override async Task<Outcome<int>> HandleAsync(Work work, Done request, CancellationToken cancel)
    {
        var taken = await work.QueryAsync<string>(Retry, new { work.Now }, cancel);
        if (taken.Count == 0)
            return Refuse.NotFound("kernel.delivery.none-parked");
        await work.ExecuteAsync("select pg_notify('cirt_outbox', '')", null, cancel);
        work.Audit("kernel.delivery.retried", "delivery/parked", new { count = taken.Count, subscriptions = taken.CountBy(s => s).ToDictionary() });
        return taken.Count;
    }
}
