using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Quartz;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Outbox;

/// <summary>A delivery as listed.</summary>
internal sealed class DeliveryLine
{
    public long Seq { get; set; }

    public Guid EventId { get; set; }

    public string Event { get; set; } = "";

    public string Subscription { get; set; } = "";

    public string Aggregate { get; set; } = "";

    /// <summary>waiting, done, parked, expired.</summary>
    public string State { get; set; } = "";

    public int Tries { get; set; }

    public DateTimeOffset DueAt { get; set; }

    public string? Reason { get; set; }
}

/// <summary>Deliveries that are parked or were tried and wait. Bodies are not shown: they may be marked above the reader's clearance.</summary>
internal sealed class ListTroubledDeliveries(Database database) : Query<Done, IReadOnlyList<DeliveryLine>>
{
    private const string Troubled =
        """
        select d.seq, d.event_id, e.name as event, d.subscription, d.aggregate, d.state, d.tries, d.due_at, d.reason
        from kernel.outbox_deliveries d
        join kernel.outbox_events e on e.id = d.event_id
        where d.state = 'parked' or (d.state = 'waiting' and d.tries > 0)
        order by d.state, d.seq
        limit 500
        """;

    public override Permission Permission => KernelPermissions.ManageOutbox;

    protected override async Task<Outcome<IReadOnlyList<DeliveryLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await database.QueryAsync<DeliveryLine>(Troubled, null, cancel)).ToArray();
}

/// <summary>What to do with a parked delivery.</summary>
/// <param name="Seq">The delivery.</param>
/// <param name="Drop">True to give it up, false to try it again now.</param>
internal sealed record DeliveryDecision(long Seq, bool Drop);

/// <summary>Tries a parked delivery again, or gives it up so that what waits behind it goes on.</summary>
internal sealed class DecideDelivery(Database database) : Act<DeliveryDecision, Done>(database)
{
    private const string Retry = "update kernel.outbox_deliveries set state = 'waiting', tries = 0, due_at = @Now where seq = @Seq and state = 'parked' returning subscription";

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

/// <summary>Ends deliveries to subscriptions that no module has any more, 30 days after they were due.</summary>
internal sealed class ExpireDeliveriesJob(Database database, ModuleSet modules, TimeProvider time) : IJob
{
    private const string Expire =
        """
        update kernel.outbox_deliveries
        set state = 'expired', done_at = @Now, reason = 'its module is switched off'
        where state in ('waiting', 'parked') and due_at < @Before and subscription <> all(@Names)
        """;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var names = modules.Modules.SelectMany(m => m.Subscriptions).Select(s => s.Name).ToArray();
        var now = time.GetUtcNow();
        var ended = await database.ExecuteAsync(Expire, new { Now = now, Before = now.AddDays(-30), Names = names }, cancellationToken);
        context.Result = $"{ended} expired";
    }
}
