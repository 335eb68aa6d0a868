using System.Net;
using System.Net.Sockets;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>What a single word is: an address, a name, a hash, a number that somebody assigned.</summary>
internal static partial class ObservableText
{
    /// <summary>ipv4, ipv6 or null. Only the written-out forms: no octal, hexadecimal or shortened IPv4.</summary>
    public static string? Address(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return text.Length is >= 3 and <= 45 && text.Count(c => c == ':') >= 2 && text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.')
                && IPAddress.TryParse(text, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : null;
        var octets = text.Split('.');
        return octets.Length == 4 && octets.All(o => o.Length is > 0 and <= 3 && o.All(char.IsAsciiDigit) && (o.Length == 1 || o[0] != '0') && int.Parse(o, System.Globalization.CultureInfo.InvariantCulture) <= 255) ? "ipv4" : null;
    }

    /// <summary>True for a name whose last label is a top-level domain of the public root.</summary>
    public static bool IsDomain(string name)
    {
        if (name.Length is < 4 or > 253 || !name.Contains('.', StringComparison.Ordinal))
            return false;
        var labels = name.Split('.');
        foreach (var label in labels)
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-' || !label.All(c => char.IsLetterOrDigit(c) || c is '-' or '_'))
                return false;
        return s_topLevel.Contains(TopLevel(labels[^1]));
    }

    /// <summary>A name whose last label may be a top-level domain that we do not know: enough beside an at sign.</summary>
    private static bool IsName(string name) =>
        name.LastIndexOf('.') is > 0 and var dot && name.Length - dot is > 2 and < 25 && name[(dot + 1)..].All(char.IsAsciiLetter) && name[..dot].Split('.').All(l => l.Length is > 0 and <= 63 && l.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    private static string TopLevel(string label)
    {
        if (System.Text.Ascii.IsValid(label))
            return label.ToLowerInvariant();
        try
        {
            return new System.Globalization.IdnMapping().GetAscii(label);
        }
        catch (ArgumentException)
        {
            return "";
        }
    }

    private static string Usual(string kind, string value) => kind switch
    {
        "ipv6" => IPAddress.Parse(value).ToString(),
        "domain" => value.ToLowerInvariant(),
        _ => value,
    };

    /// <summary>A hash that is the whole word, with or without 0x; within letters only when it mixes digits and letters.</summary>
    private static (string Type, string Value)? HashIn(string word)
    {
        var bare = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? word[2..] : word;
        if (HashType(bare.Length) is { } whole && bare.All(char.IsAsciiHexDigit))
            return bare.Any(char.IsAsciiLetter) ? (whole, bare) : null;
        for (var i = 0; i < word.Length;)
        {
            var end = i;
            while (end < word.Length && char.IsAsciiHexDigit(word[end]))
                end++;
            if (HashType(end - i) is { } type && word.AsSpan(i, end - i) is var run && run.ContainsAnyInRange('0', '9') && run.ContainsAnyExceptInRange('0', '9')
                && (i == 0 || char.IsLetter(word[i - 1]) || word[i - 1] is '_' or ':' or '.' or '@') && (end == word.Length || char.IsLetter(word[end]) || word[end] is ':' or '.' or '@'))
                return (type, word[i..end]);
            i = Math.Max(end, i + 1);
        }
        return null;
    }

    private static string? HashType(int length) => length switch { 32 => "md5", 40 => "sha1", 64 => "sha256", 128 => "sha512", _ => null };

    /// <summary>A hash of another kind has the length of a usual one; the word before it says which it is.</summary>
    private static string Named(string text, int at, string type)
    {
        var before = text[Math.Max(0, at - 24)..at].TrimEnd(' ', '\t', '\r', '\n', ':', '-', '=', '"', '\'').ToLowerInvariant();
        return type == "md5" && (before.EndsWith("imphash", StringComparison.Ordinal) || before.EndsWith("import hash", StringComparison.Ordinal)) ? "imphash"
            : type == "sha256" && before.EndsWith("authentihash", StringComparison.Ordinal) ? "authentihash"
            : type;
    }

    /// <summary>An IPv4 address between letters ("from192.0.2.1to"); one letter before it makes it a version ("v1.2.3.4").</summary>
    private static (int From, int Length) Within(string word)
    {
        var from = word.TakeWhile(char.IsLetter).Count();
        var length = word.Skip(from).TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        return from != 1 && from + length <= word.Length && word.Skip(from + length).All(char.IsLetter) && Address(word.Substring(from, length)) == "ipv4" ? (from, length) : (-1, 0);
    }

    private static bool IsCve(string word)
    {
        var parts = word.Split('-');
        return parts.Length == 3 && parts[0].Equals("CVE", StringComparison.OrdinalIgnoreCase) && parts[1].Length == 4 && parts[1].All(char.IsAsciiDigit)
            && parts[2].Length is >= 4 and <= 8 && parts[2].All(char.IsAsciiDigit);
    }

    /// <summary>"CVE 2014-1001": the number after a blank.</summary>
    private static string? SpacedCve(string text, int end)
    {
        var stop = end + 1;
        while (stop < text.Length && stop - end <= 14 && (char.IsAsciiDigit(text[stop]) || text[stop] == '-'))
            stop++;
        var id = stop > end + 1 && text[end] == ' ' ? $"CVE-{text[(end + 1)..stop]}" : "";
        return IsCve(id) ? id : null;
    }

    /// <summary>AS64496, ASN64496, AS 64496: the last only with capital letters, since "as 2014" is English.</summary>
    private static string? AutonomousSystem(string text, int start, int end)
    {
        var word = text[start..end];
        var letters = word.TakeWhile(char.IsAsciiLetter).Count();
        var prefix = word[..letters];
        if (!prefix.Equals("AS", StringComparison.OrdinalIgnoreCase) && !prefix.Equals("ASN", StringComparison.OrdinalIgnoreCase))
            return null;
        var digits = word[letters..];
        if (digits.Length == 0 && end < text.Length && text[end] == ' ' && (prefix == "AS" || prefix.Length == 3))
        {
            var next = end + 1;
            while (next < text.Length && next - end <= 11 && char.IsAsciiDigit(text[next]))
                next++;
            if (next == text.Length || !char.IsLetterOrDigit(text[next]))
                digits = text[(end + 1)..next];
        }
        return digits.Length is > 0 and <= 10 && digits.All(char.IsAsciiDigit) && uint.TryParse(digits, out var number) && number > 0 ? $"AS{number}" : null;
    }
}
