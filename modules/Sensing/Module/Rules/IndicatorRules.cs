using System.Globalization;
using System.Text;

namespace Appliance.Sensing.Rules;

/// <summary>One indicator as stored; <paramref name="Key"/> is its value as <see cref="IndicatorKeys"/> writes it.</summary>
internal sealed record IndicatorRow(long Sid, string Type, string Key);

/// <summary>
/// Indicators as a few rules over data sets, so that a hundred thousand of them cost a look-up and not a rule each. Only http addresses, whose two halves lie in two
/// buffers, are rules of their own. A set's rule has a sid of its own; the intake finds which indicator it was (<see cref="IndicatorSightings"/>).
/// </summary>
internal static class IndicatorRules
{
    /// <summary>The sids of the rules that stand for whole sets.</summary>
    public const long FirstSet = 9_099_001;

    private const string Addresses = "address";

    // Names are asked for in four places; of files each digest has its list.
    private static readonly (string Kind, string Rule)[] s_sets =
    [
        ("domain", "alert dns any any -> any any (msg:\"{0}\"; dns.query; dataset:isset,{1},type domain,load {2}; {3}"),
        ("domain", "alert tls any any -> any any (msg:\"{0}\"; tls.sni; dataset:isset,{1},type domain,load {2}; {3}"),
        ("domain", "alert http any any -> any any (msg:\"{0}\"; http.host; dataset:isset,{1},type domain,load {2}; {3}"),
        ("domain", "alert quic any any -> any any (msg:\"{0}\"; quic.sni; dataset:isset,{1},type domain,load {2}; {3}"),
        ("md5", "alert ip any any -> any any (msg:\"{0}\"; filemd5:{2}; {3}"),
        ("sha1", "alert ip any any -> any any (msg:\"{0}\"; filesha1:{2}; {3}"),
        ("sha256", "alert ip any any -> any any (msg:\"{0}\"; filesha256:{2}; {3}"),
    ];

    /// <summary>The kind of what a set of this sid holds, or null.</summary>
    public static string? KindOf(int gid, long sid) =>
        gid != 1 || sid < FirstSet || sid > FirstSet + s_sets.Length ? null : sid == FirstSet ? Addresses : s_sets[sid - FirstSet - 1].Kind;

    /// <summary>What an alert of an indicator of this type is called.</summary>
    public static string Message(string type) => $"Indicator: {(IndicatorKeys.KindOf(type) == Addresses ? "address" : type)}";

    /// <summary>The files of a generation, by name below its folder, and how many rules they hold.</summary>
    public static (IReadOnlyDictionary<string, string> Files, int Rules) Of(IEnumerable<IndicatorRow> indicators)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var kinds = indicators.ToLookup(static i => IndicatorKeys.KindOf(i.Type));
        var (rules, count, sid) = (new StringBuilder(), 0, FirstSet);
        // In the header, not in a set: the engine then asks once a flow and direction, and its index takes any number of addresses. The limit leaves one of the two.
        var addresses = Distinct(kinds[Addresses]);
        if (addresses.Count > 0)
            Add($"alert ip any any <> [{string.Join(',', addresses)}] any (msg:\"{Message("ipv4")}\"; threshold:type limit,track by_both,count 1,seconds 60; {Tail(sid)}");
        foreach (var (kind, rule) in s_sets)
        {
            sid++;
            var name = $"indicators-{kind}";
            if (!files.ContainsKey($"rules/{name}.lst"))
            {
                if (Distinct(kinds[kind]) is not { Count: > 0 } values)
                    continue;
                files[$"rules/{name}.lst"] = string.Join('\n', values) + "\n";
            }
            Add(string.Format(CultureInfo.InvariantCulture, rule, Message(kind), name, $"{name}.lst", Tail(sid)));
        }
        foreach (var url in kinds["url"])
            Add(OfUrl(url));
        if (count > 0)
            files["rules/indicators.rules"] = rules.ToString();
        return (files, count);

        void Add(string rule)
        {
            rules.Append(rule).Append('\n');
            count++;
        }
    }

    private static List<string> Distinct(IEnumerable<IndicatorRow> rows) => [.. rows.Select(static r => r.Key).Distinct(StringComparer.Ordinal)];

    private static string OfUrl(IndicatorRow url)
    {
        var uri = new Uri(url.Key);
        return $"alert http any any -> any any (msg:\"{Message("url")}\"; http.host; content:\"{Content(uri.Host)}\"; bsize:{uri.Host.Length}; http.uri; content:\"{Content(uri.PathAndQuery)}\"; {Tail(url.Sid)}";
    }

    private static string Tail(long sid) => string.Create(CultureInfo.InvariantCulture, $"classtype:trojan-activity; sid:{sid}; rev:1;)");

    // A value comes from a peer: whatever could end a quoted option is written as hex.
    private static string Content(string value)
    {
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(value))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'-' or (byte)'_' or (byte)'/')
                text.Append((char)b);
            else
                text.Append('|').Append(b.ToString("X2", CultureInfo.InvariantCulture)).Append('|');
        }
        return text.ToString();
    }
}
