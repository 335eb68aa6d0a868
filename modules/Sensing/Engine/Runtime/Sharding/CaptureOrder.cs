using Appliance.Sensing.Engine.Detect;

namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>
/// How far each worker has come, in turns that number a capture's packets. Whoever is about to touch what rules remember of hosts waits until all packets before its
/// own are done, so that several workers come to the same records as one. The worker with the lowest turn never waits, which is why none waits for ever.
/// </summary>
internal sealed class CaptureOrder(int workers)
{
    private const int Line = 16;     // longs between two workers' places, so that they share no cache line
    private const int SpinsBeforeSleep = 40;
    private readonly long[] _turns = new long[(workers + 1) * Line];
    private readonly long[] _begun = new long[workers];   // each worker's own: where its turn began

    public const long Done = long.MaxValue;

    public void Reach(int worker, long turn) => Volatile.Write(ref _turns[(worker + 1) * Line], turn);

    /// <summary>The worker's next turn; steps count from here.</summary>
    public void Begin(int worker, long turn)
    {
        _begun[worker] = turn;
        Reach(worker, turn);
    }

    public ITurns For(int worker) => new Place(this, worker);

    private void Await(int worker)
    {
        long mine = _turns[(worker + 1) * Line];
        for (int other = 0; other < workers; other++)
        {
            if (other == worker) continue;
            var spin = new SpinWait();
            while (Volatile.Read(ref _turns[(other + 1) * Line]) < mine) spin.SpinOnce(SpinsBeforeSleep);
        }
    }

    private sealed class Place(CaptureOrder order, int worker) : ITurns
    {
        public void Await() => order.Await(worker);

        public void Step(int number) => order.Reach(worker, order._begun[worker] + number);
    }
}
