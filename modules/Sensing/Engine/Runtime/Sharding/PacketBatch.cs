using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>Decoded packets on their way from the reader to one worker, with the bytes they lie in. Filled, worked off and filled again; never grows for ordinary frames.</summary>
internal sealed class PacketBatch
{
    public const int Most = 256;
    private const int Room = 256 << 10;
    private readonly Packet?[] _packets = new Packet?[Most];
    private readonly Packet?[] _carriers = new Packet?[Most];
    private readonly Entry[] _entries = new Entry[Most];
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(Room);   // pages that are not used cost nothing
    private int _used;

    private struct Entry
    {
        public long Turn;
        public long Clock;
        public bool Sweep;
    }

    public int Count { get; private set; }
    public bool IsFull => Count == Most;

    /// <summary>The first turn behind this round of batches.</summary>
    public long End;

    /// <summary>The capture's clock at the end of the round.</summary>
    public long Clock;

    /// <summary>The clock has never gone back by more than a second up to the end of the round.</summary>
    public bool Steady;

    /// <summary>The capture that the packets come from.</summary>
    public string? CaptureFile;

    /// <summary>Nothing follows.</summary>
    public bool Last;

    public long TurnOf(int i) => _entries[i].Turn;
    public long ClockOf(int i) => _entries[i].Clock;

    /// <summary>Stands for no packet: quiet flows are to be looked for.</summary>
    public bool IsSweep(int i) => _entries[i].Sweep;
    public Packet PacketAt(int i) => _packets[i]!;

    public void Clear()
    {
        Count = _used = 0;
        Last = false;
        // one frame of megabytes is no reason to keep megabytes
        if (_bytes.Length > Room) _bytes = GC.AllocateUninitializedArray<byte>(Room);
    }

    public bool Fits(int bytes) => Count < Most && (_used + bytes <= _bytes.Length || Count == 0);

    /// <summary>Copies bytes in; where they begin in <paramref name="array"/>. Ask <see cref="Fits"/> first.</summary>
    public int Keep(ReadOnlySpan<byte> bytes, out byte[] array)
    {
        if (_used + bytes.Length > _bytes.Length) _bytes = new byte[bytes.Length];
        bytes.CopyTo(_bytes.AsSpan(_used));
        array = _bytes;
        int at = _used;
        _used += bytes.Length;
        return at;
    }

    /// <summary>The packet that the next entry will be; whoever has decoded into it adds it.</summary>
    public Packet Vacant => _packets[Count] ??= new Packet();

    public void Add(long turn, long clock) => _entries[Count++] = new Entry { Turn = turn, Clock = clock };

    public void AddSweep(long turn, long clock) => _entries[Count++] = new Entry { Turn = turn, Clock = clock, Sweep = true };

    /// <summary>Takes over a packet found inside another, whose bytes are in this batch already, and gives one back for it.</summary>
    public Packet Exchange(Packet inner)
    {
        Packet back = Vacant;
        _packets[Count] = inner;
        if (inner.Outer is { } outer)
        {
            // the carrier goes its own way: what a record tells of it is kept here
            Packet carrier = _carriers[Count] ??= new Packet();
            carrier.InheritFrom(outer);
            carrier.IpVersion = outer.IpVersion;
            carrier.Protocol = outer.Protocol;
            carrier.Source_ = outer.Source_;
            carrier.Destination = outer.Destination;
            carrier.SourcePort = outer.SourcePort;
            carrier.DestinationPort = outer.DestinationPort;
            carrier.Data = [];
            inner.Outer = carrier;
        }
        return back;
    }
}
