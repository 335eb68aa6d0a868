using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>A trace found in text.</summary>
/// <param name="Type">ipv4 ipv6 domain url email md5 sha1 sha256 cve asn.</param>
/// <param name="Value">Refanged and in its usual form.</param>
/// <param name="Raw">As it stands in the text.</param>
internal sealed record FoundObservable(string Type, string Value, string Raw);

/// <summary>Finds technical traces in text that may be defanged (<c>hxxp</c>, <c>[.]</c>). Walks the text once, so that its time grows with its length alone.</summary>
internal static class ObservableText
{
    private static readonly HashSet<string> s_topLevel = ReadTopLevel();

    private static readonly string[] s_schemes = ["http", "https", "ftp", "ftps", "sftp", "tcp", "udp", "ssh", "smb", "ldap", "ldaps", "rdp", "telnet", "ws", "wss", "tor"];

    /// <summary>All traces in the order of the text; a URL also gives its host.</summary>
    public static IEnumerable<FoundObservable> Find(string text)
    {
        var clear = RefangedText.Of(text);
        var i = 0;
        while (i < clear.Text.Length)
        {
            if (IsBreak(clear.Text[i]))
            {
                i++;
                continue;
            }
            var end = i;
            while (end < clear.Text.Length && !IsBreak(clear.Text[end]))
                end++;
            foreach (var found in Word(clear, i, end))
                yield return found;
            i = end;
        }
    }

    private static IEnumerable<FoundObservable> Word(RefangedText clear, int start, int end)
    {
        while (start < end)
        {
            var scheme = clear.Text.IndexOf("://", start, end - start, StringComparison.Ordinal);
            var first = scheme < 0 ? -1 : SchemeStart(clear.Text, start, scheme);
            if (first < 0)
            {
                // No readable scheme: an odd "://" splits the word and is walked over.
                var stop = scheme < 0 ? end : scheme;
                foreach (var found in Pieces(clear, start, stop))
                    yield return found;
                start = scheme < 0 ? end : scheme + 3;
                continue;
            }
            foreach (var found in Pieces(clear, start, first))
                yield return found;
            var next = clear.Text.IndexOf("://", scheme + 3, end - scheme - 3, StringComparison.Ordinal);
            // Two addresses run together ("http://a/http://b") stay one; with a comma or bar between them they are two.
            var last = next < 0 ? end : UrlBreak(clear.Text, scheme + 3, next) is >= 0 and var cut ? cut : end;
            var trimmed = TrimUrl(clear.Text, first, last);
            if (Url(clear, first, scheme, trimmed) is { } url)
            {
                yield return url.Whole;
                if (url.Host is not null)
                    yield return url.Host;
            }
            start = last;
        }
    }

    private static (FoundObservable Whole, FoundObservable? Host)? Url(RefangedText clear, int first, int scheme, int end)
    {
        var text = clear.Text;
        var hostStart = scheme + 3;
        var hostEnd = hostStart;
        var bracket = hostEnd < end && text[hostEnd] == '[';
        while (hostEnd < end && (bracket || text[hostEnd] is not ('/' or '?' or '#')))
        {
            bracket &= text[hostEnd] != ']';
            hostEnd++;
        }
        var authority = text[hostStart..hostEnd];
        var user = authority.LastIndexOf('@');
        var host = user >= 0 ? authority[(user + 1)..] : authority;
        if (host.StartsWith('['))
            host = host.Contains(']', StringComparison.Ordinal) ? host[1..host.IndexOf(']', StringComparison.Ordinal)] : "";
        else if (host.Count(c => c == ':') == 1)
            host = host[..host.IndexOf(':', StringComparison.Ordinal)];
        host = host.TrimEnd('.');
        if (host.Length == 0)
            return null;
        var kind = Address(host) ?? (IsDomain(host) ? "domain" : null);
        // A host without a known top level (internal names) still makes a URL when it is written with a scheme of the web.
        if (kind is null && !host.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_'))
            return null;
        var whole = new FoundObservable("url", text[first..end], clear.Raw(first, end));
        return (whole, kind is null ? null : new(kind, Usual(kind, host), host));
    }

    /// <summary>Words outside URLs: addresses, hashes, names, mail addresses.</summary>
    private static IEnumerable<FoundObservable> Pieces(RefangedText clear, int start, int end)
    {
        var i = start;
        while (i < end)
        {
            while (i < end && IsPieceBreak(clear.Text[i]))
                i++;
            var stop = i;
            while (stop < end && !IsPieceBreak(clear.Text[stop]))
                stop++;
            if (stop > i)
            {
                var (a, b) = Trim(clear.Text, i, stop);
                if (b > a)
                    foreach (var found in Classify(clear, a, b))
                        yield return found;
            }
            i = stop;
        }
    }

    private static IEnumerable<FoundObservable> Classify(RefangedText clear, int start, int end)
    {
        var word = clear.Text[start..end];
        var raw = clear.Raw(start, end);
        if (word.Length > 320)
            yield break;
        if (Hash(word) is { } hash)
        {
            yield return new(hash, word.ToLowerInvariant(), raw);
            yield break;
        }
        if (IsCve(word))
        {
            yield return new("cve", word.ToUpperInvariant(), raw);
            yield break;
        }
        if (word.Equals("CVE", StringComparison.OrdinalIgnoreCase) && SpacedCve(clear.Text, end) is { } spaced)
        {
            yield return new("cve", spaced, raw);
            yield break;
        }
        if (AutonomousSystem(clear.Text, start, end) is { } number)
        {
            yield return new("asn", number, raw);
            yield break;
        }
        var bare = word.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? word[..slash] : word;
        if (Address(bare) is { } family)
        {
            yield return new(family, Usual(family, bare), raw);
            yield break;
        }
        // 192.0.2.1:443
        if (bare.Count(c => c == ':') == 1 && bare.IndexOf(':', StringComparison.Ordinal) is var colon && Port(bare[(colon + 1)..]))
            bare = bare[..colon];
        if (Address(bare) == "ipv4")
        {
            yield return new("ipv4", bare, raw);
            yield break;
        }
        var at = bare.LastIndexOf('@');
        if (at > 0 && at < bare.Length - 1)
        {
            var local = bare[..at].Split(':')[^1];
            var domain = bare[(at + 1)..].TrimEnd('.');
            if (IsDomain(domain) && local.Length is > 0 and <= 64 && local.All(c => char.IsLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal)))
            {
                yield return new("email", $"{local}@{domain.ToLowerInvariant()}", raw);
                yield return new("domain", domain.ToLowerInvariant(), domain);
            }
            yield break;
        }
        if (IsDomain(bare))
            yield return new("domain", bare.ToLowerInvariant(), raw);
    }

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

    private static string? Hash(string word) => word.Length is 32 or 40 or 64 && word.All(char.IsAsciiHexDigit) && word.Any(char.IsAsciiDigit) && word.Any(char.IsAsciiLetter)
        ? word.Length switch { 32 => "md5", 40 => "sha1", _ => "sha256" }
        : null;

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

    private static bool Port(string text) => text.Length is > 0 and <= 5 && text.All(char.IsAsciiDigit);

    private static int SchemeStart(string text, int start, int colon)
    {
        var first = colon;
        while (first > start && char.IsAsciiLetter(text[first - 1]))
            first--;
        // "seehttp://" : the scheme is what the letters end with.
        var letters = text[first..colon].ToLowerInvariant();
        if (Array.Exists(s_schemes, s => s == letters))
            return first;
        foreach (var scheme in (ReadOnlySpan<string>)["https", "http", "ftp"])
            if (letters.EndsWith(scheme, StringComparison.Ordinal))
                return colon - scheme.Length;
        return -1;
    }

    private static int UrlBreak(string text, int from, int nextScheme)
    {
        var start = SchemeStart(text, from, nextScheme);
        return start > from && text[start - 1] is ',' or ';' or '|' ? start - 1 : -1;
    }

    private static int TrimUrl(string text, int first, int end)
    {
        while (end > first)
        {
            var c = text[end - 1];
            if (c is '.' or ',' or ';' or ':' or '!' or '?' or '\'' or '*' || (c == ')' && !text.AsSpan(first, end - first).Contains('(')) || (c == ']' && !text.AsSpan(first, end - first).Contains('[')))
                end--;
            else
                break;
        }
        return end;
    }

    private static (int Start, int End) Trim(string text, int start, int end)
    {
        while (start < end && !char.IsLetterOrDigit(text[start]) && text[start] is not (':' or '_'))
            start++;
        while (end > start && !char.IsLetterOrDigit(text[end - 1]) && text[end - 1] != ':')
            end--;
        return (start, end);
    }

    /// <summary>Ends a word for good.</summary>
    private static bool IsBreak(char c) => char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or '"' or '`' or '\u201c' or '\u201d' or '\u00ab' or '\u00bb' or '\u3002' or '\uff0c';

    private static bool IsPieceBreak(char c) => c is ',' or ';' or '(' or ')' or '[' or ']' or '{' or '}' or '|' or '\'' or '=' or '*' or '\\' or '&';

    private static HashSet<string> ReadTopLevel()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("Appliance.Kernel.Mail.Parse.top-level-domains.txt")!);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
