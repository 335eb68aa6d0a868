using Appliance.Uplink.Pull;
using Appliance.Uplink.Stix;
using Xunit;

namespace Appliance.Uplink.Tests.Pull;

public sealed class CursorTests
{
    private const string T1 = "2026-01-01T00:00:00.000001Z";
    private const string T2 = "2026-01-01T00:00:00.000002Z";
    private const string T3 = "2026-01-01T00:00:00.000003Z";

    [Fact]
    public void Walk_repeats_added_after_with_next_and_moves_it_only_at_the_end()
    {
        var (one, goOn) = new Cursor(T1, null, null).Past(Page(more: true, "n1", T2));
        Assert.Equal((new Cursor(T1, "n1", T2), true), (one, goOn));
        var (two, goOnToo) = one.Past(Page(more: false, null, T3));
        Assert.Equal((new Cursor(T3, null, null), false), (two, goOnToo));
    }

    [Fact]
    public void More_without_next_goes_on_behind_the_last_date() =>
        Assert.Equal((new Cursor(T2, null, null), true), new Cursor(T1, null, null).Past(Page(more: true, null, T2)));

    [Fact]
    public void Empty_answer_leaves_the_cursor() => Assert.Equal((new Cursor(T1, null, null), false), new Cursor(T1, null, null).Past(Page(more: false, null, null)));

    [Fact]
    public void Clock_of_the_peer_that_went_back_does_not_move_the_cursor_back() =>
        Assert.Equal((new Cursor(T3, null, null), false), new Cursor(T3, null, null).Past(Page(more: false, null, T1)));

    [Fact]
    public void Endless_paging_is_noticed()
    {
        Assert.Throws<PeerFaultException>(() => new Cursor(null, "n1", T1).Past(Page(more: true, "n1", T1)));
        Assert.Throws<PeerFaultException>(() => new Cursor(T1, null, null).Past(Page(more: true, null, T1)));
        Assert.Throws<PeerFaultException>(() => new Cursor(T1, null, null).Past(Page(more: true, null, null)));
    }

    [Fact]
    public void Forgotten_next_begins_again_behind_what_was_read() => Assert.Equal(new Cursor(T2, null, null), new Cursor(T1, "n1", T2).Restarted());

    private static PeerPage Page(bool more, string? next, string? last) => new(new Envelope([], more, next, false), last);
}
