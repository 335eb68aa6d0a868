using System.Text.RegularExpressions;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Traces that are known by their shape alone. Patterns without backtracking: time grows with the text; the text around a match is looked at by hand.</summary>
internal static class Shapes
{
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private const int LongestAnchored = 1000;

    private static readonly Shape[] s_shapes =
    [
        new("ssdeep", @"\d{1,10}:[a-z0-9/+]{3,64}:[a-z0-9/+]{3,64}", v => v, "/+:") { Masks = true, Fits = v => v.Length > 20 },
        new("user_agent", @"mozilla/[345]\.\d{1,2} ?\([^()\r\n]{1,300}\)( (\(khtml, like gecko\)|[a-z][a-z0-9.\-_]*/[a-z0-9.\-_+]+|gecko|mobile|safari|like gecko|\([^()\r\n]{1,100}\)))*", v => v, "") { Masks = true, Anchor = "mozilla/" },
        new("mac_address", @"[0-9a-f]{2}(-[0-9a-f]{2}){5}|[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}", v => v, ":-.") { Masks = true },
        new("google_adsense_publisher_id", @"pub-\d{16}", v => v.ToLowerInvariant(), "-") { Fits = v => v[..3] is "pub" or "PUB" },
        new("google_analytics_tracker_id", @"ua-\d{4,10}-\d{1,4}", v => v.ToUpperInvariant(), "-") { Fits = v => v[..2] is "ua" or "UA" },
        new("attack_technique", @"t\d{4}(\.\d{3})?", v => v.ToUpperInvariant(), ".-") { Fits = v => v[1] == '1' || v[1] == '0' },
        new("attack_tactic", @"ta00\d{2}", v => v.ToUpperInvariant(), "-"),
        new("tlp_label", @"tlp[ :\-]{0,2}(red|amber\+strict|amber|green|white|clear)", v => "TLP:" + v[3..].TrimStart(' ', ':', '-').ToUpperInvariant(), ""),
        new("bitcoin_address", @"[13][1-9a-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71}", v => v, "") { Fits = Coins.IsBitcoin, Masks = true },
        new("monero_address", @"[48][0-9ab][1-9a-z]{93}", v => v, "") { Fits = v => !v.AsSpan().ContainsAny("0OIl") || v[1] == '0', Masks = true },
        new("yara_rule", @"((import|include)\s{1,20}""[^""\r\n]{1,200}""\s{1,50})*((private|global)\s{1,20})*\brule\s{1,100}[a-z_][a-z0-9_]{0,127}\s{0,100}(:[a-z0-9_ \t]{1,200})?\s{0,100}\{", v => v, "") { Whole = YaraRule.End, Masks = true },
    ];

    /// <summary>All of them, with the ranges that other kinds of traces must not be read from.</summary>
    public static (List<FoundObservable> Found, List<(int Start, int End)> Masked) Find(string text)
    {
        var found = new List<FoundObservable>();
        var masked = new List<(int Start, int End)>();
        foreach (var shape in s_shapes)
        {
            var from = 0;
            while (from < text.Length && found.Count < ParseLimits.Observables && Next(shape, text, from) is { Success: true } match)
            {
                var (start, end) = (match.Index, match.Index + match.Length);
                if (shape.Whole is { } whole)
                    end = whole(text, end);
                from = Math.Max(end, start + 1);
                if (end < 0 || !StandsAlone(text, start, end, shape.Joints))
                {
                    from = match.Index + Math.Max(1, match.Length);
                    continue;
                }
                var value = text[start..end];
                if (!shape.Fits(value))
                    continue;
                found.Add(new(shape.Type, shape.Usual(value), value) { Place = start });
                if (shape.Masks)
                    masked.Add((start, end));
            }
        }
        return (found, masked);
    }

    /// <summary>No letter, digit or joint before or after, so that no part of something longer is taken.</summary>
    private static bool StandsAlone(string text, int start, int end, string joints) =>
        (start == 0 || (!char.IsLetterOrDigit(text[start - 1]) && !Joins(text, start - 1, -1, joints)))
        && (end >= text.Length || !char.IsLetterOrDigit(text[end]) && !Joins(text, end, 1, joints) || text[end - 1] == '}');

    /// <summary>A joint joins only when a letter or digit stands behind it: a full stop may also end the sentence.</summary>
    private static bool Joins(string text, int at, int step, string joints) =>
        joints.Contains(text[at], StringComparison.Ordinal) && at + step >= 0 && at + step < text.Length && char.IsLetterOrDigit(text[at + step]);

    /// <summary>The next match. One that begins with a word of its own is looked for up to that word's next place, so that a row of them is read once.</summary>
    private static Match Next(Shape shape, string text, int from)
    {
        if (shape.Anchor is not { } anchor)
            return shape.Pattern.Match(text, from);
        for (var at = text.IndexOf(anchor, from, StringComparison.OrdinalIgnoreCase); at >= 0;)
        {
            var next = text.IndexOf(anchor, at + anchor.Length, StringComparison.OrdinalIgnoreCase);
            var match = shape.Pattern.Match(text, at, Math.Min((next < 0 ? text.Length : next) - at, LongestAnchored));
            if (match.Success && match.Index == at)
                return match;
            at = next;
        }
        return Match.Empty;
    }

    private sealed class Shape(string type, string pattern, Func<string, string> usual, string joints)
    {
        public string Type => type;

        public Regex Pattern { get; } = new(pattern, Options);

        public Func<string, string> Usual => usual;

        public string Joints => joints;

        public Func<string, bool> Fits { get; init; } = _ => true;

        /// <summary>Finds the end of what the pattern begins, or -1.</summary>
        public Func<string, int, int>? Whole { get; init; }

        public bool Masks { get; init; }

        /// <summary>The word that it always begins with.</summary>
        public string? Anchor { get; init; }
    }
}
