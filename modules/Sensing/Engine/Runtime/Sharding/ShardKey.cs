using System.Numerics;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;

namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>How packets are shared out between workers.</summary>
internal enum ShardBy : byte
{
    /// <summary>By the two addresses: whatever two hosts say to each other is seen by one worker, fragments and announced connections too.</summary>
    Pair,

    /// <summary>By addresses, ports and protocol.</summary>
    Flow,
}

/// <summary>Chooses the worker of a packet, the same whichever side sends. An ICMP error goes where the conversation it speaks of goes.</summary>
internal sealed class ShardKey(ShardBy by, int workers)
{
    private const int FilterBits = 20;
    private readonly ulong[] _seen = new ulong[(1 << FilterBits) / 64];
    private int _marked;

    // Which worker has the pairs of hosts that share a place; 0: none yet. A place that was never seen goes to the worker that had the least to do of late.
    private const int PlaceBits = 16;
    private const int LoadShift = 12;        // packets remembered: about four thousand
    private readonly byte[] _places = new byte[1 << PlaceBits];
    private readonly long[] _loads = new long[workers];
    private int _sinceFaded;

    // Which workers have had packets of the hosts that share a place, one bit a worker. Written by the reader before it hands a packet over, and only ever more: who works on a packet sees those of all before it.
    private readonly byte[] _hosts = new byte[1 << PlaceBits];

    public int Of(Packet p)
    {
        if (p.IpVersion == 0) return 0;
        int worker = Chosen(p);
        _hosts[PlaceOf(p.Source_)] |= (byte)Bit(worker);
        _hosts[PlaceOf(p.Destination)] |= (byte)Bit(worker);
        return worker;
    }

    /// <summary>Workers that may have had packets of the host, as <see cref="Bit"/> tells them.</summary>
    public uint WorkersOf(IpAddress host) => Volatile.Read(ref _hosts[PlaceOf(host)]);

    /// <summary>Stands for a worker; of more than eight, several share one.</summary>
    public static uint Bit(int worker) => 1u << (worker & 7);

    private static int PlaceOf(IpAddress host)
    {
        UInt128 value = host.Value;
        ulong folded = (ulong)value ^ (ulong)(value >> 64);
        return (int)((folded ^ folded >> 32) * 0x9e3779b97f4a7c15 >> 64 - PlaceBits);
    }

    private int Chosen(Packet p)
    {
        if (p.HasIcmp && FlowTable.TellsOfAnother(p) && FlowTable.TryEmbedded(p, out IpAddress source, out IpAddress destination, out byte protocol, out ushort from, out ushort to)
            && Seen(FlowTable.HashOf(source, destination, from, to, protocol))) return Worker(source, destination, from, to, protocol, true);
        bool ports = p.HasPorts && !p.Is(PacketMarks.Fragment);
        if (ports && p.Protocol is 6 or 17) Mark(FlowTable.HashOf(p.Source_, p.Destination, p.SourcePort, p.DestinationPort, p.Protocol));
        return Worker(p.Source_, p.Destination, p.SourcePort, p.DestinationPort, p.Protocol, ports);
    }

    private int Worker(IpAddress source, IpAddress destination, ushort from, ushort to, byte protocol, bool ports)
    {
        uint hash = by == ShardBy.Flow && ports ? FlowTable.HashOf(source, destination, from, to, protocol) : FlowTable.HashOf(source, destination, 0, 0, 0);
        // not the bits that a flow table's buckets go by
        ref byte place = ref _places[hash * 0x9e3779b1u >> 32 - PlaceBits];
        if (place == 0) place = (byte)(1 + Fit(_hosts[PlaceOf(source)] | (uint)_hosts[PlaceOf(destination)]));
        Count(place - 1);
        return place - 1;
    }

    /// <summary>A worker that knows one of the two hosts already, if only one does and it has not much more to do than the others: who has hosts to itself never waits. Else the one with the least to do.</summary>
    private int Fit(uint known)
    {
        int least = LeastLoaded();
        if (BitOperations.PopCount(known) != 1) return least;
        int friend = BitOperations.TrailingZeroCount(known);
        return friend < workers && _loads[friend] <= _loads[least] + (_loads[least] >> 1) + (256 << LoadShift) ? friend : least;
    }

    private int LeastLoaded()
    {
        int least = 0;
        for (int i = 1; i < workers; i++)
            if (_loads[i] < _loads[least]) least = i;
        return least;
    }

    /// <summary>Loads fade by a sixteenth with each 256 packets.</summary>
    private void Count(int worker)
    {
        _loads[worker] += 1 << LoadShift;
        if (++_sinceFaded < 256) return;
        _sinceFaded = 0;
        for (int i = 0; i < workers; i++) _loads[i] -= _loads[i] >> 4;
    }

    // A filter of conversations seen: an error about one that nobody saw is a conversation of its own.
    private bool Seen(uint hash) => (_seen[hash >> 6 & _seen.Length - 1] >> (int)(hash & 63) & 1) != 0;

    private void Mark(uint hash)
    {
        ref ulong word = ref _seen[hash >> 6 & _seen.Length - 1];
        ulong bit = 1UL << (int)(hash & 63);
        if ((word & bit) != 0) return;
        if (++_marked > 1 << (FilterBits - 2))
        {
            Array.Clear(_seen);
            _marked = 1;
        }
        word |= bit;
    }
}
