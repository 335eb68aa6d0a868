using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Webhooks;

/// <summary>A webhook as listed; never its secret.</summary>
public sealed class WebhookLine
{
    /// <summary>The webhook.</summary>
    public Guid Id { get; set; }

    /// <summary>Unique name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Where it is told.</summary>
    public string Url { get; set; } = "";

    /// <summary>Names of the events.</summary>
    public string[] Events { get; set; } = [];

    /// <summary>False while paused.</summary>
    public bool Active { get; set; }

    /// <summary>Set while the secret before this one signs too.</summary>
    public DateTimeOffset? OldUntil { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Deliveries that wait for a try.</summary>
    public int Waiting { get; set; }

    /// <summary>Deliveries given up within 30 days.</summary>
    public int Failed { get; set; }
}

/// <summary>All webhooks, by name. Needs <c>kernel.webhooks.manage</c>.</summary>
public sealed class ListWebhooks(Database database, TimeProvider time) : Query<Done, IReadOnlyList<WebhookLine>>
{
    private const string All =
        """
        select w.id, w.name, w.url, w.events, w.active, w.created_at, case when w.old_until > @Now then w.old_until end as old_until,
               (select count(*)::int from kernel.webhook_deliveries d where d.webhook_id = w.id and d.state = 'waiting') as waiting,
               (select count(*)::int from kernel.webhook_deliveries d where d.webhook_id = w.id and d.state = 'failed') as failed
        from kernel.webhooks w
        order by lower(w.name)
        limit 200
        """;

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageWebhooks;

    /// <inheritdoc/>
    protected override async Task<Outcome<IReadOnlyList<WebhookLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await database.QueryAsync<WebhookLine>(All, new { Now = time.GetUtcNow() }, cancel)).ToArray();
}

/// <summary>One thing a webhook was told.</summary>
public sealed class WebhookDeliveryLine
{
    /// <summary>The delivery; also in the header <c>Cirt-Delivery</c>.</summary>
    public Guid Id { get; set; }

    /// <summary>Name of the event.</summary>
    public string Name { get; set; } = "";

    /// <summary>What is sent.</summary>
    public string Body { get; set; } = "";

    /// <summary>waiting, delivered, failed.</summary>
    public string State { get; set; } = "";

    /// <summary>How often it was tried.</summary>
    public int Tries { get; set; }

    /// <summary>When the fact was written.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it is tried next.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When it was delivered or given up.</summary>
    public DateTimeOffset? DoneAt { get; set; }

    /// <summary>Status of the last answer.</summary>
    public int? Status { get; set; }

    /// <summary>Beginning of the last answer, or why there was none: the other side's text.</summary>
    public string? Answer { get; set; }
}

/// <summary>Which deliveries.</summary>
/// <param name="Webhook">Of which webhook.</param>
/// <param name="State">waiting, delivered, failed; empty for all.</param>
/// <param name="After">Key of the page.</param>
/// <param name="Limit">At most 200.</param>
public sealed record WebhookLogQuestion(Guid Webhook, string State = "", string? After = null, int Limit = 50);

/// <summary>What a webhook was told, the newest first. Needs <c>kernel.webhooks.manage</c>.</summary>
public sealed class ListWebhookDeliveries(Database database) : Query<WebhookLogQuestion, Page<WebhookDeliveryLine>>
{
    private const string Log =
        """
        select id, name, body, state, tries, created_at, due_at, done_at, status, answer
        from kernel.webhook_deliveries
        where webhook_id = @Webhook and (@State = '' or state = @State) and (@After::uuid is null or id < @After)
        order by id desc
        limit @Limit + 1
        """;

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageWebhooks;

    /// <inheritdoc/>
    protected override async Task<Outcome<Page<WebhookDeliveryLine>>> HandleAsync(Viewer viewer, WebhookLogQuestion request, CancellationToken cancel)
    {
        Guid? after = null;
        if (request.After is not null)
        {
            if (!Guid.TryParse(request.After, out var key))
                return Refuse.Invalid("kernel.page.key", "after");
            after = key;
        }
        var limit = Math.Clamp(request.Limit, 1, 200);
        var rows = await database.QueryAsync<WebhookDeliveryLine>(Log, new { request.Webhook, request.State, After = after, Limit = limit }, cancel);
        return new Page<WebhookDeliveryLine>([.. rows.Take(limit)], rows.Count > limit ? rows[limit - 1].Id.ToString() : null);
    }
}
