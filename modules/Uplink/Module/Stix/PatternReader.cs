using System.Text;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>Takes out of an indicator's pattern what a sensor can look for: equalities of known properties joined by OR.</summary>
/// <remarks>Anything with AND, a sequence or a qualifier is left alone: half of such a pattern would say something its author did not.</remarks>
internal static class PatternReader
{
    /// <summary>The observables, or none when the pattern says more than a list of them.</summary>
    public static IReadOnlyList<Observable> Read(string pattern)
    {
        if (pattern.Length > 65_536)
            return [];
        var found = new List<Observable>();
        var at = 0;
        while (true)
        {
            Space(pattern, ref at);
            if (at >= pattern.Length || pattern[at] != '[')
                return [];
            at++;
            while (true)
            {
                if (Comparison(pattern, ref at) is not { } observable)
                    return [];
                found.Add(observable);
                Space(pattern, ref at);
                if (!Word(pattern, ref at, "OR"))
                    break;
            }
            if (at >= pattern.Length || pattern[at++] != ']')
                return [];
            Space(pattern, ref at);
            if (at == pattern.Length)
                return found.Distinct().ToArray();
            if (!Word(pattern, ref at, "OR"))
                return [];
        }
    }

    private static Observable? Comparison(string text, ref int at)
    {
        Space(text, ref at);
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '-' or ':' or '.' or '_' or '\'' or '"'))
            at++;
        var path = text[start..at].Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal);
        Space(text, ref at);
        if (at >= text.Length || text[at] != '=')
            return null;
        at++;
        if (at < text.Length && text[at] == '=')
            at++;
        Space(text, ref at);
        if (Literal(text, ref at) is not { Length: > 0 } value)
            return null;
        var type = path.ToLowerInvariant() switch
        {
            "ipv4-addr:value" => "ipv4",
            "ipv6-addr:value" => "ipv6",
            "domain-name:value" => "domain",
            "url:value" => "url",
            "email-addr:value" => "email",
            "file:hashes.md5" => "md5",
            "file:hashes.sha-1" => "sha1",
            "file:hashes.sha-256" => "sha256",
            _ => "",
        };
        return type.Length > 0 && Trace.Read(new(type, value)) is { } trace ? trace.From with { Value = trace.Display } : null;
    }

    private static string? Literal(string text, ref int at)
    {
        if (at >= text.Length || text[at] != '\'')
            return null;
        at++;
        var value = new StringBuilder();
        while (at < text.Length)
        {
            var c = text[at++];
            if (c == '\'')
                return value.ToString();
            if (c == '\\' && at < text.Length)
                c = text[at++];
            value.Append(c);
        }
        return null;
    }

    private static bool Word(string text, ref int at, string word)
    {
        if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0)
            return false;
        at += word.Length;
        return true;
    }

    private static void Space(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }
}
