using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Flow;

internal interface IFlowObserver
{
    /// <summary>The flow is over: finish its streams, write its record. It is taken out of the table right after.</summary>
    void Ended(Flow flow, FlowEnd why);

    /// <summary>The table is being looked through and has come to this place, of as many as it has buckets; the flows that end next lie there.</summary>
    void At(int bucket);
}

internal sealed record FlowOptions
{
    public long Memcap { get; init; } = 128L << 20;
    public int Buckets { get; init; } = 65536;
    public FlowTimeouts Tcp { get; init; } = new(60, 600, 60);
    public FlowTimeouts Udp { get; init; } = new(30, 300, 0);
    public FlowTimeouts Icmp { get; init; } = new(30, 300, 0);
    public FlowTimeouts Other { get; init; } = new(30, 300, 0);
    public FlowTimeouts EmergencyTcp { get; init; } = new(5, 100, 10);
    public FlowTimeouts EmergencyUdp { get; init; } = new(10, 100, 0);
    public FlowTimeouts EmergencyIcmp { get; init; } = new(10, 100, 0);
    public FlowTimeouts EmergencyOther { get; init; } = new(10, 100, 0);

    /// <summary>How much of the memory must be free again before flows are given their usual time.</summary>
    public int EmergencyRecoveryPercent { get; init; } = 30;
    public bool VlanInKey { get; init; } = true;
    public ExceptionPolicy MemcapPolicy { get; init; }
    public int BypassedSeconds { get; init; } = 100;
}

internal readonly record struct FlowTimeouts(int New, int Established, int Closed);

internal sealed class FlowCounters
{
    public long Total, Tcp, Udp, Icmpv4, Icmpv6, Active, MemcapHits, Evicted, EndTimeout, EndForced, EndReused, EndShutdown, EndClosed, EndNew, EndEstablished, MemoryUse, Sweeps, EmergencyEntered, EmergencyOver;

    /// <summary>Flows that ended, by the state their TCP session was in.</summary>
    public readonly long[] EndTcpStates = new long[(int)TcpState.Closed + 1];
}

/// <summary>All flows of one worker, by address pair, ports, protocol and VLAN, whichever side sends.</summary>
internal sealed partial class FlowTable(FlowOptions options, FlowCounters counters, IFlowObserver observer)
{
    private const long FlowCost = 512;
    private readonly Flow?[] _buckets = new Flow?[options.Buckets];
    private readonly Pool<Flow> _spare = new(16384);
    private readonly uint _mask = (uint)options.Buckets - 1;
    private int _count;
    private long _sequence;

    public int Count => _count;

    /// <summary>Was the last packet left without a flow because no memory was left?</summary>
    public bool Refused { get; private set; }

    /// <summary>New limits and times; the table keeps its size.</summary>
    public void Use(FlowOptions fresh) => options = fresh with { Buckets = options.Buckets };

    /// <summary>Finds or makes the flow of a packet and counts the packet; null for packets that have none, or when no memory is left.</summary>
    public Flow? Take(Packet p)
    {
        Refused = false;
        if (p.IpVersion == 0 || p.Is(PacketMarks.Fragment | PacketMarks.Invalid)) return null;
        // only these have conversations; the rest of IP is inspected packet by packet
        if (!(p.HasIcmp || p.HasPorts || p.Protocol == 50 || p.Protocol == 41 && p.IpVersion == 4)) return null;
        IpAddress source = p.Source_, destination = p.Destination;
        ushort sourcePort = p.SourcePort, destinationPort = p.DestinationPort;
        byte protocol = p.Protocol;
        bool embedded = false;
        if (p.HasIcmp)
        {
            if (p.IpVersion == 4 && p.IcmpType is 3 or 4 or 5 or 11 or 12)
            {
                // an error has no conversation of its own
                if (!TellsOfAnother(p) || !TryEmbedded(p, out source, out destination, out protocol, out sourcePort, out destinationPort)) return null;
                embedded = true;
            }
            else
            {
                sourcePort = p.IcmpType;
                destinationPort = Counterpart(p.IpVersion, p.IcmpType);
            }
        }
        else if (!p.HasPorts && protocol is not (6 or 17 or 132))
        {
            sourcePort = destinationPort = 0;
            if (protocol == 50 && p.TransportLength >= 4)
            {
                // each security association is a flow of its own (RFC 4303 section 2.1)
                ReadOnlySpan<byte> index = p.Data.AsSpan(p.TransportOffset, 4);
                sourcePort = (ushort)(index[0] << 8 | index[1]);
                destinationPort = (ushort)(index[2] << 8 | index[3]);
            }
        }
        uint hash = HashOf(source, destination, sourcePort, destinationPort, protocol);
        ref Flow? head = ref _buckets[hash & _mask];
        Flow? before = null;
        for (Flow? flow = head; flow != null; before = flow, flow = flow.Next)
        {
            if (flow.Hash != hash || flow.Protocol != protocol) continue;
            bool forward = flow.Client == source && flow.Server == destination && flow.ClientPort == sourcePort && flow.ServerPort == destinationPort;
            bool backward = !forward && flow.Client == destination && flow.Server == source
                && (flow.ClientPort == destinationPort && flow.ServerPort == sourcePort);
            if (!forward && !backward) continue;
            if (options.VlanInKey && (flow.Vlan0 != p.Vlan0 || flow.Vlan1 != p.Vlan1)) continue;
            if (embedded)
            {
                // an error about the flow comes from the far side, whatever its own addresses say
                forward = !forward;
            }
            bool expired = Expired(flow, p.Time);
            bool reuse = !expired && protocol == 6 && !embedded && (p.TcpFlags & 0x12) == 0x02 && (flow.Tcp == null || flow.Tcp.CanBeReusedBy(p.Sequence, forward));
            if (expired || reuse)
            {
                End(flow, expired ? FlowEnd.Timeout : FlowEnd.Reused);
                if (before == null) head = flow.Next;
                else before.Next = flow.Next;
                Recycle(flow);
                break;
            }
            if (before != null)
            {
                before.Next = flow.Next;
                flow.Next = head;
                head = flow;
            }
            Tally(flow, p, forward);
            return flow;
        }
        if (embedded) return null;
        if (_count * FlowCost >= options.Memcap && !EvictSome())
        {
            counters.MemcapHits++;
            Refused = true;
            return null;
        }
        Flow made = _spare.Take();
        made.Hash = hash;
        made.Client = source;
        made.Server = destination;
        made.ClientPort = sourcePort;
        made.ServerPort = destinationPort;
        made.Protocol = protocol;
        made.IpVersion = p.IpVersion;
        made.IcmpCode = p.IcmpCode;
        made.Vlan0 = p.Vlan0;
        made.Vlan1 = p.Vlan1;
        made.Vlan2 = p.Vlan2;
        made.VlanCount = p.VlanCount;
        made.StartTime = made.LastTime = p.Time; // the memory is another flow's
        made.MinTtlToServer = made.MaxTtlToServer = p.Ttl;
        made.MinTtlToClient = made.MaxTtlToClient = 0;
        made.Id = (long)((((ulong)hash << 20) ^ (ulong)(++_sequence * 0x9e3779b9L) ^ (ulong)p.Time) & 0x7ffff_ffffffff);
        ref Flow? place = ref _buckets[hash & _mask];
        made.Next = place;
        place = made;
        _count++;
        counters.Total++;
        counters.Active = _count;
        counters.MemoryUse = _count * FlowCost;
        if (protocol == 6) counters.Tcp++;
        else if (protocol == 17) counters.Udp++;
        else if (protocol == 1) counters.Icmpv4++;
        else if (protocol == 58) counters.Icmpv6++;
        Tally(made, p, true);
        return made;
    }

    private static void Tally(Flow flow, Packet p, bool forward)
    {
        p.Flow = flow;
        p.ToServer = forward;
        if (p.Time > flow.LastTime) flow.LastTime = p.Time; // captures may step back in time
        if (forward)
        {
            if (flow.PacketsToServer == 0) p.Marks |= PacketMarks.FirstOfDirection;
            flow.PacketsToServer++;
            flow.BytesToServer += p.Length;
            if (p.Ttl < flow.MinTtlToServer) flow.MinTtlToServer = p.Ttl;
            if (p.Ttl > flow.MaxTtlToServer) flow.MaxTtlToServer = p.Ttl;
        }
        else
        {
            if (flow.PacketsToClient == 0)
            {
                p.Marks |= PacketMarks.FirstOfDirection;
                flow.MinTtlToClient = flow.MaxTtlToClient = p.Ttl;
            }
            flow.PacketsToClient++;
            flow.BytesToClient += p.Length;
            // an error about the flow is no word of its other side
            if (p.Protocol == flow.Protocol) flow.SeenToClient = true;
            if (p.Ttl < flow.MinTtlToClient) flow.MinTtlToClient = p.Ttl;
            if (p.Ttl > flow.MaxTtlToClient) flow.MaxTtlToClient = p.Ttl;
            if (p.HasIcmp && !flow.HasIcmpAnswer && flow.Protocol == p.Protocol)
            {
                flow.HasIcmpAnswer = true;
                flow.AnswerIcmpType = p.IcmpType;
                flow.AnswerIcmpCode = p.IcmpCode;
            }
        }
        if (flow.Protocol != 6 && flow.State == FlowState.New && p.Protocol == flow.Protocol && flow.PacketsToServer > 0 && flow.SeenToClient) flow.State = FlowState.Established;
        // a TCP conversation is established for the packet that follows its handshake; any other once both sides have been seen
        if (flow.Protocol == 6 && p.Protocol == 6 ? flow.Tcp is { State: >= TcpState.Established } : flow.PacketsToServer > 0 && flow.SeenToClient) p.Marks |= PacketMarks.Established;
    }

    /// <summary>Is it an ICMP error that carries the head of a packet it is about?</summary>
    internal static bool TellsOfAnother(Packet p) => p.EmbeddedIpOffset >= 0 && p.IpVersion == 4 && p.IcmpType == 3;

    /// <summary>The conversation that an ICMP error is about.</summary>
    internal static bool TryEmbedded(Packet p, out IpAddress source, out IpAddress destination, out byte protocol, out ushort sourcePort, out ushort destinationPort)
    {
        ReadOnlySpan<byte> inner = p.Data.AsSpan(p.EmbeddedIpOffset, p.TransportOffset + p.TransportLength - p.EmbeddedIpOffset);
        source = destination = default;
        protocol = 0;
        sourcePort = destinationPort = 0;
        int header;
        if (p.IpVersion == 4)
        {
            header = (inner[0] & 15) * 4;
            if (header < 20 || inner.Length < header + 8) return false;
            protocol = inner[9];
            source = IpAddress.ReadV4(inner[12..]);
            destination = IpAddress.ReadV4(inner[16..]);
        }
        else
        {
            header = 40;
            if (inner.Length < 48) return false;
            protocol = inner[6];
            source = IpAddress.ReadV6(inner[8..]);
            destination = IpAddress.ReadV6(inner[24..]);
        }
        if (protocol is not (6 or 17)) return false;
        sourcePort = (ushort)(inner[header] << 8 | inner[header + 1]);
        destinationPort = (ushort)(inner[header + 2] << 8 | inner[header + 3]);
        return true;
    }

    public static ushort Counterpart(int version, byte type) => (ushort)(version == 4
        ? type switch { 8 => 0, 0 => 8, 13 => 14, 14 => 13, 15 => 16, 16 => 15, 17 => 18, 18 => 17, 10 => 9, 9 => 10, _ => type }
        : type switch { 128 => 129, 129 => 128, 133 => 134, 134 => 133, 135 => 136, 136 => 135, 144 => 145, 145 => 144, 130 => 131, 131 => 130, 139 => 140, 140 => 139, _ => type });

    /// <summary>The hash that a packet's flow goes by, whichever side sent it; for fragments that of its pair of addresses alone.</summary>
    public static uint HashFor(Packet p)
    {
        if (p.Is(PacketMarks.Fragment)) return HashOf(p.Source_, p.Destination, 0, 0, 0);
        return p.HasIcmp ? HashOf(p.Source_, p.Destination, p.IcmpType, Counterpart(p.IpVersion, p.IcmpType), p.Protocol)
            : p.HasPorts ? HashOf(p.Source_, p.Destination, p.SourcePort, p.DestinationPort, p.Protocol)
            : HashOf(p.Source_, p.Destination, 0, 0, p.Protocol);
    }

    /// <summary>The same for both directions.</summary>
    internal static uint HashOf(IpAddress a, IpAddress b, ushort pa, ushort pb, byte protocol)
    {
        // the sum of both ends is the same whichever side sends
        ulong x = Mix(a.High * 0x9e3779b97f4a7c15 ^ a.Low ^ (ulong)pa << 47) + Mix(b.High * 0x9e3779b97f4a7c15 ^ b.Low ^ (ulong)pb << 47) + protocol;
        return (uint)(Mix(x) >> 16);
    }

    private static ulong Mix(ulong x)
    {
        x ^= x >> 30;
        x *= 0xbf58476d1ce4e5b9;
        x ^= x >> 27;
        x *= 0x94d049bb133111eb;
        return x ^ x >> 31;
    }
}
