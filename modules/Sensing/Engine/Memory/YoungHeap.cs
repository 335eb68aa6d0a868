namespace Appliance.Sensing.Engine.Memory;

/// <summary>
/// Collects what a worker has let go before the runtime would: its limit for young objects serves a whole appliance and is many times what a worker needs, and memory that was once touched is not given back.
/// One to a thread.
/// </summary>
internal struct YoungHeap
{
    private const int Packets = 256;
    private const long Most = 2 << 20;
    private int _packets;
    private long _collectedAt;

    /// <summary>Another packet has been processed.</summary>
    public void Step()
    {
        if (++_packets < Packets) return;
        _packets = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (allocated - _collectedAt < Most) return;
        _collectedAt = allocated;
        GC.Collect(0, GCCollectionMode.Forced, true);
    }
}
