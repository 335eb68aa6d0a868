using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>A trace found in text.</summary>
/// <param name="Type">Its kind in the singular; the README of the kernel lists them.</param>
/// <param name="Value">Refanged and in its usual form.</param>
/// <param name="Raw">As it stands in the text.</param>
internal sealed record FoundObservable(string Type, string Value, string Raw)
{
    /// <summary>Where it was read from: text, or a part of a longer trace (url, url-path, email, cidr).</summary>
    public string From { get; init; } = "text";

    /// <summary>Place in the refanged text.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Place { get; init; }
}

/// <summary>Finds technical traces in text that may be defanged (<c>hxxp</c>, <c>[.]</c>). Walks the text a fixed number of times, so that its time grows with its length alone.</summary>
internal static class ObservableText
{
    private static readonly HashSet<string> s_topLevel = ReadTopLevel();

    private static readonly string[] s_schemes = ["http", "https", "ftp", "ftps", "sftp", "tcp", "udp", "ssh", "smb", "ldap", "ldaps", "rdp", "telnet", "ws", "wss", "tor"];

    /// <summary>Top-level domains that far more often end a file's name within a path.</summary>
    private static readonly HashSet<string> s_fileLike = ["zip", "py", "sh", "pl", "rs", "md", "so", "ps", "mov", "app", "cab", "bin", "cat", "pub"];

    private static readonly char[] s_pathBreaks = ['/', '?', '#', '&', '=', ';', ':', ',', '@', '|', '(', ')', '[', ']', '"', '\'', '<', '>', ' ', '~', '+', '!'];

    /// <summary>All traces in the order of the text; a URL also gives its host and the names in its path.</summary>
    public static IEnumerable<FoundObservable> Find(string text)
    {
        var clear = RefangedText.Of(text);
        var (shapes, masked) = Shapes.Find(clear.Text);
        var (paths, alsoMasked) = PathShapes.Find(clear.Text);
        var found = shapes.Concat(paths).Select(s => s with { Raw = clear.Raw(s.Place, s.Place + s.Raw.Length) }).ToList();
        var walked = WithoutRanges(clear.Text, masked.Concat(alsoMasked));
        foreach (var word in Words(clear, walked))
        {
            found.Add(word);
            // Far more than is kept of any text.
            if (found.Count > 20 * ParseLimits.Observables)
                break;
        }
        return found.OrderBy(f => f.Place);
    }

    private static IEnumerable<FoundObservable> Words(RefangedText clear, string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (IsBreak(text[i]))
            {
                i++;
                continue;
            }
            var end = i;
            while (end < text.Length && !IsBreak(text[end]))
                end++;
            foreach (var found in Word(clear, i, end))
                yield return found with { Place = i };
            i = end;
        }
    }

    private static string WithoutRanges(string text, IEnumerable<(int Start, int End)> ranges)
    {
        char[]? copy = null;
        foreach (var (start, end) in ranges)
            (copy ??= text.ToCharArray()).AsSpan(start, end - start).Fill('\n');
        return copy is null ? text : new string(copy);
    }

    private static IEnumerable<FoundObservable> Word(RefangedText clear, int start, int end)
    {
        while (start < end)
        {
            if (EncodedUrl.In(clear.Text.AsSpan(start, end - start)) is { } encoded)
            {
                yield return new("encoded_url", encoded, clear.Raw(start, end));
                foreach (var inner in Word(RefangedText.Of(encoded), 0, encoded.Length).Where(f => f.Type != "encoded_url"))
                    yield return inner with { From = "encoded" };
                yield break;
            }
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
            // "[https://a](https://a)": the link of Markdown.
            var link = clear.Text.IndexOf("](", scheme + 3, end - scheme - 3, StringComparison.Ordinal);
            var next = clear.Text.IndexOf("://", scheme + 3, end - scheme - 3, StringComparison.Ordinal);
            // Two addresses run together ("http://a/http://b") stay one; with a comma or bar between them they are two.
            var last = next < 0 ? end : UrlBreak(clear.Text, scheme + 3, next) is >= 0 and var cut ? cut : end;
            if (link >= 0 && link < last)
                last = link;
            var trimmed = TrimUrl(clear.Text, first, last);
            if (Url(clear, first, scheme, trimmed) is { } url)
            {
                yield return url.Whole;
                if (url.Host is not null)
                    yield return url.Host;
                foreach (var name in InPath(clear.Text, scheme + 3, trimmed))
                    yield return name;
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
        var hostAt = text.IndexOf(host, scheme + 3, StringComparison.Ordinal);
        var whole = new FoundObservable("url", string.Concat(text.AsSpan(first, scheme + 3 - first).ToString().ToLowerInvariant(), text.AsSpan(scheme + 3, hostAt - scheme - 3), host.ToLowerInvariant(), text.AsSpan(hostAt + host.Length, end - hostAt - host.Length)), clear.Raw(first, end));
        return (whole, kind is null ? null : new(kind, Usual(kind, host), host) { From = "url" });
    }

    /// <summary>Names in the path and query of a URL, also percent-encoded: where it leads on, or whose name it misuses.</summary>
    private static IEnumerable<FoundObservable> InPath(string text, int from, int end)
    {
        var start = text.AsSpan(from, end - from).IndexOfAny('/', '?', '#');
        if (start < 0)
            yield break;
        var path = text[(from + start)..end];
        if (path.Contains('%', StringComparison.Ordinal))
            path = Uri.UnescapeDataString(path);
        var (seen, query, place) = (0, path.IndexOf('?', StringComparison.Ordinal), 0);
        foreach (var piece in path.Split(s_pathBreaks, 200))
        {
            var name = piece.Trim('.', '-');
            var source = query >= 0 && place > query ? "url-query" : "url-path";
            place += piece.Length + 1;
            if (name.Length > 3 && IsDomain(name) && !s_fileLike.Contains(name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant()) && seen++ < 20)
                yield return new("domain", name.ToLowerInvariant(), name) { From = source };
        }
    }

    /// <summary>Words outside URLs: addresses, hashes, names, mail addresses, URLs without a scheme.</summary>
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
                if (b > a && WithoutScheme(clear.Text, a, stop, end) is { } host)
                {
                    var last = TrimUrl(clear.Text, a, end);
                    yield return new("url", clear.Text[a..last], clear.Raw(a, last));
                    yield return host;
                    foreach (var name in InPath(clear.Text, a, last))
                        yield return name;
                    yield break;
                }
                if (b > a)
                    foreach (var found in Classify(clear, a, b))
                        yield return found;
            }
            i = stop;
        }
    }

    /// <summary>The host of "example.org/path"; null when it is none, or a network ("192.0.2.0/24").</summary>
    private static FoundObservable? WithoutScheme(string text, int start, int stop, int end)
    {
        var slash = text.IndexOf('/', start, stop - start);
        if (slash <= start || start > 0 && text[start - 1] is '.' or '/' or '@')
            return null;
        var host = text[start..slash];
        if (host.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && Port(host[(colon + 1)..]))
            host = host[..colon];
        var kind = Address(host) is "ipv4" ? "ipv4" : IsDomain(host) ? "domain" : null;
        if (kind is null || kind == "ipv4" && (slash + 1 >= end || Prefix(text[(slash + 1)..stop]) is not null))
            return null;
        return new(kind, Usual(kind, host), host) { From = "url" };
    }

    /// <summary>The length of a network's prefix at the beginning of <paramref name="text"/>, when nothing else follows.</summary>
    private static int? Prefix(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        return digits is 1 or 2 && (digits == text.Length || !char.IsLetterOrDigit(text[digits]) && text[digits] != '/') && int.Parse(text[..digits], System.Globalization.CultureInfo.InvariantCulture) is <= 32 and var length ? length : null;
    }

    private static IEnumerable<FoundObservable> Classify(RefangedText clear, int start, int end)
    {
        var word = clear.Text[start..end];
        var raw = clear.Raw(start, end);
        if (word.Length > 320)
            yield break;
        if (HashIn(word) is { } hash)
        {
            var place = start + word.IndexOf(hash.Value, StringComparison.Ordinal);
            yield return new(Named(clear.Text, place, hash.Type), hash.Value.ToLowerInvariant(), clear.Raw(place, place + hash.Value.Length));
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
            // A dot before it makes it a part of something longer; the loopback address is nobody's.
            if (family == "ipv4" && AfterDot(clear.Text, start) || bare is "::1" or "::")
                yield break;
            if (family == "ipv4" && bare.Length < word.Length && Prefix(word[(bare.Length + 1)..]) is { } prefix)
            {
                yield return new("ipv4_cidr", $"{bare}/{prefix}", raw);
                yield return new(family, bare, bare) { From = "cidr" };
                yield break;
            }
            yield return new(family, Usual(family, bare), bare.Length < word.Length ? clear.Raw(start, start + bare.Length) : raw);
            yield break;
        }
        if (Within(bare) is { From: >= 0 } inner)
        {
            yield return new("ipv4", bare.Substring(inner.From, inner.Length), clear.Raw(start + inner.From, start + inner.From + inner.Length));
            yield break;
        }
        // 192.0.2.1:443
        if (bare.Count(c => c == ':') == 1 && bare.IndexOf(':', StringComparison.Ordinal) is var colon && Port(bare[(colon + 1)..]))
            bare = bare[..colon];
        if (Address(bare) == "ipv4")
        {
            if (!AfterDot(clear.Text, start))
                yield return new("ipv4", bare, clear.Raw(start, start + bare.Length));
            yield break;
        }
        var at = bare.LastIndexOf('@');
        if (at > 0 && at < bare.Length - 1)
        {
            var local = bare[..at].Split(':', '"', '@')[^1].TrimStart('-', '/');
            var domain = bare[(at + 1)..].TrimEnd('.');
            if ((IsDomain(domain) || IsName(domain)) && local.Length is > 0 and <= 64 && local.All(c => char.IsLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal)))
            {
                var name = domain.ToLowerInvariant();
                // Chat servers are known by their names alone.
                var type = name.Contains("jabber", StringComparison.Ordinal) || name.Contains("xmpp", StringComparison.Ordinal) ? "xmpp_address" : "email";
                var first = start + at - local.Length;
                yield return new(type, $"{local.ToLowerInvariant()}@{name}", clear.Raw(first, start + at + 1 + domain.Length));
                if (IsDomain(domain))
                    yield return new("domain", name, domain) { From = type == "email" ? "email" : "xmpp" };
            }
            yield break;
        }
        if (IsDomain(bare))
            yield return new("domain", bare.ToLowerInvariant(), raw);
    }

    /// <summary>One dot joins, several are punctuation.</summary>
    private static bool AfterDot(string text, int start) => start > 0 && text[start - 1] == '.' && (start == 1 || text[start - 2] != '.');

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
            if (c is '.' or ',' or ';' or ':' or '!' or '?' or '\'' or '*' or '|' || (c == '}' && !text.AsSpan(first, end - first).Contains('{')) || (c == ')' && !text.AsSpan(first, end - first).Contains('(')) || (c == ']' && !text.AsSpan(first, end - first).Contains('[')))
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
    private static bool IsBreak(char c) => char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or '"' or '`' or '\u201c' or '\u201d' or '\u00ab' or '\u00bb' or '\u3002' or '\uff0c' or '\uff1c' or '\uff1e' or '\u3001' or '\uff09' or '\u300d' or '\u200b';

    private static bool IsPieceBreak(char c) => c is ',' or ';' or '(' or ')' or '[' or ']' or '{' or '}' or '|' or '\'' or '=' or '*' or '\\' or '&';

    private static HashSet<string> ReadTopLevel()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("Appliance.Kernel.Mail.Parse.top-level-domains.txt")!);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries), "onion"];
    }
}
