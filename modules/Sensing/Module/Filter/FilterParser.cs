using System.Globalization;
using System.Net;
using Appliance.Contracts;

namespace Appliance.Sensing.Filter;

/// <summary>Reads the query bar from left to right. Whatever is no known field is a word: an address on the web holds a colon too.</summary>
internal sealed class FilterParser
{
    private const int LongestText = 200;

    private static readonly string[] s_moments = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    private readonly List<FilterToken> _tokens = [];
    private readonly List<string> _words = [];
    private readonly List<string> _notWords = [];
    private FilterTerms _terms = new();

    public static Outcome<FilterTerms> Parse(string text)
    {
        var parser = new FilterParser();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            var end = EndOf(text, at);
            if (end < 0)
                return Refuse.Invalid("sensing.refused.filter-group", "q", at + 1);
            if (parser.Take(text[at..end], at) is { } refusal)
                return refusal;
            at = end;
        }
        return parser.Finish();
    }

    private FilterTerms Finish()
    {
        // A bare address is meant as one.
        if (_words is [var only] && _terms.Ip.Wanted.Count == 0 && only.IndexOfAny(['.', ':']) >= 0 && Network(only) is { } bare)
        {
            _terms = _terms with { Ip = _terms.Ip.With([bare], not: false) };
            _words.Clear();
        }
        return _terms with { Words = [.. _words], NotWords = [.. _notWords], Tokens = [.. _tokens] };
    }

    /// <summary>Behind the word that begins at <paramref name="at"/>; quotes and brackets hold spaces. Negative when a bracket is never closed.</summary>
    private static int EndOf(string text, int at)
    {
        var start = text[at] == '-' && at + 1 < text.Length ? at + 1 : at;
        if (text[start] == '(')
        {
            var close = text.IndexOf(')', start);
            return close < 0 ? -1 : close + 1;
        }
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] == '"' && text.IndexOf('"', i + 1) is > 0 and var closing)
                i = closing;
            else if (char.IsWhiteSpace(text[i]))
                return i;
        }
        return text.Length;
    }

    private Refusal? Take(string token, int at)
    {
        _tokens.Add(new(token, at));
        var not = token.Length > 1 && token[0] == '-';
        var text = not ? token[1..] : token;
        if (text[0] == '(')
            return Group(text, at, not);
        var colon = text[0] == '"' ? -1 : text.IndexOf(':', StringComparison.Ordinal);
        var field = colon > 0 ? text[..colon].ToLowerInvariant() : "";
        if (field == "has")
            field = "is";
        if (!FilterTerms.Fields.Contains(field))
        {
            if (text.Trim('"') is { Length: > 0 } word)
                (not ? _notWords : _words).Add(word);
            return null;
        }
        return Field(field, text[(colon + 1)..], not) ? null : Refuse.Invalid("sensing.refused.filter", "q", field, text[(colon + 1)..], at + 1);
    }

    /// <summary><c>(src:a OR src:b)</c>: values of one field. Other brackets would need what a constant query cannot say.</summary>
    private Refusal? Group(string text, int at, bool not)
    {
        var parts = text[1..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(static p => !p.Equals("or", StringComparison.OrdinalIgnoreCase)).ToList();
        var fields = parts.Select(static p => p.Split(':')[0].ToLowerInvariant()).Distinct(StringComparer.Ordinal).ToList();
        if (fields is not [var field] || !FilterTerms.Fields.Contains(field) || parts.Exists(static p => !p.Contains(':', StringComparison.Ordinal)))
            return Refuse.Invalid("sensing.refused.filter-group", "q", at + 1);
        foreach (var part in parts)
        {
            if (!Field(field, part[(field.Length + 1)..], not))
                return Refuse.Invalid("sensing.refused.filter", "q", field, part[(field.Length + 1)..], at + 1);
        }
        return null;
    }

    private bool Field(string field, string value, bool not)
    {
        var t = _terms;
        var changed = field switch
        {
            "ip" => Of(value, not, t.Ip, Network) is { } v ? t with { Ip = v } : null,
            "src" => Of(value, not, t.Src, Network) is { } v ? t with { Src = v } : null,
            "dst" => Of(value, not, t.Dst, Network) is { } v ? t with { Dst = v } : null,
            "port" => Of(value, not, t.Port, static x => Range(x, 0, 65535)) is { } v ? t with { Port = v } : null,
            "sid" => Of(value, not, t.Sid, static x => Range(x, 0, uint.MaxValue)) is { } v ? t with { Sid = v } : null,
            "sev" => Of(value, not, t.Severity, static x => Range(x, 1, 255)) is { } v ? t with { Severity = v } : null,
            "score" when !not => Of(value, not, t.Score, static x => Range(x, 0, 100)) is { } v ? t with { Score = v } : null,
            "count" when !not => Of(value, not, t.Count, static x => Range(x, 0, long.MaxValue - 1)) is { } v ? t with { Count = v } : null,
            "type" => Texts(value, not, t.Type) is { } v ? t with { Type = v } : null,
            "proto" => Texts(value, not, t.Proto) is { } v ? t with { Proto = v } : null,
            "name" => Texts(value, not, t.Name) is { } v ? t with { Name = v } : null,
            "sensor" => Texts(value, not, t.Sensor, lower: false) is { } v ? t with { Sensor = v } : null,
            "owner" => Texts(value, not, t.Owner) is { } v ? t with { Owner = v } : null,
            "is" => Of(value, not, t.Is, Trait) is { } v ? t with { Is = v } : null,
            "flow" when !not => Of(value, not, t.Flow, Flow) is { } v ? t with { Flow = v } : null,
            "after" when !not => Moment(value) is { } at ? t with { After = at } : null,
            "before" when !not => Moment(value) is { } at ? t with { Before = at } : null,
            _ => null,
        };
        if (changed is null)
            return false;
        _terms = changed;
        return true;
    }

    private static FieldValues<T>? Of<T>(string value, bool not, FieldValues<T> known, Func<string, T?> read)
        where T : struct
    {
        var values = value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(read).ToList();
        return values.Count == 0 || values.Exists(static v => v is null) ? null : known.With(values.Select(static v => v!.Value), not);
    }

    private static FieldValues<string>? Of(string value, bool not, FieldValues<string> known, Func<string, string?> read)
    {
        var values = Values(value).Select(read).ToList();
        return values.Count == 0 || values.Contains(null) ? null : known.With(values.Select(static v => v!), not);
    }

    private static FieldValues<string>? Texts(string value, bool not, FieldValues<string> known, bool lower = true) =>
        Of(value, not, known, x => x.Length > LongestText ? null : lower ? x.ToLowerInvariant() : x);

    /// <summary>Between commas; a comma within quotes belongs to the value.</summary>
    private static IEnumerable<string> Values(string text)
    {
        for (var (from, quoted, i) = (0, false, 0); i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '"')
                quoted = !quoted;
            if (i < text.Length && (text[i] != ',' || (quoted && text.IndexOf('"', i) > 0)))
                continue;
            if (text[from..i].Trim('"') is { Length: > 0 } value)
                yield return value;
            from = i + 1;
        }
    }

    private static string? Trait(string value) => FilterTerms.Traits.Contains(value) ? value : null;

    private static long? Flow(string value) => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary><c>7</c>, <c>&gt;7</c>, <c>&gt;=7</c>, <c>&lt;7</c>, <c>&lt;=7</c>, <c>7..9</c>.</summary>
    private static NumberRange? Range(string text, long least, long most)
    {
        (long? From, long? To) found = text switch
        {
            ['>', '=', .. var n] => (Number(n), most),
            ['<', '=', .. var n] => (least, Number(n)),
            ['>', .. var n] => (Number(n) + 1, most),
            ['<', .. var n] => (least, Number(n) - 1),
            _ when text.Split("..") is [var a, var b] => (Number(a), Number(b)),
            _ => (Number(text), Number(text)),
        };
        return found is ({ } f, { } l) && f >= least && l <= most && f <= l ? new(f, l) : null;

        static long? Number(string digits) => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
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
}
