using System.Collections.Frozen;
using Appliance.Contracts;
using Appliance.Directories.Networks;

namespace Appliance.Directories.Lookup;

/// <summary>Longest-suffix look-up over all domains, on label boundaries. Immutable; an ASCII name is found without allocation.</summary>
internal sealed class DomainTable(IEnumerable<(string Domain, ConstituentMatch Match)> entries)
{
    private readonly FrozenDictionary<string, ConstituentMatch> _matches =
        entries.DistinctBy(e => e.Domain, StringComparer.OrdinalIgnoreCase).ToFrozenDictionary(e => e.Domain, e => e.Match, StringComparer.OrdinalIgnoreCase);

    public int Count => _matches.Count;

    public ConstituentMatch? Find(string name)
    {
        if (!System.Text.Ascii.IsValid(name))
            return NetworkText.ToAscii(name) is { } ascii ? Find(ascii) : null;
        var known = _matches.GetAlternateLookup<ReadOnlySpan<char>>();
        var rest = name.AsSpan().Trim().TrimEnd('.');
        while (rest.Length > 0)
        {
            if (known.TryGetValue(rest, out var match))
                return match;
            var dot = rest.IndexOf('.');
            if (dot < 0)
                return null;
            rest = rest[(dot + 1)..];
        }
        return null;
    }
}
