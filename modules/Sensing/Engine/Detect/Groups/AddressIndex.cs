using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Groups;

/// <summary>
/// Tells in which of a rule set's address sets an address lies, with one search however many sets there are. All addresses that lie in
/// the same sets are of one class; a flow remembers the classes of its two ends. Immutable, shared by all workers.
/// </summary>
internal sealed class AddressIndex
{
    private readonly UInt128[] _starts;
    private readonly int[] _classes;     // of the addresses from _starts[i] up to the next start
    private readonly uint[] _starts4;
    private readonly int[] _classes4;
    private readonly int[] _first;       // class → its first entry in _members; one more for the end
    private readonly int[] _members;     // ids of sets, ascending within a class

    /// <param name="sets">Each set's <see cref="AddressSet.Id"/> is its place in the list. Sets of all addresses belong to no class.</param>
    public AddressIndex(IReadOnlyList<AddressSet> sets)
    {
        var edges = new List<(UInt128 At, int Set, bool Opens)>();
        for (int i = 0; i < sets.Count; i++)
        {
            if (sets[i].IsAny) continue;
            foreach (var (low, high) in sets[i].Ranges)
            {
                edges.Add((low, i, true));
                if (high != UInt128.MaxValue) edges.Add((high + 1, i, false));
            }
        }
        edges.Sort((a, b) => a.At.CompareTo(b.At));
        var open = new List<int>();
        var known = new Dictionary<int[], int>(new SameMembers());
        var members = new List<int[]>();
        var starts = new List<UInt128> { UInt128.Zero };
        var classes = new List<int> { Intern() };
        for (int i = 0; i < edges.Count;)
        {
            UInt128 at = edges[i].At;
            for (; i < edges.Count && edges[i].At == at; i++)
            {
                int place = open.BinarySearch(edges[i].Set);
                if (edges[i].Opens) open.Insert(~place, edges[i].Set);
                else open.RemoveAt(place);
            }
            int found = Intern();
            if (at == starts[^1]) classes[^1] = found;
            else if (found != classes[^1])
            {
                starts.Add(at);
                classes.Add(found);
            }
        }
        _starts = [.. starts];
        _classes = [.. classes];
        (_starts4, _classes4) = OfV4(_starts, _classes);
        _first = new int[members.Count + 1];
        for (int i = 0; i < members.Count; i++) _first[i + 1] = _first[i] + members[i].Length;
        _members = members.SelectMany(m => m).ToArray();

        int Intern()
        {
            int[] key = [.. open];
            if (known.TryGetValue(key, out int number)) return number;
            members.Add(key);
            return known[key] = members.Count - 1;
        }
    }

    public int Classes => _first.Length - 1;

    private static (uint[], int[]) OfV4(UInt128[] starts, int[] classes)
    {
        UInt128 zero = IpAddress.FromV4(0).Value, last = IpAddress.FromV4(uint.MaxValue).Value;
        var starts4 = new List<uint>();
        var classes4 = new List<int>();
        for (int i = Before(starts, zero); i < starts.Length && starts[i] <= last; i++)
        {
            starts4.Add(starts[i] <= zero ? 0 : (uint)(starts[i] - zero));
            classes4.Add(classes[i]);
        }
        return ([.. starts4], [.. classes4]);
    }

    /// <summary>Place of the last start that is not behind the value; the first start is zero, so there always is one.</summary>
    private static int Before<T>(T[] starts, T value) where T : IComparable<T>
    {
        int low = 0, high = starts.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (starts[middle].CompareTo(value) <= 0) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    public int ClassOf(IpAddress address) => address.IsV4 ? _classes4[Before(_starts4, address.V4)] : _classes[Before(_starts, address.Value)];

    /// <summary>The sets that all addresses of the class lie in, ascending by id.</summary>
    public ReadOnlySpan<int> SetsOf(int addressClass) => _members.AsSpan(_first[addressClass], _first[addressClass + 1] - _first[addressClass]);

    public bool Contains(int addressClass, int set)
    {
        int[] members = _members;
        int end = _first[addressClass + 1], at = _first[addressClass];
        // a class has few sets, and those that most rules ask for have the lowest ids
        while (at < end && members[at] < set) at++;
        return at < end && members[at] == set;
    }

    private sealed class SameMembers : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? a, int[]? b) => a.AsSpan().SequenceEqual(b);

        public int GetHashCode(int[] members)
        {
            var hash = new HashCode();
            foreach (int member in members) hash.Add(member);
            return hash.ToHashCode();
        }
    }
}
