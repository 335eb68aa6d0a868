using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
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

    /// <summary>parked: given up until somebody decides. waiting: failed and tried again by itself. absent: its module is switched off.</summary>
    public string State { get; set; } = "";

    public int Tries { get; set; }

    /// <summary>When the fact happened.</summary>
    public DateTimeOffset OccurredAt { get; set; }

    /// <summary>When it is tried again.</summary>
    public DateTimeOffset DueAt { get; set; }

    public string? Reason { get; set; }

    /// <summary>Later facts about the same thing that wait for this one.</summary>
    public int Behind { get; set; }
}

/// <summary>Which of them, and which page.</summary>
/// <param name="State">parked, waiting or absent; null for all.</param>
/// <param name="After">Key of the page before, or null.</param>
/// <param name="Size">At most 200.</param>
internal sealed record DeliveryFilter(string? State = null, string? After = null, int Size = 50);

/// <summary>Deliveries that are parked, were tried and wait, or belong to a module that is switched off; the oldest first, by key.</summary>
/// <remarks>Bodies are not shown: they may be marked above the reader's clearance.</remarks>
internal sealed class ListTroubledDeliveries(Database database, ModuleSet modules) : Query<DeliveryFilter, Page<DeliveryLine>>
{
    private const string Troubled =
        """
        with troubled as (
            select d.*, case when d.subscription <> all(@Names) then 'absent' else d.state end as trouble
            from kernel.outbox_deliveries d
            where d.state in ('waiting', 'parked') and (d.state = 'parked' or d.tries > 0 or d.subscription <> all(@Names)))
        select d.seq, d.event_id, e.name as event, d.subscription, d.aggregate, d.trouble as state, d.tries, e.occurred_at, d.due_at, d.reason, (
            select count(*)::int
            from kernel.outbox_deliveries b
            where b.subscription = d.subscription and b.aggregate = d.aggregate and b.seq > d.seq and b.state in ('waiting', 'parked')) as behind
        from troubled d
        join kernel.outbox_events e on e.id = d.event_id
        where (@State::text is null or d.trouble = @State) and d.seq > @After
        order by d.seq
        limit @Limit
        """;

    public override Permission Permission => KernelPermissions.ManageOutbox;

    protected override async Task<Outcome<Page<DeliveryLine>>> HandleAsync(Viewer viewer, DeliveryFilter request, CancellationToken cancel)
    {
        var size = Math.Clamp(request.Size, 1, 200);
        var after = long.TryParse(request.After, System.Globalization.CultureInfo.InvariantCulture, out var seq) ? seq : 0;
        var names = modules.Modules.SelectMany(m => m.Subscriptions).Select(s => s.Name).ToArray();
        var rows = await database.QueryAsync<DeliveryLine>(Troubled, new { Names = names, request.State, After = after, Limit = size + 1 }, cancel);
        return rows.Count > size
            ? new Page<DeliveryLine>([.. rows.Take(size)], rows[size - 1].Seq.ToString(System.Globalization.CultureInfo.InvariantCulture))
            : new Page<DeliveryLine>(rows, null);
    }
}
