using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Http;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;

namespace Appliance.Kernel.Webhooks;

/// <summary>A program elsewhere that is told of facts.</summary>
/// <param name="Id">Null for a new one.</param>
/// <param name="Name">Unique.</param>
/// <param name="Url">Where it is told, http or https; inside addresses only where the configuration allows them.</param>
/// <param name="Events">Names of the events.</param>
/// <param name="Active">False pauses it: what happens meanwhile is not told later.</param>
public sealed record WebhookSheet(Guid? Id, string Name, string Url, IReadOnlyList<string> Events, bool Active = true);

/// <summary>A webhook just made or given a new secret; the secret is shown once.</summary>
/// <param name="Id">The webhook.</param>
/// <param name="Secret">Signs what it is told; null where it stayed.</param>
public sealed record WebhookSaved(Guid Id, string? Secret);

/// <summary>Makes or changes a webhook. Needs <c>kernel.webhooks.manage</c>.</summary>
internal sealed class SaveWebhook(Database database, ModuleSet modules, WebhookSecrets secrets) : Act<WebhookSheet, WebhookSaved>(database)
{
    private const string Insert =
        """
        insert into kernel.webhooks (id, name, url, events, secret, active, created_at, created_by)
        values (@Id, @Name, @Url, @Events, @Secret, @Active, @Now, @By)
        on conflict (lower(name)) do nothing
        """;

    private const string Update = "update kernel.webhooks set name = @Name, url = @Url, events = @Events, active = @Active where id = @Id";

    private const string Taken = "select exists (select 1 from kernel.webhooks where lower(name) = lower(@Name) and id <> @Id)";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageWebhooks;

    /// <inheritdoc/>
    protected override async Task<Outcome<WebhookSaved>> HandleAsync(Work work, WebhookSheet request, CancellationToken cancel)
    {
        var name = request.Name.Trim();
        if (name.Length is < 2 or > 60 || name.Any(char.IsControl))
            return Refuse.Invalid("kernel.webhook.name", "name");
        if (request.Url.Length > 2000 || OutgoingHttp.FaultOf(request.Url) is not null)
            return Refuse.Invalid("kernel.webhook.url", "url", request.Url);
        var known = WebhookEvents.Of(modules);
        if (request.Events.Count == 0 || request.Events.FirstOrDefault(e => !known.Contains(e)) is not null)
            return Refuse.Invalid("kernel.webhook.events", "events");
        var row = new { Id = request.Id ?? Guid.CreateVersion7(), Name = name, request.Url, Events = request.Events.Distinct().ToArray(), request.Active };
        if (request.Id is not null)
        {
            if (await work.FindAsync<bool>(Taken, row, cancel))
                return Refuse.Conflict("kernel.webhook.taken", name);
            if (await work.ExecuteAsync(Update, row, cancel) == 0)
                return Refuse.NotFound("kernel.webhook.unknown");
            work.Audit("kernel.webhook.changed", $"webhook/{row.Id}", new { name, request.Url, row.Events, request.Active });
            return new WebhookSaved(row.Id, null);
        }
        var secret = WebhookSecrets.New();
        var made = await work.ExecuteAsync(Insert, new { row.Id, row.Name, row.Url, row.Events, Secret = secrets.Protect(secret), row.Active, work.Now, By = work.Viewer.Id.Value }, cancel);
        if (made == 0)
            return Refuse.Conflict("kernel.webhook.taken", name);
        work.Audit("kernel.webhook.made", $"webhook/{row.Id}", new { name, request.Url, row.Events });
        return new WebhookSaved(row.Id, secret);
    }
}

/// <summary>Gives a webhook a new secret; what it is told is signed with both for a day. Needs <c>kernel.webhooks.manage</c>.</summary>
internal sealed class RotateWebhookSecret(Database database, WebhookSecrets secrets) : Act<Guid, WebhookSaved>(database)
{
    private const string Rotate = "update kernel.webhooks set old_secret = secret, old_until = @Until, secret = @Secret where id = @Id";

    /// <summary>How long the old secret signs beside the new one.</summary>
    public static TimeSpan Overlap { get; } = TimeSpan.FromHours(24);

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageWebhooks;

    /// <inheritdoc/>
    protected override async Task<Outcome<WebhookSaved>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        var secret = WebhookSecrets.New();
        if (await work.ExecuteAsync(Rotate, new { Id = request, Secret = secrets.Protect(secret), Until = work.Now + Overlap }, cancel) == 0)
            return Refuse.NotFound("kernel.webhook.unknown");
        work.Audit("kernel.webhook.secret-renewed", $"webhook/{request}");
        return new WebhookSaved(request, secret);
    }
}

/// <summary>Removes a webhook and its log. Needs <c>kernel.webhooks.manage</c>.</summary>
public sealed class RemoveWebhook(Database database) : Act<Guid, Done>(database)
{
    private const string Drop = "delete from kernel.webhooks where id = @Id";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageWebhooks;

    /// <inheritdoc/>
    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Drop, new { Id = request }, cancel) == 0)
            return Refuse.NotFound("kernel.webhook.unknown");
        work.Audit("kernel.webhook.removed", $"webhook/{request}");
        return default(Done);
    }
}

/// <summary>Tells a delivery again, from its first try. Needs <c>kernel.webhooks.manage</c>.</summary>
public sealed class ReplayWebhookDelivery(Database database) : Act<Guid, Done>(database)
{
    private const string Again = "update kernel.webhook_deliveries set state = 'waiting', tries = 0, due_at = @Now, done_at = null where id = @Id and state <> 'waiting'";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageWebhooks;

    /// <inheritdoc/>
    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Again, new { Id = request, work.Now }, cancel) == 0)
            return Refuse.NotFound("kernel.webhook.delivery-unknown");
        work.Audit("kernel.webhook.replayed", $"webhook-delivery/{request}");
        return default(Done);
    }
}

/// <summary>The events that can be told.</summary>
public static class WebhookEvents
{
    /// <summary>Names of all that the modules publish, in order.</summary>
    public static IReadOnlyList<string> Of(ModuleSet modules) =>
        [.. modules.Modules.SelectMany(m => m.Publishes).Select(t => OutboxWriter.NameOf(t).Name).Distinct().Order(StringComparer.Ordinal)];
}
