namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>A bounded ring of batches between one reader and one worker. Each waits for the other per batch, never per packet; a reader that found no room waits until half of the ring is free, so that the two do not wake each other for every batch.</summary>
internal sealed class BatchRing : IDisposable
{
    private const int Depth = 32;    // traffic comes in bursts of few pairs of hosts: a worker with nothing to do is one that the reader cannot reach
    private const int Enough = Depth / 2;
    private readonly PacketBatch?[] _slots = new PacketBatch?[Depth];
    private readonly ManualResetEventSlim _room = new(false, 0);
    private readonly ManualResetEventSlim _work = new(false, 0);
    private int _write;              // the reader's alone
    private int _read;               // the worker's alone
    private int _filled;

    /// <summary>Reader: an empty batch, once the worker has left one.</summary>
    public PacketBatch Open()
    {
        if (Volatile.Read(ref _filled) == Depth)
        {
            _room.Reset();
            // what the worker leaves between the two looks is seen here, and what it leaves after the second sets the event
            if (Interlocked.CompareExchange(ref _filled, 0, 0) > Enough) _room.Wait();
        }
        PacketBatch batch = _slots[_write] ??= new PacketBatch();
        batch.Clear();
        return batch;
    }

    /// <summary>Reader: hands the opened batch over.</summary>
    public void Publish()
    {
        _write = (_write + 1) % Depth;
        if (Interlocked.Increment(ref _filled) == 1) _work.Set();
    }

    /// <summary>Worker: the next batch, once there is one.</summary>
    public PacketBatch Take()
    {
        while (Volatile.Read(ref _filled) == 0)
        {
            _work.Reset();
            if (Interlocked.CompareExchange(ref _filled, 0, 0) == 0) _work.Wait();
        }
        return _slots[_read]!;
    }

    /// <summary>Worker: done with the batch taken.</summary>
    public void Release()
    {
        _read = (_read + 1) % Depth;
        if (Interlocked.Decrement(ref _filled) == Enough) _room.Set();
    }

    public void Dispose()
    {
        _room.Dispose();
        _work.Dispose();
    }
}
