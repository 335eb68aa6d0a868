using Appliance.Sensing.Engine.Detect.Kept;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Groups;

/// <summary>
/// Rules that no pattern search can find, each filed under the most selective thing its header asks for: an address set of a few addresses, a few ports,
/// or else nothing. Only the rules filed under what a packet has are looked at. Immutable.
/// </summary>
internal sealed class PlainRules
{
    private const int FewPorts = 256;
    private const double SmallShare = 1.0 / 256;
    /// <summary>A set that many rules name is a network of the site's own: most packets have an address in it, however small it is.</summary>
    private const int ManyUses = 100;

    /// <summary>Looked at for every packet.</summary>
    public readonly int[] Always;
    /// <summary>By id of the address set the packet's source lies in; null when there are none at all.</summary>
    public readonly int[]?[]? BySource;
    public readonly int[]?[]? ByDestination;
    public readonly PortTable<int>? BySourcePort;
    public readonly PortTable<int>? ByDestinationPort;

    public PlainRules(IEnumerable<int> places, Rule[] rules, IReadOnlyList<AddressSet> sets, int[] uses)
    {
        var always = new List<int>();
        var sources = new Dictionary<int, List<int>>();
        var destinations = new Dictionary<int, List<int>>();
        var sourcePorts = new Dictionary<PortSet, List<int>>(ReferenceEqualityComparer.Instance);
        var destinationPorts = new Dictionary<PortSet, List<int>>(ReferenceEqualityComparer.Instance);
        foreach (int place in places)
        {
            Rule rule = rules[place];
            if (rule.Bidirectional) FileBoth(rule, place);
            else if (Small(rule.Source)) File(sources, rule.Source.Id, place);
            else if (Small(rule.Destination)) File(destinations, rule.Destination.Id, place);
            else if (Few(rule.DestinationPorts)) File(destinationPorts, rule.DestinationPorts, place);
            else if (Few(rule.SourcePorts)) File(sourcePorts, rule.SourcePorts, place);
            else always.Add(place);
        }
        Always = [.. always];
        BySource = PerSet(sources, sets.Count);
        ByDestination = PerSet(destinations, sets.Count);
        BySourcePort = sourcePorts.Count > 0 ? new PortTable<int>(sourcePorts) : null;
        ByDestinationPort = destinationPorts.Count > 0 ? new PortTable<int>(destinationPorts) : null;

        // One end of it lies in the small set, whichever; a packet between two members is found twice and looked at once.
        void FileBoth(Rule rule, int place)
        {
            AddressSet? small = Small(rule.Source) ? rule.Source : Small(rule.Destination) ? rule.Destination : null;
            if (small == null)
            {
                always.Add(place);
                return;
            }
            File(sources, small.Id, place);
            File(destinations, small.Id, place);
        }

        bool Small(AddressSet set) => !set.IsAny && set.Share <= SmallShare && uses[set.Id] < ManyUses;

        static bool Few(PortSet set) => !set.IsAny && set.Count <= FewPorts;
    }

    /// <summary>As <see cref="Write"/> has put it.</summary>
    public PlainRules(KeptReader from, int rules, int sets)
    {
        Always = from.Numbers(rules);
        BySource = PerSet(from, rules, sets);
        ByDestination = PerSet(from, rules, sets);
        if (from.Flag()) BySourcePort = new PortTable<int>(from, () => from.Place(rules));
        if (from.Flag()) ByDestinationPort = new PortTable<int>(from, () => from.Place(rules));
    }

    public void Write(KeptWriter to)
    {
        to.Numbers(Always);
        to.Lists(BySource);
        to.Lists(ByDestination);
        to.Flag(BySourcePort != null);
        BySourcePort?.Write(to, i => to.Number(i));
        to.Flag(ByDestinationPort != null);
        ByDestinationPort?.Write(to, i => to.Number(i));
    }

    private static int[]?[]? PerSet(KeptReader from, int rules, int sets)
    {
        int[]?[]? lists = from.Lists(rules);
        return lists == null || lists.Length == sets ? lists : throw new InvalidDataException("lists by address set are of another length");
    }

    private static void File<T>(Dictionary<T, List<int>> under, T key, int place) where T : notnull
    {
        if (!under.TryGetValue(key, out List<int>? list)) under[key] = list = [];
        list.Add(place);
    }

    private static int[]?[]? PerSet(Dictionary<int, List<int>> filed, int sets)
    {
        if (filed.Count == 0) return null;
        var result = new int[]?[sets];
        foreach (var (set, places) in filed) result[set] = [.. places];
        return result;
    }
}

/// <summary>What is filed under each port, in pages of 256 ports of which only those in use exist.</summary>
internal sealed class PortTable<T>
{
    private readonly T[]?[]?[] _pages = new T[]?[]?[256];

    public PortTable(Dictionary<PortSet, List<T>> filed)
    {
        var perPort = new Dictionary<int, List<T>>();
        foreach (var (set, items) in filed)
            foreach (var (low, high) in set.Ranges)
                for (int port = low; port <= high; port++)
                {
                    if (!perPort.TryGetValue(port, out List<T>? list)) perPort[port] = list = [];
                    list.AddRange(items);
                }
        foreach (var (port, items) in perPort) (_pages[port >> 8] ??= new T[]?[256])[port & 255] = [.. items];
    }

    /// <summary>As <see cref="Write"/> has put it.</summary>
    public PortTable(KeptReader from, Func<T> read)
    {
        int ports = from.Count();
        for (int i = 0; i < ports; i++)
        {
            int port = from.Place(65536);
            if (port < 0) throw new InvalidDataException("no such port");
            (_pages[port >> 8] ??= new T[]?[256])[port & 255] = from.Each(read);
        }
    }

    public void Write(KeptWriter to, Action<T> write)
    {
        int[] ports = Enumerable.Range(0, 65536).Where(port => _pages[port >> 8]?[port & 255] != null).ToArray();
        to.Each(ports, port =>
        {
            to.Number(port);
            to.Each(_pages[port >> 8]![port & 255]!, write);
        });
    }

    public ReadOnlySpan<T> this[ushort port] => _pages[port >> 8] is { } page ? page[port & 255] : default;
}
