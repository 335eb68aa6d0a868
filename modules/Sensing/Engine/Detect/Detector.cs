using System.Diagnostics;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Groups;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Detect.Thresholds;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Detect;

internal struct Alert
{
    public Rule Rule;
    public Transaction? Transaction;
    public bool FromStream;
    /// <summary>The frame in which the rule matched, if it looks at frames.</summary>
    public AppLayer.Frames.AppFrame Frame;
    /// <summary>The rule's own action, or what a rate filter has put in its place.</summary>
    public PacketAction Action;
    public bool Filtered;
}

internal interface IAlertReceiver
{
    void Raised(Packet p, Flow.Flow? flow, ReadOnlySpan<Alert> alerts);

    /// <summary>A packet that an alert's tag asks to be recorded.</summary>
    void Tagged(Packet p, Flow.Flow? flow);
}

internal sealed class DetectCounters
{
    public long Alerts, AlertsSuppressed, AlertQueueOverflow, Candidates, Evaluations;
}

/// <summary>Runs the rules over one packet and over what its flow has to offer. One per worker.</summary>
internal sealed partial class Detector : IDisposable
{
    private const int MaxAlertsPerPacket = 15;
    private readonly IAlertReceiver _receiver;
    private readonly DetectCounters _counters;
    private readonly Reassembly _reassembly;
    private readonly SearchScratch _scratch = new();
    private readonly ContentInspector _inspector = new();
    private readonly Transformer _transformer = new();
    private readonly ThresholdTable _thresholds;
    private readonly HostBits _hostBits;
    private readonly Tags _tags;
    private readonly ITurns? _turns;
    private SuppressionList _suppressions;
    private RuleSet _rules;
    private uint _stamp = 1;
    private uint[] _marked = [];
    private int[] _candidates = new int[256];
    private int _candidateCount;
    private int[] _deferred = new int[64];
    private int _deferredCount;
    private Alert[] _alerts = new Alert[64];
    private int _alertCount;
    private AddressIndex _addresses;
    private int _sourceClass, _destinationClass;
    private bool _hasStream;
    private bool _fromStream;        // did the rule at hand match in the stream?
    private long _streamOffset;
    private RuleCosts? _costs;
    private uint _inspected;
    private bool _timed;             // is the packet at hand one of those whose rules are timed?
    private byte[] _chunk = [];
    private int _chunkStart, _chunkLength;

    public Detector(RuleSet rules, Reassembly reassembly, IAlertReceiver receiver, DetectCounters counters, SuppressionList suppressions, HostMemory? memory = null, ITurns? turns = null)
    {
        memory ??= new HostMemory();
        _thresholds = memory.Thresholds;
        _hostBits = memory.Bits;
        _tags = new Tags(memory.Tagged);
        _turns = turns;
        _inspector.Turns = turns;
        _receiver = receiver;
        _counters = counters;
        _reassembly = reassembly;
        _suppressions = suppressions;
        _rules = rules;
        _addresses = rules.Addresses;
        Use(rules);
    }

    public int MaxAlerts { get; init; } = MaxAlertsPerPacket;

    public bool Simulate { get; init; }

    /// <summary>Are rules timed?</summary>
    public bool MeasuresCosts
    {
        get;
        init
        {
            field = value;
            _costs = value ? new RuleCosts(_rules) : null;
        }
    }

    /// <summary>What the rules in force have cost so far; null where they are not timed.</summary>
    public RuleCosts? Costs => Volatile.Read(ref _costs);

    /// <summary>Takes a new rule set, and with it the suppressions that speak of its rules, between two packets.</summary>
    public void Use(RuleSet rules, SuppressionList suppressions)
    {
        _suppressions = suppressions;
        Use(rules);
    }

    private void Use(RuleSet rules)
    {
        _rules = rules;
        rules.Prepare(_scratch);
        _marked = new uint[rules.Rules.Length];
        _addresses = rules.Addresses;
        _stamp = 1;
        Volatile.Write(ref _costs, MeasuresCosts ? new RuleCosts(rules) : null);
    }

    /// <param name="p">What has come, or what stands for it.</param>
    /// <param name="flow">Its flow, if it has one.</param>
    /// <param name="rawOnly">Leaves the flow's exchanges for the next packet.</param>
    public void Inspect(Packet p, Flow.Flow? flow, bool rawOnly = false)
    {
        if (_rules.Rules.Length == 0 || p.IpVersion == 0 && p.EventCount == 0) return;
        if (flow is { Passed: true } or { Dropped: true })
        {
            if (flow.Tcp != null) SkipRaw(p, flow);
            return;
        }
        _timed = _costs != null && (++_inspected & RuleCosts.EveryNth - 1) == 0;
        if (_timed) _costs!.Packet();
        Classify(p, flow);
        _alertCount = 0;
        _deferredCount = 0;
        _candidateCount = 0;
        NextStamp();
        int direction = flow == null || p.ToServer ? 0 : 1;
        if (flow == null || !(p.ToServer ? flow.DetectionDoneToServer : flow.DetectionDoneToClient))
        {
            if (flow != null)
            {
                if (p.ToServer) flow.DetectionDoneToServer = true;
                else flow.DetectionDoneToClient = true;
            }
            AddressRules(p, flow);
        }
        PacketClass kind = p.Protocol switch { 6 => PacketClass.Tcp, 17 => PacketClass.Udp, 1 or 58 => PacketClass.Icmp, _ => PacketClass.Other };
        _hasStream = false;
        TcpStream? stream = null;
        uint through = 0;
        if (flow?.Tcp is { } session)
        {
            stream = p.ToServer ? session.Client : session.Server;
            ReadOnlySpan<byte> chunk = _reassembly.TakeRaw(session, stream, p.ToServer, p.Source == PacketSource.StreamEnd, out _streamOffset, out through);
            if (!chunk.IsEmpty)
            {
                _hasStream = true;
                _chunk = stream.Bytes.Array;
                _chunkStart = stream.Bytes.Start + (int)(stream.Isn + 1 + (uint)_streamOffset - stream.Base);
                _chunkLength = chunk.Length;
                Search(_rules.Stream[direction], chunk, _streamOffset, p);
            }
        }
        if (p.PayloadLength > 0 && !p.Is(PacketMarks.NoPayloadInspection))
        {
            Search(_rules.Packet[(int)kind, direction], p.Payload, 0, p);
            if (kind == PacketClass.Tcp && !p.Is(PacketMarks.StreamAdded)) Search(_rules.Stream[direction], p.Payload, 0, p);
        }
        PlainCandidates(_rules.Plain[(int)kind, direction], p, flow);
        if (flow == null) PlainCandidates(_rules.Plain[(int)kind, 1], p, flow);
        SortCandidates();
        for (int i = 0; i < _candidateCount; i++)
        {
            long started = _timed ? Stopwatch.GetTimestamp() : 0;
            EvaluateOnPacket(_rules.Rules[_candidates[i]], p, flow);
            if (_timed) _costs!.Add(_candidates[i], started);
        }
        if (_rules.Frames != null && flow?.App.Frames is { } frames) InspectFrames(p, flow, frames, direction);
        if (!rawOnly && flow != null && flow.App.Transactions.Count > 0) InspectTransactions(p, flow, direction);
        if (_alertCount > 0) Flush(p, flow);
        // alerts show the stream's bytes, so these are let go last
        if (_hasStream && stream != null) _reassembly.RawInspected(stream, through, p.Source == PacketSource.StreamEnd);
        if (_rules.HasHostTags) _turns?.Await();
        if (_rules.HasTags && p.Source < PacketSource.StreamEnd && _tags.Wants(p, flow)) _receiver.Tagged(p, flow);
    }

    private void SkipRaw(Packet p, Flow.Flow flow)
    {
        TcpStream stream = p.ToServer ? flow.Tcp!.Client : flow.Tcp!.Server;
        if (!_reassembly.TakeRaw(flow.Tcp, stream, p.ToServer, true, out _, out uint through).IsEmpty) _reassembly.RawInspected(stream, through);
    }

    private void NextStamp()
    {
        if (++_stamp != 0) return;
        Array.Clear(_marked);
        _stamp = 1;
    }

    /// <param name="group">What to look for.</param>
    /// <param name="bytes">Payload, or a piece of the stream.</param>
    /// <param name="offset">Where the piece begins in its stream.</param>
    /// <param name="p">Whose ports count.</param>
    private void Search(PatternGroup group, ReadOnlySpan<byte> bytes, long offset, Packet p)
    {
        if (group.Far != null) Search(group.Far, bytes);
        if (group.Expressions != null) Search(group.Expressions, bytes);
        if (group.Near != null && offset < PatternGroup.NearBytes) Search(group.Near, bytes[..(int)Math.Min(bytes.Length, PatternGroup.NearBytes - offset)]);
        if (!p.HasPorts) return;
        if (group.BySourcePort != null)
            foreach (BufferEngine engine in group.BySourcePort[p.SourcePort]) Search(engine, bytes);
        if (group.ByDestinationPort != null)
            foreach (BufferEngine engine in group.ByDestinationPort[p.DestinationPort]) Search(engine, bytes);
    }

    private void Search(BufferEngine engine, ReadOnlySpan<byte> bytes)
    {
        engine.Matcher!.Search(bytes, _scratch);
        foreach (uint pattern in _scratch.Found)
            foreach (int rule in engine.RulesOf[pattern]) Candidate(rule);
    }

    private void Candidate(int rule)
    {
        if (_marked[rule] == _stamp) return;
        _marked[rule] = _stamp;
        if (_candidateCount == _candidates.Length) Array.Resize(ref _candidates, _candidateCount * 2);
        _candidates[_candidateCount++] = rule;
    }

    private void SortCandidates()
    {
        if (_candidateCount > 1) _candidates.AsSpan(0, _candidateCount).Sort();
        _counters.Candidates += _candidateCount;
    }

    /// <summary>Finds the classes of the packet's two addresses, in its flow's memory where there is one.</summary>
    private void Classify(Packet p, Flow.Flow? flow)
    {
        // an ICMP error in a flow comes from somewhere else than the flow's two ends
        if (flow == null || p.HasIcmp)
        {
            _sourceClass = _addresses.ClassOf(p.Source_);
            _destinationClass = _addresses.ClassOf(p.Destination);
            return;
        }
        if (flow.ClassedBy != _addresses)
        {
            flow.ClientClass = _addresses.ClassOf(flow.Client);
            flow.ServerClass = _addresses.ClassOf(flow.Server);
            flow.ClassedBy = _addresses;
        }
        (_sourceClass, _destinationClass) = p.ToServer ? (flow.ClientClass, flow.ServerClass) : (flow.ServerClass, flow.ClientClass);
    }

    private void PlainCandidates(PlainRules plain, Packet p, Flow.Flow? flow)
    {
        PlainCandidates(plain.Always, p, flow);
        if (plain.BySource != null)
            foreach (int set in _addresses.SetsOf(_sourceClass)) PlainCandidates(plain.BySource[set], p, flow);
        if (plain.ByDestination != null)
            foreach (int set in _addresses.SetsOf(_destinationClass)) PlainCandidates(plain.ByDestination[set], p, flow);
        if (!p.HasPorts) return;
        if (plain.BySourcePort != null) PlainCandidates(plain.BySourcePort[p.SourcePort], p, flow);
        if (plain.ByDestinationPort != null) PlainCandidates(plain.ByDestinationPort[p.DestinationPort], p, flow);
    }

    private void PlainCandidates(ReadOnlySpan<int> rules, Packet p, Flow.Flow? flow)
    {
        foreach (int rule in rules)
        {
            Rule one = _rules.Rules[rule];
            if (!HasBytesFor(one, p)) continue;
            // many ask for a SYN: one look at the flags spares them the rest
            List<PacketTest> tests = one.PacketTests;
            if (tests.Count == 0 || TestFits(tests[0], p, flow)) Candidate(rule);
        }
    }

    /// <summary>Is there anything that the rule's payload terms may look at?</summary>
    private bool HasBytesFor(Rule rule, Packet p)
    {
        if (!rule.NeedsPacketPayload && !rule.NeedsStream || rule.NeedsStream && _hasStream) return true;
        if (p.PayloadLength == 0 || p.Is(PacketMarks.NoPayloadInspection)) return false;
        return rule.NeedsPacketPayload || p.Protocol != 6 || !p.Is(PacketMarks.StreamAdded);
    }

    private void AddressRules(Packet p, Flow.Flow? flow)
    {
        PlainCandidates(_rules.AddressOnly, p, flow);
        SortCandidates();
        for (int i = 0; i < _candidateCount; i++)
        {
            Rule rule = _rules.Rules[_candidates[i]];
            if (HeaderFits(rule, p, flow) && PacketTestsFit(rule, p, flow)) Match(rule, p, flow, null, false);
        }
        _candidateCount = 0;
    }

    private void EvaluateOnPacket(Rule rule, Packet p, Flow.Flow? flow)
    {
        // the end of a stream is no packet of its own
        if (p.Source >= PacketSource.StreamEnd && rule.Kind is (RuleKind.Packet or RuleKind.AddressOnly or RuleKind.LikeAddressOnly)) return;
        if (!HeaderFits(rule, p, flow) || rule.Protocol == HeaderProtocol.Application && flow != null && PicksUp(p, flow)) return;
        _counters.Evaluations++;
        if (rule.UsesApplication)
        {
            // payload and application buffers together: settled with the transactions
            if (_deferredCount == _deferred.Length) Array.Resize(ref _deferred, _deferredCount * 2);
            _deferred[_deferredCount++] = rule.Index;
            return;
        }
        if (!PacketTestsFit(rule, p, flow) || !FlowStepsHold(rule, flow)) return;
        _fromStream = false;
        _inspector.Captured.Clear();
        foreach (Part part in rule.Parts)
            if (!(part.Buffer == BufferId.Payload ? PayloadFits(rule, part, p) : PacketBufferFits(part, p))) return;
        if (!HostStepsHold(rule, p)) return;
        Match(rule, p, flow, null, _fromStream);
    }

    private bool PayloadFits(Rule rule, Part part, Packet p)
    {
        _inspector.Transaction = null;
        _inspector.AtEnd = true;
        if (rule.NeedsStream && _hasStream)
        {
            _inspector.StreamOffset = _streamOffset;
            bool fits = _inspector.Matches(part.Compiled, _chunk.AsSpan(_chunkStart, _chunkLength));
            _inspector.StreamOffset = 0;
            _fromStream |= fits;
            if (fits) return true;
        }
        _inspector.StreamOffset = 0;
        if (p.PayloadLength == 0 || p.Is(PacketMarks.NoPayloadInspection)) return false;
        if (rule.NeedsPacketPayload || p.Protocol != 6 || !p.Is(PacketMarks.StreamAdded)) return _inspector.Matches(part.Compiled, p.Payload);
        return false;
    }

    private bool PacketBufferFits(Part part, Packet p)
    {
        ReadOnlySpan<byte> bytes;
        switch (part.Buffer)
        {
            case BufferId.IpSource when p.IpVersion != 0:
                bytes = p.Data.AsSpan(p.IpOffset + (p.IpVersion == 4 ? 12 : 8), p.IpVersion == 4 ? 4 : 16);
                break;
            case BufferId.IpDestination when p.IpVersion != 0:
                bytes = p.Data.AsSpan(p.IpOffset + (p.IpVersion == 4 ? 16 : 24), p.IpVersion == 4 ? 4 : 16);
                break;
            case BufferId.IpV4Header when p.IpVersion == 4:
            case BufferId.IpV6Header when p.IpVersion == 6:
                bytes = p.Data.AsSpan(p.IpOffset, p.IpHeaderLength);
                break;
            case BufferId.TcpHeader when p.Protocol == 6 && p.HasPorts:
                bytes = p.Data.AsSpan(p.TransportOffset, p.TcpHeaderLength);
                break;
            case BufferId.UdpHeader when p.Protocol == 17 && p.HasPorts:
                bytes = p.Data.AsSpan(p.TransportOffset, 8);
                break;
            case BufferId.Icmpv4Header when p.Protocol == 1 && p.HasIcmp:
            case BufferId.Icmpv6Header when p.Protocol == 58 && p.HasIcmp:
                bytes = p.Data.AsSpan(p.TransportOffset, Math.Min(8, p.TransportLength));
                break;
            default:
                return false;
        }
        _inspector.AtEnd = true;
        return _inspector.Matches(part.Compiled, _transformer.Apply(part.Transforms, bytes));
    }

    public void Dispose() => _scratch.Dispose();
}
