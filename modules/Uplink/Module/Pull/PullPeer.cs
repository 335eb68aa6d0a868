using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Uplink.Inbox;
using Appliance.Uplink.Peers;
using Microsoft.Extensions.Logging;

namespace Appliance.Uplink.Pull;

/// <summary>Reads what is new at one peer. Objects and cursor are committed together, page by page, so that a kill repeats at most one page and loses none.</summary>
internal sealed class PullPeer(Database database, TaxiiClient client, Receive receive, UplinkOptions options, TimeProvider time, ILogger<PullPeer> log)
{
    private const string Advance =
        """
        update uplink.peers
        set cursor_after = @After, cursor_next = @Next, cursor_page_last = @PageLast, last_contact_at = @Now, failures = 0, last_error = null, next_pull_at = @Due
        where id = @Id
        """;

    private const string Fail =
        """
        update uplink.peers
        set failures = failures + 1, last_error = @Reason, last_error_at = @Now, next_pull_at = @Due, cursor_after = @After, cursor_next = @Next, cursor_page_last = @PageLast
        where id = @Id and root_url = @RootUrl
        """;

    /// <summary>One turn takes at most this long; what is left comes in the next.</summary>
    private static readonly TimeSpan s_turn = TimeSpan.FromMinutes(2);

    /// <summary>Pulls until nothing is left, or the turn is over. Answers the number of objects that came.</summary>
    public async Task<int> RunAsync(Peer peer, CancellationToken cancel)
    {
        var cursor = new Cursor(peer.CursorAfter, peer.CursorNext, peer.CursorPageLast);
        var started = time.GetTimestamp();
        var count = 0;
        try
        {
            var goOn = true;
            while (goOn && time.GetElapsedTime(started) < s_turn)
            {
                var page = await client.PageAsync(peer, cursor.After, cursor.Next, cancel);
                (cursor, goOn) = cursor.Past(page);
                if (!await TakeAsync(peer, page, cursor, goOn, cancel))
                    return count;
                count += page.Envelope.Objects.Count;
            }
        }
        catch (PeerFaultException fault)
        {
            await FailAsync(peer, fault.Status is 400 or 404 && cursor.Next is not null ? cursor.Restarted() : cursor, fault, cancel);
        }
        return count;
    }

    private async Task<bool> TakeAsync(Peer peer, PeerPage page, Cursor cursor, bool goOn, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("uplink"), cancel);
        // Someone may have changed or removed the peer while its server answered: then this page is not taken.
        if (await Peer.LockAsync(work, peer.Id, cancel) is not { Trust: "trusted" } now || now.RootUrl != peer.RootUrl || now.ReadCollection != peer.ReadCollection)
            return false;
        await receive.RunAsync(work, now, "pulled", page.Envelope.Objects, cancel);
        await work.ExecuteAsync(
            Advance,
            new { peer.Id, cursor.After, cursor.Next, cursor.PageLast, work.Now, Due = goOn ? work.Now : work.Now.AddSeconds(options.PullSeconds) },
            cancel);
        await work.CommitAsync(cancel);
        return true;
    }

    /// <summary>Notes a failure that nobody foresaw: it is this peer's and must not stop the others.</summary>
    public Task FailAsync(Peer peer, Exception fault, CancellationToken cancel) =>
        FailAsync(peer, new(peer.CursorAfter, peer.CursorNext, peer.CursorPageLast), new PeerFaultException($"What the peer sent could not be taken ({fault.GetType().Name}).", inner: fault), cancel);

    private async Task FailAsync(Peer peer, Cursor cursor, PeerFaultException fault, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var backoff = TimeSpan.FromSeconds(Math.Min(900, options.PullSeconds * Math.Pow(2, Math.Min(peer.Failures, 10))));
        var wait = fault.RetryAfter is { } asked && asked > backoff ? asked : backoff;
        var due = now + (wait > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : wait);
        await database.ExecuteAsync(Fail, new { peer.Id, peer.RootUrl, Reason = fault.Message, Now = now, Due = due, cursor.After, cursor.Next, cursor.PageLast }, cancel);
        Log.PullFailed(log, peer.Name, peer.Failures + 1, fault.Message, due);
    }
}
