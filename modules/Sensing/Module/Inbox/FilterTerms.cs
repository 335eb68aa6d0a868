using System.Globalization;
using System.Net;
using Appliance.Contracts;

namespace Appliance.Sensing.Inbox;

/// <summary>What was typed into a query bar, as values: <c>ip: src: dst: port: sid: sev: type: before:</c> and words.</summary>
internal sealed record FilterTerms
{
    private static readonly string[] s_moments = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    /// <summary>Either side.</summary>
    public IPNetwork? Ip { get; init; }

    public IPNetwork? Src { get; init; }

    public IPNetwork? Dst { get; init; }

    public int? Port { get; init; }

    public long? Sid { get; init; }

    public int? Severity { get; init; }

    public string? Type { get; init; }

    /// <summary>Seen before this moment.</summary>
    public DateTimeOffset? Before { get; init; }

    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>The words as one ILIKE pattern, in their order; null when there are none.</summary>
    public string? Pattern => Words.Count == 0
        ? null
        : "%" + string.Join('%', Words.Select(static w => w.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal))) + "%";

    /// <summary>Reads the bar; a fault points at the word.</summary>
    public static Outcome<FilterTerms> Parse(string? text)
    {
        var terms = new FilterTerms();
        var words = new List<string>();
        foreach (var word in Split(text ?? ""))
        {
            var colon = word.StartsWith('"') ? -1 : word.IndexOf(':', StringComparison.Ordinal);
            var field = colon > 0 ? word[..colon].ToLowerInvariant() : "";
            var value = colon > 0 ? word[(colon + 1)..] : word;
            switch (field)
            {
                case "ip" or "src" or "dst" when Network(value) is { } network:
                    terms = field switch { "ip" => terms with { Ip = network }, "src" => terms with { Src = network }, _ => terms with { Dst = network } };
                    break;
                case "port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535:
                    terms = terms with { Port = port };
                    break;
                case "sid" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var sid):
                    terms = terms with { Sid = sid };
                    break;
                case "sev" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var severity) && severity is >= 1 and <= 255:
                    terms = terms with { Severity = severity };
                    break;
                case "type" when value.Length is > 0 and <= 32:
                    terms = terms with { Type = value.ToLowerInvariant() };
                    break;
                case "before" when Moment(value) is { } before:
                    terms = terms with { Before = before };
                    break;
                case "ip" or "src" or "dst" or "port" or "sid" or "sev" or "type" or "before":
                    return Refuse.Invalid("sensing.refused.filter", "q", field, value);
                default:
                    words.Add(word.Trim('"'));
                    break;
            }
        }
        // A bare address is meant as one.
        if (words.Count == 1 && terms.Ip is null && words[0].IndexOfAny(['.', ':']) >= 0 && Network(words[0]) is { } bare)
            return terms with { Ip = bare };
        return terms with { Words = words };
    }

    /// <summary>A day or a minute, UTC: <c>2026-11-22</c>, <c>2026-11-22T07:00Z</c>.</summary>
    private static DateTimeOffset? Moment(string text) =>
        DateTimeOffset.TryParseExact(text, s_moments, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null;

    private static IPNetwork? Network(string text)
    {
        if (IPAddress.TryParse(text, out var address) && text.IndexOfAny(['.', ':']) >= 0)
            return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return IPNetwork.TryParse(text, out var network) ? network : null;
    }

    private static IEnumerable<string> Split(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }
            var end = text[i] == '"' ? text.IndexOf('"', i + 1) + 1 : 0;
            if (end <= 0)
                for (end = i; end < text.Length && !char.IsWhiteSpace(text[end]); end++)
                {
                }
            yield return text[i..end];
            i = end;
        }
    }
}
