using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect.Groups;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Rules.Keywords;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>Patterns that are searched together in one buffer, and the rules each stands for.</summary>
internal sealed class BufferEngine(BufferDescriptor buffer, List<Transform> transforms) : IDisposable
{
    private readonly Dictionary<byte[], int> _numbers = new(BytesComparer.Instance), _numbersNoCase = new(BytesComparer.Instance);
    private readonly List<SearchPattern> _patterns = [];
    private readonly List<List<int>> _rules = [];

    public BufferDescriptor Buffer { get; } = buffer;
    public List<Transform> Transforms { get; } = transforms;
    public MultiMatcher? Matcher { get; set; }

    /// <summary>What its compiled form goes by where such are kept.</summary>
    public string? Key { get; set; }

    /// <summary>Its place among the engines of the rule set.</summary>
    public int Number { get; init; }
    public int[][] RulesOf { get; set; } = [];
    public bool IsEmpty => _patterns.Count == 0 && Matcher == null;

    public void Add(Rule rule, Term term)
    {
        byte[] bytes = term.FastLength > 0 ? term.Pattern.AsSpan(term.FastOffset, term.FastLength).ToArray() : term.Pattern;
        if (term.NoCase) bytes = Memory.Bytes.LowerOf(bytes);
        Dictionary<byte[], int> numbers = term.NoCase ? _numbersNoCase : _numbers;
        if (!numbers.TryGetValue(bytes, out int number))
        {
            numbers[bytes] = number = _patterns.Count;
            _patterns.Add(new SearchPattern(bytes, term.NoCase));
            _rules.Add([]);
        }
        if (_rules[number].Count == 0 || _rules[number][^1] != rule.Index) _rules[number].Add(rule.Index);
    }

    /// <summary>An expression of the rule's own; equal ones are rare, so that each stands by itself.</summary>
    public void Add(Rule rule, SearchPattern expression)
    {
        _patterns.Add(expression);
        _rules.Add([rule.Index]);
    }

    public IReadOnlyList<SearchPattern> Patterns => _patterns;

    /// <summary>The compiled form of its patterns; what it was compiled from is let go.</summary>
    public void Take(MultiMatcher matcher)
    {
        Matcher = matcher;
        RulesOf = _rules.Select(r => r.ToArray()).ToArray();
        _numbers.Clear();
        _numbers.TrimExcess();
        _numbersNoCase.Clear();
        _numbersNoCase.TrimExcess();
        _patterns.Clear();
        _patterns.TrimExcess();
        _rules.Clear();
        _rules.TrimExcess();
    }

    public void Dispose() => Matcher?.Dispose();
}

internal enum PacketClass : byte { Tcp, Udp, Icmp, Other }

/// <summary>All rules in force, compiled for searching. Immutable once built; workers share it.</summary>
internal sealed partial class RuleSet : IDisposable
{
    private const int ProtocolCount = (int)AppProto.BittorrentDht + 1;

    public RuleTable Rules { get; }
    public NameTable Names { get; }
    public List<RuleFault> Faults { get; }
    public AddressIndex Addresses { get; }
    public int Loaded => Rules.Length;
    public int Skipped { get; init; }

    /// <summary>Pattern databases that an earlier start had compiled.</summary>
    public int FromCache { get; }

    /// <summary>An earlier start had kept it whole.</summary>
    public bool WasKept => _texts != null;

    /// <summary>Why compiled patterns were not kept, or not read.</summary>
    public string? CacheFault { get; init; }

    /// <summary>Microseconds since 1970.</summary>
    public long LoadedAt { get; } = Clock.Now;

    /// <summary>[packet class, direction: 0 to server, 1 to client]</summary>
    public readonly PatternGroup[,] Packet = new PatternGroup[4, 2];
    public readonly PatternGroup[] Stream = new PatternGroup[2];
    public readonly BufferEngine[][][] App = new BufferEngine[2][][];
    public readonly int[][][] AppRules = new int[2][][];
    public bool HasPass;
    public bool HasTags { get; }
    public bool HasHostTags { get; }
    public DatasetTable Datasets { get; }
    public Reputation Reputation { get; }

    /// <summary>What must be worked out for files because rules ask for it.</summary>
    public FileWishes Files { get; }
    public bool StoresFiles { get; }
    public bool WantsJa3 { get; }
    public bool WantsJa4 { get; }
    public bool WantsHassh { get; }

    private readonly List<BufferEngine> _engines = [];
    private readonly List<(int Class, int Direction, Rule Rule, SearchPattern Pattern)> _expressions = [];   // class -1: the stream
    private readonly bool _native;
    private readonly AddressSet[] _sets;     // by id
    private readonly string? _patterns;      // where the compiled patterns are kept

    public RuleSet(List<Rule> rules, List<RuleFault> faults, NameTable names, bool native, RuleLoadOptions? how = null, bool idle = false)
    {
        Faults = faults;
        Names = names;
        _native = native && Hyperscan.Available;
        Rule[] sorted = Sorted(rules, (how ?? new RuleLoadOptions()).ActionOrder);
        Rules = new RuleTable(sorted);
        HasTags = Rules.Any(r => r.Tag != null);
        HasHostTags = Rules.Any(r => r.Tag is { Host: true });
        Datasets = how?.Datasets ?? new DatasetTable();
        Reputation = how?.Reputation ?? new Reputation();
        bool Asks(FileTestKind kind) => Rules.Any(r => r.Files != null && r.Files.All.Exists(t => t.Kind == kind));
        Files = new FileWishes
        {
            Md5 = Asks(FileTestKind.Md5),
            Sha1 = Asks(FileTestKind.Sha1),
            Sha256 = Asks(FileTestKind.Sha256),
            Magic = Asks(FileTestKind.Magic) || Rules.Any(r => r.Parts.Exists(p => p.Buffer == BufferId.FileMagic)),
        };
        StoresFiles = Rules.Any(r => r.Files is { Stores: true });
        HasPass = Rules.Any(r => r.Action == RuleAction.Pass);
        WantsJa3 = Rules.Any(r => r.Parts.Exists(p => p.Buffer is BufferId.Ja3Hash or BufferId.Ja3String or BufferId.Ja3sHash or BufferId.Ja3sString));
        WantsJa4 = Rules.Any(r => r.Parts.Exists(p => p.Buffer == BufferId.Ja4Hash));
        WantsHassh = Rules.Any(r => r.Parts.Exists(p => p.Buffer is BufferId.SshHassh or BufferId.SshHasshString or BufferId.SshHasshServer or BufferId.SshHasshServerString));
        for (int i = 0; i < sorted.Length; i++) sorted[i].Index = i;
        // the sets that most rules name get the lowest ids
        var sets = Rules.SelectMany(r => new[] { r.Source, r.Destination }).GroupBy(s => s, ReferenceEqualityComparer.Instance)
            .Select(g => (Set: (AddressSet)g.Key!, Uses: g.Count())).OrderByDescending(s => s.Uses).ToArray();
        AddressSet[] byId = sets.Select(s => s.Set).ToArray();
        int[] uses = sets.Select(s => s.Uses).ToArray();
        for (int i = 0; i < byId.Length; i++) byId[i].Id = i;
        var noPattern = new List<int>[4, 2];
        var addressOnly = new List<int>();
        var appNoPattern = new List<int>[2, ProtocolCount];
        var appEngines = new Dictionary<(BufferId, string, int), BufferEngine>();
        var packet = new List<Rule>[4, 2];
        var stream = new List<Rule>[2];
        foreach (Rule rule in Rules) Place(rule, noPattern, addressOnly, appNoPattern, appEngines, packet, stream);
        for (int d = 0; d < 2; d++)
        {
            for (int c = 0; c < 4; c++) Packet[c, d] = new PatternGroup(packet[c, d] ?? [], noPattern[c, d] ??= [], NewEngine);
            Stream[d] = new PatternGroup(stream[d] ?? [], noPattern[(int)PacketClass.Tcp, d], NewEngine);
        }
        foreach (var (c, d, rule, pattern) in _expressions) (c < 0 ? Stream[d] : Packet[c, d]).Add(rule, pattern, NewEngine);
        _expressions.Clear();
        Frames = FrameGroup.Build(sorted, ProtocolCount, NewEngine, out ulong[]? frameWishes);
        FrameWishes = frameWishes;
        AddressOnly = new PlainRules(addressOnly, sorted, byId, uses);
        for (int c = 0; c < 4; c++)
            for (int d = 0; d < 2; d++) Plain[c, d] = new PlainRules(noPattern[c, d].Distinct(), sorted, byId, uses);
        for (int d = 0; d < 2; d++)
        {
            App[d] = new BufferEngine[ProtocolCount][];
            AppRules[d] = new int[ProtocolCount][];
            for (int p = 0; p < ProtocolCount; p++)
            {
                App[d][p] = appEngines.Where(e => e.Key.Item3 == d && e.Value.Buffer.Protocols.Contains((AppProto)p)).Select(e => e.Value).OrderBy(e => e.Buffer.ProgressFor(d == 0)).ToArray();
                AppRules[d][p] = appNoPattern[d, p]?.ToArray() ?? [];
            }
        }
        var cache = new PatternCache(how?.CacheFolder);
        cache.Compile(_engines, native, idle);
        FromCache = cache.Taken;
        CacheFault = cache.Fault;
        _patterns = cache.Name;
        _sets = byId;
        Addresses = new AddressIndex(byId);
    }

    /// <summary>Rules on frames, [direction][protocol][frame type]; null when there are none.</summary>
    public FrameGroup?[]?[][]? Frames { get; }

    /// <summary>The frames that rules ask for, by protocol, one bit a type.</summary>
    public ulong[]? FrameWishes { get; }

    /// <summary>Rules of addresses alone: looked at once per flow and direction.</summary>
    public PlainRules AddressOnly { get; }

    /// <summary>Packet rules that are found without a search, [packet class, direction].</summary>
    public PlainRules[,] Plain { get; } = new PlainRules[4, 2];

    public void Prepare(SearchScratch scratch)
    {
        foreach (BufferEngine engine in _engines) engine.Matcher?.Prepare(scratch);
    }

    public void Dispose()
    {
        foreach (BufferEngine engine in _engines) engine.Dispose();
        _texts?.Dispose();
    }

    /// <summary>By action in the order configured (pass, drop, reject, alert); what sets a flow bit before what asks for it; then by priority, as written.</summary>
    private static Rule[] Sorted(List<Rule> rules, IReadOnlyList<RuleAction> actions)
    {
        Rule[] sorted = [.. rules];
        var keys = new ulong[sorted.Length];
        for (int i = 0; i < sorted.Length; i++)
        {
            Rule rule = sorted[i];
            ulong bits = (ulong)(BitOrder(rule, VariableScope.Flow) << 4 | BitOrder(rule, VariableScope.FlowInt) << 2 | BitOrder(rule, VariableScope.Source));
            keys[i] = (ulong)ActionOrder(rule.Action, actions) << 58 | bits << 52 | (ulong)Math.Clamp(rule.Priority, 0, (1 << 20) - 1) << 32 | (uint)i;
        }
        Array.Sort(keys, sorted);
        return sorted;
    }

    private static int ActionOrder(RuleAction action, IReadOnlyList<RuleAction> order)
    {
        if (action is RuleAction.RejectDestination or RuleAction.RejectBoth) action = RuleAction.Reject;
        for (int i = 0; i < order.Count; i++)
            if (order[i] == action) return i;
        return order.Count;
    }

    private static int BitOrder(Rule rule, VariableScope scope)
    {
        bool Same(VariableStep s) => s.Scope == scope || scope == VariableScope.Source && s.Scope is VariableScope.Destination or VariableScope.Pair;
        bool reads = rule.Before.Exists(Same), writes = rule.After.Exists(Same);
        return writes && !reads ? 0 : writes ? 1 : reads ? 2 : 3;
    }

    private BufferEngine NewEngine(BufferDescriptor buffer, List<Transform> transforms)
    {
        var engine = new BufferEngine(buffer, transforms) { Number = _engines.Count };
        _engines.Add(engine);
        return engine;
    }

    private static IEnumerable<int> Classes(Rule rule)
    {
        switch (rule.Protocol)
        {
            case HeaderProtocol.Tcp or HeaderProtocol.TcpPacket or HeaderProtocol.TcpStream: return [(int)PacketClass.Tcp];
            case HeaderProtocol.Udp: return [(int)PacketClass.Udp];
            case HeaderProtocol.Icmp: return [(int)PacketClass.Icmp];
            case HeaderProtocol.Sctp: return [(int)PacketClass.Other];
            case HeaderProtocol.Application:
                return rule.Application is AppProto.Dns or AppProto.Dcerpc or AppProto.Krb5 or AppProto.Sip or AppProto.Nfs ? [0, 1]
                    : rule.Application is AppProto.Tftp or AppProto.Snmp or AppProto.Dhcp or AppProto.Quic or AppProto.Ike or AppProto.Ntp or AppProto.BittorrentDht ? [1] : [0];
            default: return [0, 1, 2, 3];
        }
    }

    private void Place(Rule rule, List<int>[,] noPattern, List<int> addressOnly, List<int>[,] appNoPattern, Dictionary<(BufferId, string, int), BufferEngine> appEngines,
        List<Rule>[,] packet, List<Rule>[] stream)
    {
        if (rule.FrameProtocol != AppProto.Unknown) return; // placed among the frames
        if (rule.AddressOnly)
        {
            addressOnly.Add(rule.Index);
            return;
        }
        for (int d = 0; d < 2; d++)
        {
            if (d == 0 ? !rule.WantsToServer : !rule.WantsToClient) continue;
            if (rule.FastTerm != null && rule.FastPart!.Buffer != BufferId.Payload && !BufferTable.Of(rule.FastPart.Buffer).Packet)
            {
                Part part = rule.FastPart;
                var key = (part.Buffer, string.Join('|', part.Transforms.Select(t => $"{t.Kind}{t.Argument}")), d);
                if (!appEngines.TryGetValue(key, out BufferEngine? engine)) appEngines[key] = engine = NewEngine(BufferTable.Of(part.Buffer), part.Transforms);
                engine.Add(rule, rule.FastTerm);
                continue;
            }
            if (rule.FastTerm != null && rule.FastPart!.Buffer == BufferId.Payload)
            {
                foreach (int c in Classes(rule))
                    if (rule.NeedsPacketPayload || c != (int)PacketClass.Tcp) (packet[c, d] ??= []).Add(rule);
                if (rule.NeedsStream) (stream[d] ??= []).Add(rule);
                continue;
            }
            if (rule.UsesApplication || rule.AppEvents.Count > 0)
            {
                // a test of the exchange needs one that it can be asked of
                for (int p = 0; p < ProtocolCount; p++)
                {
                    bool fits = rule.Protocol == HeaderProtocol.Application && rule.Application != AppProto.Unknown ? AppProtoNames.Fits(rule.Application, (AppProto)p)
                        : rule.Parts.Where(x => BufferTable.Of(x.Buffer).Protocols.Length > 0).All(x => BufferTable.Of(x.Buffer).Protocols.Contains((AppProto)p))
                            && rule.Tests.TrueForAll(x => x.Protocols.Length == 0 || x.Protocols.Contains((AppProto)p));
                    if (fits) (appNoPattern[d, p] ??= []).Add(rule.Index);
                }
                continue;
            }
            if (_native && PatternGroup.CanSearch(rule, out SearchPattern pattern))
            {
                foreach (int c in Classes(rule))
                    if (rule.NeedsPacketPayload || c != (int)PacketClass.Tcp) _expressions.Add((c, d, rule, pattern));
                if (rule.NeedsStream) _expressions.Add((-1, d, rule, pattern));
                continue;
            }
            foreach (int c in Classes(rule)) (noPattern[c, d] ??= []).Add(rule.Index);
        }
    }
}
