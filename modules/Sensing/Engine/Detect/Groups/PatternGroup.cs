using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect.Kept;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Groups;

/// <summary>
/// The patterns looked for in the payload of one class of packets, or in the stream, in one direction. Rules for a few ports are kept apart by port, so that their
/// patterns, often short and common, cost other traffic nothing; and patterns that can only lie near the front are not looked for behind it. Immutable once compiled.
/// </summary>
internal sealed class PatternGroup
{
    /// <summary>Bytes from the front in which <see cref="Near"/> is searched.</summary>
    public const int NearBytes = 256;
    private const int FewPorts = 256;
    /// <summary>Of fewer rules each is checked by itself: that is cheaper than one more search.</summary>
    private const int WorthSearching = 5;
    private const int EnginesPerPort = 2;

    public BufferEngine? Near { get; private set; }
    public BufferEngine? Far { get; private set; }

    /// <summary>Of rules that have no literal.</summary>
    public BufferEngine? Expressions { get; private set; }
    public PortTable<BufferEngine>? BySourcePort { get; private set; }
    public PortTable<BufferEngine>? ByDestinationPort { get; private set; }

    /// <param name="rules">Rules whose first pattern lies in the payload.</param>
    /// <param name="plain">Takes the places of rules that are better checked one by one on their ports.</param>
    /// <param name="make">Makes an engine that is compiled with all others.</param>
    public PatternGroup(List<Rule> rules, List<int> plain, Func<BufferDescriptor, List<Transform>, BufferEngine> make)
    {
        var sources = new Dictionary<PortSet, List<Rule>>(ReferenceEqualityComparer.Instance);
        var destinations = new Dictionary<PortSet, List<Rule>>(ReferenceEqualityComparer.Instance);
        var everywhere = new List<Rule>();
        foreach (Rule rule in rules)
        {
            if (rule.Bidirectional) everywhere.Add(rule);
            else if (Few(rule.DestinationPorts)) File(destinations, rule.DestinationPorts, rule);
            else if (Few(rule.SourcePorts)) File(sources, rule.SourcePorts, rule);
            else everywhere.Add(rule);
        }
        BySourcePort = PerPort(sources);
        ByDestinationPort = PerPort(destinations);
        foreach (Rule rule in everywhere)
        {
            if (IsNear(rule.FastTerm!)) (Near ??= Make()).Add(rule, rule.FastTerm!);
            else (Far ??= Make()).Add(rule, rule.FastTerm!);
        }

        static bool Few(PortSet set) => !set.IsAny && set.Count <= FewPorts;

        BufferEngine Make() => make(BufferTable.Of(BufferId.Payload), []);

        PortTable<BufferEngine>? PerPort(Dictionary<PortSet, List<Rule>> filed)
        {
            var engines = new Dictionary<PortSet, List<BufferEngine>>(ReferenceEqualityComparer.Instance);
            var taken = new Dictionary<int, int>();
            foreach (var (set, its) in filed.OrderByDescending(f => f.Value.Count).ThenBy(f => f.Value[0].Index))
            {
                if (its.Count < WorthSearching)
                {
                    plain.AddRange(its.Select(r => r.Index));
                    continue;
                }
                int[] ports = set.Ranges.SelectMany(r => Enumerable.Range(r.Low, r.High - r.Low + 1)).ToArray();
                if (ports.Any(p => taken.GetValueOrDefault(p) >= EnginesPerPort))
                {
                    everywhere.AddRange(its);
                    continue;
                }
                foreach (int port in ports) taken[port] = taken.GetValueOrDefault(port) + 1;
                BufferEngine engine = Make();
                foreach (Rule rule in its) engine.Add(rule, rule.FastTerm!);
                engines[set] = [engine];
            }
            return engines.Count > 0 ? new PortTable<BufferEngine>(engines) : null;
        }
    }

    /// <summary>As <see cref="Write"/> has put it.</summary>
    public PatternGroup(KeptReader from, IReadOnlyList<BufferEngine> engines)
    {
        Near = Engine();
        Far = Engine();
        Expressions = Engine();
        if (from.Flag()) BySourcePort = new PortTable<BufferEngine>(from, Named);
        if (from.Flag()) ByDestinationPort = new PortTable<BufferEngine>(from, Named);

        BufferEngine? Engine() => from.Place(engines.Count) is >= 0 and var place ? engines[place] : null;

        BufferEngine Named() => Engine() ?? throw new InvalidDataException("an engine is missing");
    }

    public void Write(KeptWriter to)
    {
        to.Number(Near?.Number ?? -1);
        to.Number(Far?.Number ?? -1);
        to.Number(Expressions?.Number ?? -1);
        to.Flag(BySourcePort != null);
        BySourcePort?.Write(to, e => to.Number(e.Number));
        to.Flag(ByDestinationPort != null);
        ByDestinationPort?.Write(to, e => to.Number(e.Number));
    }

    /// <summary>Files a rule under an expression of its own. False: its ports are few, or its terms begin with none that can be searched for; it is checked by itself.</summary>
    public static bool CanSearch(Rule rule, out SearchPattern pattern)
    {
        pattern = default;
        if (rule.PayloadPart is not { } part || rule.Parts.Count != 1) return false;
        if (!rule.Bidirectional && (!rule.DestinationPorts.IsAny && rule.DestinationPorts.Count <= FewPorts || !rule.SourcePorts.IsAny && rule.SourcePorts.Count <= FewPorts)) return false;
        if (SearchExpression.Of(part.Compiled) is not { } found) return false;
        pattern = found;
        return true;
    }

    public void Add(Rule rule, SearchPattern expression, Func<BufferDescriptor, List<Transform>, BufferEngine> make) =>
        (Expressions ??= make(BufferTable.Of(BufferId.Payload), [])).Add(rule, expression);

    /// <summary>Does the term's window end within the first <see cref="NearBytes"/>, whatever the bytes are?</summary>
    private static bool IsNear(Term term) =>
        term.HasDepth && !term.Relative && term.DepthVariable < 0 && term.OffsetVariable < 0 && (term.HasOffset ? term.Offset : 0) + term.Depth <= NearBytes;

    private static void File(Dictionary<PortSet, List<Rule>> under, PortSet key, Rule rule)
    {
        if (!under.TryGetValue(key, out List<Rule>? list)) under[key] = list = [];
        list.Add(rule);
    }
}
