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

    public int Of(Packet p)
    {
        if (p.IpVersion == 0) return 0;
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
        return (int)((ulong)(hash * 0x9e3779b1u) * (ulong)workers >> 32);
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
