using Appliance.Contracts;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Webhooks;

/// <summary>Webhooks over <c>/api/v1/kernel/webhooks</c>.</summary>
internal static class WebhookEndpoints
{
    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "webhooks", KernelPermissions.ManageWebhooks, (Viewer viewer, ListWebhooks list, CancellationToken cancel) => list.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "webhooks", KernelPermissions.ManageWebhooks, (Viewer viewer, SaveWebhook save, WebhookBody body, CancellationToken cancel) => save.RunAsync(viewer, new(null, body.Name, body.Url, body.Events, body.Active), cancel))
        .Example(new { name = "ticket mirror", url = "https://mirror.example/cirt", events = new[] { "ticketing.incident-opened" } })
        .Endpoint("PUT", "webhooks/{id:guid}", KernelPermissions.ManageWebhooks, (Viewer viewer, SaveWebhook save, Guid id, WebhookBody body, CancellationToken cancel) => save.RunAsync(viewer, new(id, body.Name, body.Url, body.Events, body.Active), cancel))
        .Example(new { name = "ticket mirror", url = "https://mirror.example/cirt", events = new[] { "ticketing.incident-opened" }, active = false })
        .Endpoint("DELETE", "webhooks/{id:guid}", KernelPermissions.ManageWebhooks, (Viewer viewer, RemoveWebhook remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, id, cancel))
        .Endpoint("POST", "webhooks/{id:guid}/secret", KernelPermissions.ManageWebhooks, (Viewer viewer, RotateWebhookSecret rotate, Guid id, CancellationToken cancel) => rotate.RunAsync(viewer, id, cancel))
        .Endpoint("GET", "webhooks/{id:guid}/deliveries", KernelPermissions.ManageWebhooks, (Viewer viewer, ListWebhookDeliveries list, Guid id, string? state, string? after, int? limit, CancellationToken cancel) => list.RunAsync(viewer, new(id, state ?? "", after, limit ?? 50), cancel))
        .Endpoint("POST", "webhooks/deliveries/{id:guid}/replay", KernelPermissions.ManageWebhooks, (Viewer viewer, ReplayWebhookDelivery replay, Guid id, CancellationToken cancel) => replay.RunAsync(viewer, id, cancel));

    internal sealed record WebhookBody(string Name, string Url, IReadOnlyList<string> Events, bool Active = true);
}
