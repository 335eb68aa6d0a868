using System.Text;
using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules;

internal enum RuleAction : byte { Pass, Drop, Reject, RejectDestination, RejectBoth, Alert, Config }

/// <summary>What a rule looks at, which decides how often it is asked and how far its action reaches.</summary>
internal enum RuleKind : byte { AddressOnly, LikeAddressOnly, ProtocolDetection, DecodeEvent, Packet, PacketAndStream, Stream, Application, Transaction }

internal enum HeaderProtocol : byte { Ip, Tcp, TcpPacket, TcpStream, Udp, Icmp, Sctp, Application, Ipv4, Ipv6, Other }

[Flags]
internal enum FlowWish : ushort
{
    None = 0, Established = 1, NotEstablished = 2, ToServer = 4, ToClient = 8, Stateless = 16, OnlyStream = 32, NoStream = 64, OnlyFragment = 128, NoFragment = 256,
}

/// <summary>A rule as written, checked and typed; it knows nothing of a running engine.</summary>
internal sealed class Rule
{
    public int Index;                // place in the rule set's order of evaluation
    public required string File;
    public required int Line;

    /// <summary>The rule as written; made anew at each call, as few ever ask.</summary>
    public required string Text { get => Encoding.UTF8.GetString(_text); init => _text = Encoding.UTF8.GetBytes(value); }
    private readonly byte[] _text = [];

    /// <summary>The same in UTF-8.</summary>
    public ReadOnlySpan<byte> TextBytes => _text;

    /// <summary>What it means hangs on more than its text and the configuration: files, sets, libraries that are there or not.</summary>
    public bool LooksOutside;

    public RuleAction Action;
    public HeaderProtocol Protocol;
    public int ProtocolNumber;
    public AppProto Application;
    public AddressSet Source = AddressSet.Any;
    public AddressSet Destination = AddressSet.Any;
    public PortSet SourcePorts = PortSet.Any;
    public PortSet DestinationPorts = PortSet.Any;
    public bool Bidirectional;
    public uint Sid;
    public uint Gid = 1;
    public uint Rev;
    public byte[] Message = [];
    public string? ClassName;
    public byte[] Category = [];
    public int Priority = 3;
    public bool PriorityGiven;
    public List<(string Key, string Value)> Metadata = [];
    public List<string> References = [];
    public string? Target;
    public FlowWish Flow;
    public bool NoAlert;
    public bool AlertsToo;               // a pass rule that is to be reported
    public List<PacketTest> PacketTests = [];
    public List<VariableStep> Before = [];   // tests of flow bits and counters
    public List<VariableStep> After = [];    // what a match sets
    public List<Part> Parts = [];
    public Threshold? Threshold;
    public Threshold? SecondThreshold;       // a rule may have two, and both count
    public List<string> AppEvents = [];
    public List<TransactionTest> Tests = [];
    public AppProto FrameProtocol;           // looks at frames of this protocol, and at nothing else
    public Keywords.FileTests? Files;
    public bool Bypasses;
    public bool SilencesRecord, SilencesFlow;  // config: no record of the exchange, or of the flow
    public TagWish? Tag;
    public int VariableCount;                // byte_extract and byte_math results

    // set when compiled
    public RuleKind Kind;
    public bool WantsToServer, WantsToClient;
    public bool NeedsPacketPayload, NeedsStream, AddressOnly;
    public Part? FastPart;
    public Term? FastTerm;

    /// <summary>Looks at an exchange without naming a buffer of it: files, protocol states.</summary>
    public bool UsesTransaction => Tests.Count > 0;

    /// <summary>Looks at exchanges, not at packets alone; set when the rule is complete.</summary>
    public bool UsesApplication;
    /// <summary>Nothing is added any more: lists shrink to what they hold, and those that hold nothing are one.</summary>
    public void Settle()
    {
        Shrink(ref Metadata);
        Shrink(ref References);
        Shrink(ref PacketTests);
        Shrink(ref Before);
        Shrink(ref After);
        Shrink(ref AppEvents);
        Shrink(ref Tests);
        Parts.TrimExcess();
        foreach (Part part in Parts)
        {
            Shrink(ref part.Transforms);
            Shrink(ref part.Terms);
        }
    }

    private static void Shrink<T>(ref List<T> list)
    {
        if (list.Count == 0) list = NoList<T>.One;
        else list.TrimExcess();
    }

    private static class NoList<T>
    {
        public static readonly List<T> One = new(0);
    }

    public Part? PayloadPart => Parts.Find(p => p.Buffer == BufferId.Payload);
}

/// <summary>The terms on one buffer, in the order they are written.</summary>
internal sealed class Part
{
    public required BufferId Buffer;
    public AppLayer.Frames.FrameType Frame;  // which, when the buffer is a frame
    public List<Transform> Transforms = [];
    public List<Term> Terms = [];
    public Term[] Compiled = [];
    public int Number;               // bit in the inspection state
    public AppTest? Test;            // asked instead of the terms
    public bool SameBufferAs(BufferId id, List<Transform> transforms) => Test == null && Buffer == id && Transforms.SequenceEqual(transforms);
}

internal enum TransformKind : byte { Regex, DotPrefix, StripWhitespace, CompressWhitespace, ToLower, ToUpper, ToMd5, ToSha1, ToSha256, UrlDecode, Xor, HeaderLowercase, StripPseudoHeaders }

internal sealed record Transform(TransformKind Kind, string Argument = "")
{
    /// <summary>The compiled expression of pcrexform.</summary>
    public IntPtr Code { get; init; }
}

internal enum TermKind : byte { Dataset, Asn1, Content, Pcre, IsDataAt, ByteTest, ByteJump, ByteExtract, ByteMath, BSize, Number, Base64Decode, Base64Data, Ignored, RequestMissing }

/// <summary>One thing to check on a buffer. Which fields count depends on the kind.</summary>
internal sealed class Term
{
    public TermKind Kind;
    public bool Negated;
    public bool Relative;

    // content
    public byte[] Pattern = [];
    public bool NoCase;
    public int Offset;
    public int Depth;                // 0: none
    public int Distance;
    public int Within;               // 0: none
    public bool HasDistance, HasWithin, HasOffset, HasDepth, EndsWith, StartsWith, FastPattern, FastOnly;
    public int FastOffset, FastLength;
    public int OffsetVariable = -1, DepthVariable = -1, DistanceVariable = -1, WithinVariable = -1;
    public bool NextIsRelative;

    // pcre
    public string Expression = "";
    public uint PcreOptions;
    public IntPtr Code;
    public bool Ready;               // compiled to machine code

    public List<CapturedGroup>? Captures;

    // dataset and datarep
    public Dataset? Set;
    public DatasetAct SetAct;
    public Keywords.Asn1Wish? Asn1;

    // numbers: isdataat, byte_*, bsize, urilen
    public long Value;
    public long Value2;
    public int ValueVariable = -1;
    public Comparison Compare;
    public NumberId What;
    public int Count;
    public int Position;
    public int PositionVariable = -1;
    public bool LittleEndian, Text, BitMask, FromBeginning, FromEnd, Align, Dce, RawBytes;
    public int Base = 10;
    public uint Multiplier = 1;
    public int PostOffset;
    public uint Mask;
    public int Variable = -1;
    public char Operator;
    public int CountVariable = -1;
}

/// <summary>A group of an expression that is kept under a name, for the flow or for the packet.</summary>
internal readonly record struct CapturedGroup(int Group, bool ForFlow, int Name);

internal enum Comparison : byte { Equal, NotEqual, Less, Greater, LessOrEqual, GreaterOrEqual, Range, And, Or, Xor, None }

internal enum PacketTestKind : byte
{
    TcpFlags, IcmpType, IcmpCode, IcmpId, IcmpSequence, DataSize, Ttl, Id, IpProtocol, FragmentBits, FragmentOffset, Sequence, Acknowledgement, Window, SameIp, IpOptions, Tos, StreamSize,
    DecodeEvent, AppProtocol, Mss, GeoIp, FlowAge, FlowPackets, FlowBytes, StreamEvent, AppEvent, IcmpMtu, Vlan, TcpWindowScale, Reputation, Checksum, Layer3, Rpc, FlowText, PacketText, Never,
}

internal sealed class PacketTest
{
    public PacketTestKind Kind;
    public Comparison Compare;
    public long Value;
    public long Value2;
    public bool Negated;
    public int Extra;
    public string Name = "";
    public byte[] Bytes = [];
    public bool ToServer;
}

internal enum VariableScope : byte { Flow, Source, Destination, Pair, FlowInt }

internal enum VariableAct : byte { Set, Unset, Toggle, IsSet, IsNotSet, Add, Subtract, SetValue, Compare, IsNotSetInt, IsSetInt }

internal sealed class VariableStep
{
    public VariableScope Scope;
    public VariableAct Act;
    public int Name;
    public int[]? AnyOf;
    public Comparison Compare;
    public uint Value;
    public int ValueName = -1;
    public int ExpireSeconds;
}

/// <summary>The keyword tag: packets that follow an alert are recorded too.</summary>
internal sealed record TagWish(bool Host, bool Source, TagMetric Metric, uint Count);

internal enum TagMetric : byte { Packets, Seconds, Bytes }

internal enum ThresholdKind : byte { Limit, Threshold, Both, Detection, Rate, Suppress, Backoff }

internal enum ThresholdTrack : byte { BySource, ByDestination, ByRule, ByBoth, ByFlow, ByEither }

internal sealed record Threshold(ThresholdKind Kind, ThresholdTrack Track, int Count, int Seconds)
{
    public RuleAction NewAction { get; init; } = RuleAction.Alert;
    public int Timeout { get; init; }
    public AddressSet? Addresses { get; init; }
}

/// <summary>Why a rule was left out.</summary>
public sealed record RuleFault(string File, int Line, uint Sid, string Keyword, string Reason);
