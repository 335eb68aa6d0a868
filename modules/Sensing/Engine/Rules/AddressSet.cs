using System.Net;
using System.Net.Sockets;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Kept;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>A set of addresses of both families, as sorted ranges that do not touch.</summary>
internal sealed class AddressSet
{
    public static readonly AddressSet Any = new([(UInt128.Zero, UInt128.MaxValue)]);

    private readonly UInt128[] _low;
    private readonly UInt128[] _high;
    private readonly uint[] _low4;
    private readonly uint[] _high4;

    /// <summary>Number for caches of "is this packet's address in it"; -1 until a rule set is compiled.</summary>
    public int Id = -1;

    public AddressSet(List<(UInt128 Low, UInt128 High)> ranges)
    {
        List<(UInt128 Low, UInt128 High)> merged = Merge(ranges);
        _low = merged.Select(r => r.Low).ToArray();
        _high = merged.Select(r => r.High).ToArray();
        UInt128 start = IpAddress.FromV4(0).Value, end = IpAddress.FromV4(uint.MaxValue).Value;
        var four = merged.Where(r => r.Low <= end && r.High >= start).Select(r => (Low: r.Low < start ? 0 : (uint)(r.Low - start), High: r.High > end ? uint.MaxValue : (uint)(r.High - start))).ToArray();
        _low4 = four.Select(r => r.Low).ToArray();
        _high4 = four.Select(r => r.High).ToArray();
        IsAny = _low.Length == 1 && _low[0] == UInt128.Zero && _high[0] == UInt128.MaxValue;
        double share4 = four.Sum(r => (double)r.High - r.Low + 1) / (1L << 32), share6 = merged.Sum(r => (double)(r.High - r.Low)) / (double)UInt128.MaxValue;
        Share = Math.Max(share4, share6);
    }

    /// <summary>Written with an exclamation mark somewhere.</summary>
    public bool HasNegation { get; init; }

    public bool IsAny { get; }

    /// <summary>The part of all addresses that lies in the set, 0 to 1; of the two families the larger part.</summary>
    public double Share { get; }

    public bool IsEmpty => _low.Length == 0;
    public int Count => _low.Length;
    public IEnumerable<(UInt128 Low, UInt128 High)> Ranges => _low.Zip(_high);

    /// <summary>As <see cref="Write"/> has put it.</summary>
    public static AddressSet Read(KeptReader from)
    {
        bool any = from.Flag(), negation = from.Flag();
        var ranges = from.Each(() => (new UInt128(from.Raw(), from.Raw()), new UInt128(from.Raw(), from.Raw())));
        return any ? Any : new AddressSet([.. ranges]) { HasNegation = negation };
    }

    public void Write(KeptWriter to)
    {
        to.Flag(this == Any);
        to.Flag(HasNegation);
        to.Each(Ranges.ToArray(), range =>
        {
            to.Raw((ulong)(range.Low >> 64));
            to.Raw((ulong)range.Low);
            to.Raw((ulong)(range.High >> 64));
            to.Raw((ulong)range.High);
        });
    }

    public bool Contains(IpAddress address)
    {
        if (address.IsV4)
        {
            int i = Array.BinarySearch(_low4, address.V4);
            if (i >= 0) return true;
            i = ~i - 1;
            return i >= 0 && address.V4 <= _high4[i];
        }
        UInt128 value = address.Value;
        int at = Array.BinarySearch(_low, value);
        if (at >= 0) return true;
        at = ~at - 1;
        return at >= 0 && value <= _high[at];
    }

    private static List<(UInt128 Low, UInt128 High)> Merge(List<(UInt128 Low, UInt128 High)> ranges)
    {
        ranges.Sort((a, b) => a.Low.CompareTo(b.Low));
        var merged = new List<(UInt128 Low, UInt128 High)>();
        foreach (var range in ranges)
        {
            if (merged.Count > 0 && (merged[^1].High == UInt128.MaxValue || range.Low <= merged[^1].High + 1))
            {
                if (range.High > merged[^1].High) merged[^1] = (merged[^1].Low, range.High);
            }
            else merged.Add(range);
        }
        return merged;
    }

    public static List<(UInt128 Low, UInt128 High)> Subtract(List<(UInt128 Low, UInt128 High)> from, List<(UInt128 Low, UInt128 High)> without)
    {
        List<(UInt128 Low, UInt128 High)> result = Merge(from);
        foreach (var hole in Merge(without))
        {
            var next = new List<(UInt128, UInt128)>();
            foreach (var range in result)
            {
                if (hole.High < range.Low || hole.Low > range.High)
                {
                    next.Add(range);
                    continue;
                }
                if (hole.Low > range.Low) next.Add((range.Low, hole.Low - 1));
                if (hole.High < range.High) next.Add((hole.High + 1, range.High));
            }
            result = next;
        }
        return result;
    }

    /// <summary>Parses one address, network or range; false when it is none.</summary>
    public static bool TryRange(string text, out (UInt128 Low, UInt128 High) range)
    {
        range = default;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0)
        {
            if (!TryAddress(text[..dash].Trim(), out UInt128 low, out bool lowV4) || !TryAddress(text[(dash + 1)..].Trim(), out UInt128 high, out bool highV4) || high < low || !lowV4 || !highV4) return false; // ranges are for IPv4
            range = (low, high);
            return true;
        }
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryAddress(slash < 0 ? text : text[..slash], out UInt128 value, out bool v4)) return false;
        int bits = v4 ? 32 : 128;
        int prefix = bits;
        if (slash >= 0)
        {
            string tail = text[(slash + 1)..];
            if (v4 && tail.Contains('.', StringComparison.Ordinal))
            {
                if (!TryAddress(tail, out UInt128 mask, out bool maskV4) || !maskV4) return false;
                prefix = System.Numerics.BitOperations.PopCount((uint)mask);
            }
            else if (!int.TryParse(tail, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out prefix) || prefix > bits) return false;
        }
        int free = bits - prefix;
        UInt128 hostMask = free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1;
        range = (value & ~hostMask, value | hostMask);
        return true;
    }

    private static bool TryAddress(string text, out UInt128 value, out bool v4)
    {
        value = 0;
        v4 = false;
        if (!IPAddress.TryParse(text, out IPAddress? address)) return false;
        v4 = address.AddressFamily == AddressFamily.InterNetwork;
        if (v4 && text.Count(c => c == '.') != 3) return false;
        byte[] bytes = address.GetAddressBytes();
        value = v4 ? IpAddress.ReadV4(bytes).Value : IpAddress.ReadV6(bytes).Value;
        return true;
    }
}

/// <summary>A set of ports, as sorted ranges that do not touch.</summary>
internal sealed class PortSet
{
    public static readonly PortSet Any = MakeAny();
    private ushort[] _low = [];
    private ushort[] _high = [];

    public bool IsAny { get; private set; }
    public bool IsEmpty => _low.Length == 0;
    public int Count => _low.Zip(_high, (low, high) => high - low + 1).Sum();
    public IEnumerable<(int Low, int High)> Ranges => _low.Zip(_high, (low, high) => ((int)low, (int)high));

    public bool Contains(ushort port)
    {
        if (IsAny) return true;
        // most sets have one range or a handful
        ushort[] low = _low, high = _high;
        for (int i = 0; i < low.Length; i++)
            if (port <= high[i]) return port >= low[i];
        return false;
    }

    public void Add(int low, int high) => Take(Ranges.Append((low, high)));

    public void Add(PortSet other) => Take(Ranges.Concat(other.Ranges));

    public void Remove(PortSet other)
    {
        IEnumerable<(int Low, int High)> left = Ranges;
        foreach (var (low, high) in other.Ranges)
            left = left.SelectMany(r => high < r.Low || low > r.High ? [r] : new[] { (r.Low, High: low - 1), (Low: high + 1, r.High) }.Where(part => part.Low <= part.High)).ToArray();
        Take(left);
    }

    private void Take(IEnumerable<(int Low, int High)> ranges)
    {
        var merged = new List<(int Low, int High)>();
        foreach (var range in ranges.OrderBy(r => r.Low))
        {
            if (merged.Count > 0 && range.Low <= merged[^1].High + 1) merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, range.High));
            else merged.Add(range);
        }
        _low = merged.Select(r => (ushort)r.Low).ToArray();
        _high = merged.Select(r => (ushort)r.High).ToArray();
        IsAny = merged is [(0, 65535)];
    }

    private static PortSet MakeAny()
    {
        var any = new PortSet();
        any.Add(0, 65535);
        return any;
    }
}
