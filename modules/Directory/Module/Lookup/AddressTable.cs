using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;

namespace Appliance.Directories.Lookup;

/// <summary>Longest-prefix look-up over all prefixes, both families. Immutable; a look-up is one binary search and allocates nothing.</summary>
/// <remarks>
/// Prefixes are nested or disjoint, so they flatten into ordered ranges, each carrying the longest prefix over it. A range begins at its key and
/// ends before the next; where no prefix applies the match is null.
/// </remarks>
internal sealed class AddressTable
{
    private readonly uint[] _keys4;
    private readonly ConstituentMatch?[] _matches4;
    private readonly UInt128[] _keys6;
    private readonly ConstituentMatch?[] _matches6;

    /// <summary>Prefixes in canonical form, IPv4-mapped ones already as IPv4. Of two equal prefixes the first given stays.</summary>
    public AddressTable(IEnumerable<(IPNetwork Prefix, ConstituentMatch Match)> entries)
    {
        var (v4, v6) = (new List<Extent>(), new List<Extent>());
        foreach (var (prefix, match) in entries)
        {
            var isV4 = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
            var bits = isV4 ? 32 : 128;
            var first = isV4 ? Key4(prefix.BaseAddress) : Key6(prefix.BaseAddress);
            var size = bits - prefix.PrefixLength;
            var last = size == 128 ? UInt128.MaxValue : first + ((UInt128.One << size) - 1);
            (isV4 ? v4 : v6).Add(new(first, last, prefix.PrefixLength, match));
        }
        var (keys4, matches4) = Flatten(v4, uint.MaxValue);
        (_keys4, _matches4) = (Array.ConvertAll(keys4, static k => (uint)k), matches4);
        (_keys6, _matches6) = Flatten(v6, UInt128.MaxValue);
    }

    public ConstituentMatch? Find(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return Find(_keys4, _matches4, Key4(address));
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        var key = Key6(address);
        // ::ffff:a.b.c.d is the IPv4 address in an IPv6 socket's clothes (RFC 4291, 2.5.5.2).
        return key >> 32 == 0xFFFF ? Find(_keys4, _matches4, (uint)key) : Find(_keys6, _matches6, key);
    }

    private static ConstituentMatch? Find<T>(T[] keys, ConstituentMatch?[] matches, T key)
        where T : IComparable<T>
    {
        var at = Array.BinarySearch(keys, key);
        if (at < 0)
            at = ~at - 1;
        return at < 0 ? null : matches[at];
    }

    private static uint Key4(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    private static UInt128 Key6(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static (UInt128[] Keys, ConstituentMatch?[] Matches) Flatten(List<Extent> spans, UInt128 end)
    {
        var ordered = spans.DistinctBy(s => (s.First, s.Length)).OrderBy(s => s.First).ThenBy(s => s.Length);
        var (keys, matches) = (new List<UInt128>(), new List<ConstituentMatch?>());
        var open = new Stack<Extent>();
        foreach (var span in ordered)
        {
            CloseBefore(span.First);
            Begin(span.First, span.Match);
            open.Push(span);
        }
        CloseBefore(null);
        return ([.. keys], [.. matches]);

        void CloseBefore(UInt128? next)
        {
            while (open.TryPeek(out var top) && (next is null || top.Last < next))
            {
                open.Pop();
                if (top.Last < end)
                    Begin(top.Last + 1, open.TryPeek(out var outer) ? outer.Match : null);
            }
        }

        void Begin(UInt128 key, ConstituentMatch? match)
        {
            // A longer prefix at the same address takes the place of the shorter one that began there.
            if (keys.Count > 0 && keys[^1] == key)
            {
                matches[^1] = match;
                return;
            }
            keys.Add(key);
            matches.Add(match);
        }
    }

    private readonly record struct Extent(UInt128 First, UInt128 Last, int Length, ConstituentMatch Match);
}
