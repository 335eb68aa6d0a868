namespace Appliance.Sensing.Intake;

/// <summary>Rings when alerts or answers were committed, so that open pages look again at once. Rings are merged; a missed one costs a page two seconds.</summary>
internal sealed class SensingBell
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Ring()
    {
        var rung = Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously));
        rung.TrySetResult();
    }

    /// <summary>Completes at the next ring or after <paramref name="most"/>, whichever comes first.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken cancel)
    {
        var next = _next.Task;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(next, Task.Delay(most, stop.Token));
        await stop.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }
}
