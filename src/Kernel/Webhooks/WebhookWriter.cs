using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Kernel.Webhooks;

/// <summary>Writes one delivery per webhook into the transaction of the fact. What is told is thin: that it happened and to what; whoever wants more asks the API, with rights of his own.</summary>
internal static class WebhookWriter
{
    private const string Wanting = "select id from kernel.webhooks where active and @Name = any(events)";

    private const string Insert =
        """
        insert into kernel.webhook_deliveries (id, webhook_id, event_id, name, body, created_at, due_at)
        values (@Id, @Webhook, @Event, @Name, @Body, @Now, @Now)
        """;

    public static async Task WriteAsync(Work work, EventRecord fact, EventAttribute name, CancellationToken cancel)
    {
        // RED is for named people; a program elsewhere is nobody.
        if (fact.Marking.Tlp == Tlp.Red || await work.QueryAsync<Guid>(Wanting, new { name.Name }, cancel) is not { Count: > 0 } webhooks)
            return;
        var body = JsonSerializer.Serialize(
            new { id = fact.EventId, name = name.Name, version = name.Version, occurredAt = fact.OccurredAt, subject = fact.Aggregate, tlp = fact.Marking.Tlp, exercise = fact.Marking.Exercise },
            OutboxJson.Options);
        foreach (var webhook in webhooks)
            await work.ExecuteAsync(Insert, new { Id = Guid.CreateVersion7(), Event = fact.EventId.Value, name.Name, Body = body, work.Now, Webhook = webhook }, cancel);
    }
}
