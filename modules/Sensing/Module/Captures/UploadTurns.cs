namespace Appliance.Sensing.Captures;

/// <summary>One request at a time for each upload. The newest wins: whoever comes back over a new line finds the old request still waiting for bytes that never come.</summary>
internal sealed class UploadTurns
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Turn> _turns = [];

    /// <summary>Ends the request that is at it, waits until it has let go, and takes its place until disposed.</summary>
    public async Task<Turn> TakeAsync(Guid id, CancellationToken cancel)
    {
        var mine = new Turn(this, id, cancel);
        Turn? before;
        lock (_gate)
        {
            _turns.TryGetValue(id, out before);
            _turns[id] = mine;
        }
        if (before is not null)
            await before.LetGoAsync();
        return mine;
    }

    private void Leave(Turn turn)
    {
        lock (_gate)
        {
            if (_turns.TryGetValue(turn.Id, out var current) && current == turn)
                _turns.Remove(turn.Id);
        }
    }

    /// <summary>The right to write to one upload.</summary>
    internal sealed class Turn(UploadTurns turns, Guid id, CancellationToken cancel) : IDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _left;

        public Guid Id => id;

        /// <summary>Cancelled when the asker hangs up or somebody newer comes.</summary>
        public CancellationToken Cancel => _stop.Token;

        public async Task LetGoAsync()
        {
            Task stopping;
            lock (_stop)
                stopping = _left ? Task.CompletedTask : _stop.CancelAsync();
            await stopping;
            await _gone.Task;
        }

        public void Dispose()
        {
            turns.Leave(this);
            lock (_stop)
            {
                _left = true;
                _stop.Dispose();
            }
            _gone.TrySetResult();
        }
    }
}
