using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect;

namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>
/// How far each worker has come, in turns that number a capture's packets. Whoever is about to touch what rules remember of hosts waits until all packets before its
/// own are done, so that several workers come to the same records as one. The worker with the lowest turn never waits, which is why none waits for ever.
/// </summary>
internal sealed class CaptureOrder(int workers, ShardKey key) : IDisposable
{
    private const int Line = 16;     // longs between two workers' places, so that they share no cache line
    private const int SpinsBeforeSleep = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim[] _wakers = [.. Enumerable.Range(0, workers).Select(_ => new SemaphoreSlim(0))];
    private readonly long[] _wishes = [.. Enumerable.Repeat(Done, workers)];   // the turn that a sleeping worker waits for
    private long _nextWish = Done;                                             // the lowest of them
    private readonly long[] _turns = new long[(workers + 1) * Line];
    private readonly long[] _begun = new long[workers];   // each worker's own: where its turn began

    private readonly bool[] _steady = new bool[workers];   // each worker's own

    public const long Done = long.MaxValue;

    /// <summary>What is known of the clock up to the end of the worker's next batch.</summary>
    public void Know(int worker, bool steady) => _steady[worker] = steady;

    public void Reach(int worker, long turn)
    {
        Volatile.Write(ref _turns[(worker + 1) * Line], turn);
        // the turn is seen before the wish is read here, and the wish before the turn is read there: one of the two sees the other
        Interlocked.MemoryBarrier();
        if (turn >= Volatile.Read(ref _nextWish)) Wake(turn);
    }

    /// <summary>The worker's next turn; steps count from here.</summary>
    public void Begin(int worker, long turn)
    {
        _begun[worker] = turn;
        Reach(worker, turn);
    }

    public ITurns For(int worker) => new Place(this, worker);

    private void Await(int worker, uint others = uint.MaxValue)
    {
        long mine = _turns[(worker + 1) * Line];
        for (int other = 0; other < workers; other++)
        {
            if (other == worker || (others & ShardKey.Bit(other)) == 0) continue;
            ref long reached = ref _turns[(other + 1) * Line];
            var spin = new SpinWait();
            while (Volatile.Read(ref reached) < mine)
            {
                if (spin.Count < SpinsBeforeSleep) spin.SpinOnce(-1);
                else Sleep(worker, mine, ref reached);
            }
        }
    }

    private void AwaitFor(IpAddress host, int worker) => Await(worker, _steady[worker] ? key.WorkersOf(host) : uint.MaxValue);

    private void Sleep(int worker, long mine, ref long reached)
    {
        lock (_gate)
        {
            _wishes[worker] = mine;
            _nextWish = Math.Min(_nextWish, mine);
        }
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref reached) < mine) _ = _wakers[worker].Wait(Patience);
        lock (_gate)
        {
            _wishes[worker] = Done;
            _nextWish = _wishes.Min();
        }
    }

    private void Wake(long turn)
    {
        lock (_gate)
        {
            for (int i = 0; i < workers; i++)
            {
                if (_wishes[i] > turn) continue;
                _wishes[i] = Done;
                _wakers[i].Release();
            }
            _nextWish = _wishes.Min();
        }
    }

    public void Dispose()
    {
        foreach (SemaphoreSlim waker in _wakers) waker.Dispose();
    }

    private sealed class Place(CaptureOrder order, int worker) : ITurns
    {
        public void Await() => order.Await(worker);

        public void Await(IpAddress host) => order.AwaitFor(host, worker);

        public bool Steady => order._steady[worker];

        public void Step(int number) => order.Reach(worker, order._begun[worker] + number);
    }
}
