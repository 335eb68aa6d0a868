using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Pull;

/// <summary>How far a peer's collection was read. Texts are the peer's own and are given back unchanged.</summary>
/// <param name="After">The added_after of the present walk: it stays the same until the walk ends.</param>
/// <param name="Next">Where in the walk the next page begins; only together with <paramref name="After"/>.</param>
/// <param name="PageLast">The last date_added seen in the walk.</param>
internal sealed record Cursor(string? After, string? Next, string? PageLast)
{
    /// <summary>The cursor behind <paramref name="page"/>, and whether to go on at once.</summary>
    /// <exception cref="PeerFaultException">The peer's paging would never end.</exception>
    public (Cursor Cursor, bool GoOn) Past(PeerPage page)
    {
        var last = Later(PageLast, page.Last);
        var (more, next) = (page.Envelope.More, page.Envelope.Next);
        if (more && next is { Length: > 0 })
        {
            return next == Next
                ? throw new PeerFaultException("The server gives the same next again and again.")
                : (this with { Next = next, PageLast = last }, true);
        }
        if (more)
        {
            // Without next a client goes on behind the last date_added.
            return page.Last is { } at && Later(After, at) == at && at != After
                ? (new(at, null, null), true)
                : throw new PeerFaultException("The server says there is more, but gives neither next nor a later X-TAXII-Date-Added-Last.");
        }
        return (new(Later(After, last), null, null), false);
    }

    /// <summary>Where to begin again when the peer no longer knows its next: pages come in rising order, so nothing before the last one seen is missing.</summary>
    public Cursor Restarted() => new(Later(After, PageLast), null, null);

    /// <summary>The later of two times as written; never backwards, whatever the peer's clock does.</summary>
    private static string? Later(string? a, string? b) => (StixTime.TryRead(a, out var x), StixTime.TryRead(b, out var y)) switch
    {
        (_, false) => a,
        (false, true) => b,
        _ => y > x ? b : a,
    };
}
