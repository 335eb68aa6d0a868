using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Webhooks;

namespace Appliance.Kernel.Outbox;

/// <summary>Writes facts and one delivery per subscription into the transaction of the change, and wakes the dispatcher at commit.</summary>
internal static class OutboxWriter
{
    private static readonly ConcurrentDictionary<Type, EventAttribute> s_names = new();

    private const string InsertEvent =
        """
        insert into kernel.outbox_events (id, name, version, aggregate, body, occurred_at)
        values (@Id, @Name, @Version, @Aggregate, @Body::jsonb, @OccurredAt)
        """;

    private const string InsertDelivery =
        """
        insert into kernel.outbox_deliveries (event_id, subscription, aggregate, due_at)
        values (@Id, @Subscription, @Aggregate, @Now)
        """;

    public static EventAttribute NameOf(Type type) => s_names.GetOrAdd(type, static t =>
        t.GetCustomAttribute<EventAttribute>() ?? throw new InvalidOperationException($"{t.Name} has no [Event] name"));

    public static async Task WriteAsync(Work work, IReadOnlyList<EventRecord> facts, ModuleSet? modules, CancellationToken cancel)
    {
        if (facts.Count == 0)
            return;
        foreach (var fact in facts)
        {
            var type = fact.GetType();
            var name = NameOf(type);
            var body = JsonSerializer.Serialize(fact, type, OutboxJson.Options);
            await work.ExecuteAsync(InsertEvent, new { Id = fact.EventId.Value, name.Name, name.Version, fact.Aggregate, Body = body, fact.OccurredAt }, cancel);
            foreach (var subscription in modules?.Subscriptions[type] ?? [])
                await work.ExecuteAsync(InsertDelivery, new { Id = fact.EventId.Value, Subscription = subscription.Name, fact.Aggregate, work.Now }, cancel);
            await WebhookWriter.WriteAsync(work, fact, name, cancel);
        }
        await work.ExecuteAsync("select pg_notify('cirt_outbox', '')", null, cancel);
    }
}
