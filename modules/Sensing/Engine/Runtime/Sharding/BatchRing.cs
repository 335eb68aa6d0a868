namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>A bounded ring of batches between one reader and one worker. Each waits for the other per batch, never per packet.</summary>
internal sealed class BatchRing : IDisposable
{
    private const int Depth = 6;
    private readonly PacketBatch[] _slots = new PacketBatch[Depth];
    private readonly SemaphoreSlim _free = new(Depth);
    private readonly SemaphoreSlim _filled = new(0);
    private int _write;              // the reader's alone
    private int _read;               // the worker's alone

    public BatchRing()
    {
        for (int i = 0; i < Depth; i++) _slots[i] = new PacketBatch();
    }

    /// <summary>Reader: an empty batch, once the worker has left one.</summary>
    public PacketBatch Open()
    {
        _free.Wait();
        PacketBatch batch = _slots[_write];
        batch.Clear();
        return batch;
    }

    /// <summary>Reader: hands the opened batch over.</summary>
    public void Publish()
    {
        _write = (_write + 1) % Depth;
        _filled.Release();
    }

    /// <summary>Worker: the next batch, once there is one.</summary>
    public PacketBatch Take()
    {
        _filled.Wait();
        return _slots[_read];
    }

    /// <summary>Worker: done with the batch taken.</summary>
    public void Release()
    {
        _read = (_read + 1) % Depth;
        _free.Release();
    }

    public void Dispose()
    {
        _free.Dispose();
        _filled.Dispose();
    }
}
