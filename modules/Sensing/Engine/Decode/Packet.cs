namespace Appliance.Sensing.Engine.Decode;

internal enum PacketSource : byte { Wire, Defragmented, Tunnel, StreamEnd, StreamChange }

[Flags]
internal enum PacketMarks : ushort
{
    None = 0,
    Fragment = 1,
    BadChecksum = 2,
    StreamAdded = 4,
    NoInspection = 8,
    Established = 16,
    NoPayloadInspection = 32,
    Dropped = 64,
    Invalid = 128,
    TunnelRoot = 256,
    Passed = 512,
    FirstOfDirection = 1024,
    Alerted = 2048,
    ChecksumUnread = 4096,

    /// <summary>A fragment that there was no memory for.</summary>
    DefragMemcap = 16384,
}

/// <summary>What rules and policies decided about a packet.</summary>
[Flags]
internal enum PacketAction : byte { None = 0, Alert = 1, Drop = 2, Reject = 4, RejectDestination = 8, RejectBoth = 16, Pass = 32, AnyReject = Reject | RejectDestination | RejectBoth }

/// <summary>Why a packet was dropped; the first reason stays.</summary>
internal enum DropReason : byte
{
    None, DecodeError, DefragError, DefragMemcap, FlowMemcap, FlowDrop, AppLayerError, AppLayerMemcap, Rules, Threshold, StreamError, StreamMemcap, StreamMidstream, StreamReassembly, TunnelPacketDrop,
}

/// <summary>One decoded packet; used again for the next one.</summary>
internal sealed class Packet
{
    public byte[] Data = [];
    public int Offset;               // of the link layer in Data
    public int Length;
    public int WireLength;
    public int LinkType;
    public long Time;
    public long Number;              // pcap_cnt
    public PacketSource Source;
    public PacketMarks Marks;
    public PacketAction Action;
    public DropReason DropReason;
    /// <summary>Place of the rule that dropped it in the rule set; -1: none.</summary>
    public int DropRule = -1;

    public ushort EtherType;
    public int EthernetOffset = -1;
    public ushort Vlan0, Vlan1, Vlan2;
    public byte VlanCount;

    public byte IpVersion;           // 0: no IP
    public int IpOffset;
    public int IpHeaderLength;
    public int IpLength;             // of the whole datagram
    public IpAddress Source_;
    public IpAddress Destination;
    public byte Protocol;
    public byte Ttl;
    public byte Tos;
    public ushort IpId;
    public ushort FragmentOffset;
    public byte FragmentBits;        // M 1, D 2, R 4
    public ulong IpOptions;          // one bit per option kind
    public int RecursionLevel;

    public bool HasPorts;
    public ushort SourcePort;
    public ushort DestinationPort;
    public int TransportOffset;
    public int TransportLength;

    public byte TcpFlags;
    public uint Sequence;
    public uint Acknowledgement;
    public ushort Window;
    public int TcpHeaderLength;
    public short WindowScale;        // -1: absent
    public ushort Mss;
    public bool HasTimestamp;
    public bool SackPermitted;
    public bool FastOpen;
    public bool Signed;              // carries a signature that only the two hosts can check
    public uint TimestampValue;
    public uint TimestampEcho;

    public byte IcmpType;
    public byte IcmpCode;
    public ushort IcmpId;
    public ushort IcmpSequence;
    public bool HasIcmp;
    public int IcmpMtu = -1;         // of a "packet too big"
    public int EmbeddedIpOffset = -1;

    public int PayloadOffset;
    public int PayloadLength;

    public Packet? Outer;
    public byte TunnelKind;

    public ushort[] Events = new ushort[8];
    public int EventCount;

    /// <summary>What expressions have captured for this packet, by name; made when first used.</summary>
    public List<(int Name, byte[] Value)>? Texts;

    public Flow.Flow? Flow;
    public bool ToServer;

    public ReadOnlySpan<byte> Payload => Data.AsSpan(PayloadOffset, PayloadLength);
    public ReadOnlySpan<byte> Frame => Data.AsSpan(Offset, Length);
    public bool Is(PacketMarks mark) => (Marks & mark) != 0;
    public bool IsTcp => Protocol == 6 && HasPorts;

    public void Reset()
    {
        Marks = 0;
        Action = PacketAction.None;
        DropReason = DropReason.None;
        DropRule = -1;
        Source = PacketSource.Wire;
        EtherType = 0;
        EthernetOffset = -1;
        Vlan0 = Vlan1 = Vlan2 = 0;
        VlanCount = 0;
        IpVersion = 0;
        IpOffset = 0;
        IpHeaderLength = 0;
        IpLength = 0;
        Source_ = default;
        Destination = default;
        Protocol = 0;
        IpOptions = 0;
        Ttl = Tos = 0;
        IpId = 0;
        FragmentOffset = 0;
        FragmentBits = 0;
        RecursionLevel = 0;
        HasPorts = false;
        SourcePort = DestinationPort = 0;
        TransportOffset = TransportLength = 0;
        TcpFlags = 0;
        Sequence = Acknowledgement = 0;
        Window = 0;
        TcpHeaderLength = 0;
        WindowScale = -1;
        Mss = 0;
        HasTimestamp = SackPermitted = FastOpen = Signed = false;
        HasIcmp = false;
        IcmpMtu = -1;
        IcmpType = IcmpCode = 0;
        IcmpId = IcmpSequence = 0;
        EmbeddedIpOffset = -1;
        PayloadOffset = PayloadLength = 0;
        Outer = null;
        TunnelKind = 0;
        EventCount = 0;
        Texts?.Clear();
        Flow = null;
        ToServer = true;
    }

    public void AddEvent(DecodeEvent e)
    {
        if (EventCount < Events.Length) Events[EventCount++] = (ushort)e;
    }

    public void Drop(DropReason reason, PacketAction how = PacketAction.Drop)
    {
        Action |= how | PacketAction.Drop;
        if (DropReason == DropReason.None) DropReason = reason;
    }

    /// <summary>Its bytes lie elsewhere now, <paramref name="by"/> places further on in <paramref name="data"/>.</summary>
    public void Move(byte[] data, int by)
    {
        Data = data;
        Offset += by;
        IpOffset += by;
        TransportOffset += by;
        PayloadOffset += by;
        if (EthernetOffset >= 0) EthernetOffset += by;
        if (EmbeddedIpOffset >= 0) EmbeddedIpOffset += by;
    }

    /// <summary>Copies what a packet inside a tunnel, or put together from fragments, takes from its carrier.</summary>
    public void InheritFrom(Packet outer)
    {
        Reset();
        Data = outer.Data;
        Offset = outer.Offset;
        Length = outer.Length;
        WireLength = outer.WireLength;
        LinkType = outer.LinkType;
        Time = outer.Time;
        Number = outer.Number;
        Vlan0 = outer.Vlan0;
        Vlan1 = outer.Vlan1;
        Vlan2 = outer.Vlan2;
        VlanCount = outer.VlanCount;
        EthernetOffset = outer.EthernetOffset;
        EtherType = outer.EtherType;
        RecursionLevel = outer.RecursionLevel;
    }
}
