using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Quartz;

namespace Appliance.Kernel.Outbox;

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
