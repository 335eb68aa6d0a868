using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Desk;

/// <summary>A peer's warning lands on the desk under the peer's name. The same warning again is the same item.</summary>
internal sealed class WarningOnDesk(TakeItems take) : IEventHandler<WarningReceived>
{
    public Task HandleAsync(WarningReceived fact, Work work, CancellationToken cancel)
    {
        DateTimeOffset? published = fact.PublishedAt == default ? null : fact.PublishedAt;
        var entry = new FeedEntry(fact.StixId, PlainText.Line(fact.Title, FeedLimits.MaxTitle), PlainText.Lines(fact.Text, FeedLimits.MaxContent), null, published, published);
        return take.RunAsync(work, new("peer", PlainText.Literal(fact.PeerName, 200), null, null, fact.Marking, "", [entry]), cancel);
    }
}
