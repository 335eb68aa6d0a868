using System.Threading.Channels;

namespace Appliance.Ticketing.Lookups;

/// <summary>Wakes <see cref="LookupWorker"/> when there is a new question. Thread-safe.</summary>
internal sealed class LookupBell
{
    private readonly Channel<bool> _rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => _rung.Writer.TryWrite(true);

    /// <summary>True when it was rung, false when <paramref name="patience"/> is over: what is to be tried again is looked for all the same.</summary>
    public async Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancel)
    {
        using var clock = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, clock.Token);
        try
        {
            return await _rung.Reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
