using System.Reflection;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>A trace found in text.</summary>
/// <param name="Type">Its kind in the singular; the README of the kernel lists them.</param>
/// <param name="Value">Refanged and in its usual form.</param>
/// <param name="Raw">As it stands in the text.</param>
internal sealed record FoundObservable(string Type, string Value, string Raw)
{
    /// <summary>The <see cref="From"/> of a name at the end of a path that is a file's far more often than a domain's. Said to who asks for everything, no trace of a report.</summary>
    public const string FileName = "file-name";

    /// <summary>Where it was read from: text, or a part of a longer trace (url, url-path, email, cidr, file-name).</summary>
    public string From { get; init; } = "text";

    /// <summary>Place in the refanged text.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Place { get; init; }
}

/// <summary>Finds technical traces in text that may be defanged (<c>hxxp</c>, <c>[.]</c>). Walks the text a fixed number of times, so that its time grows with its length alone.</summary>
internal static partial class ObservableText
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
        var found = shapes.Concat(paths).Concat(paths.SelectMany(LastName)).Select(s => s with { Raw = clear.Raw(s.Place, s.Place + s.Raw.Length) }).ToList();
        var walked = WithoutRanges(clear.Text, masked.Concat(alsoMasked));
        foreach (var word in Words(clear, walked))
        {
            found.Add(word);
            // Far more than is kept of any text.
            if (found.Count > 20 * ParseLimits.Observables)
                break;
        }
        // Written as a domain elsewhere in the text, it is one.
        var domains = found.Where(f => f.Type == "domain" && f.From != FoundObservable.FileName).Select(f => f.Value).ToHashSet(StringComparer.Ordinal);
        return found.Where(f => f.From != FoundObservable.FileName || !domains.Contains(f.Value)).OrderBy(f => f.Place);
    }

    /// <summary>The last part of a file's path, where it could also be a domain.</summary>
    private static IEnumerable<FoundObservable> LastName(FoundObservable path)
    {
        var name = path.Type == "file_path" ? path.Raw[(path.Raw.LastIndexOfAny(['/', '\\']) + 1)..] : "";
        return IsFileLike(name) && IsDomain(name) ? [new("domain", name.ToLowerInvariant(), name) { From = FoundObservable.FileName, Place = path.Place + path.Raw.Length - name.Length }] : [];
    }

    private static bool IsFileAlways(string name) => name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".mov", StringComparison.OrdinalIgnoreCase);

    private static bool IsFileLike(string name) => s_fileLike.Contains(name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant());

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
            if (stop > i && Literal(clear, i, stop) is { } literal)
            {
                yield return literal.Mail;
                yield return literal.Host;
                stop = literal.End;
            }
            else if (stop > i)
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

    /// <summary>A mailbox whose host is an address in brackets, <c>name@[192.0.2.1]</c> or <c>name@[IPv6:2001:db8::1]</c> (RFC 5321, 4.1.3). The text stands at the bracket.</summary>
    private static (FoundObservable Mail, FoundObservable Host, int End)? Literal(RefangedText clear, int start, int bracket)
    {
        var text = clear.Text;
        if (bracket >= text.Length || text[bracket] != '[' || text[bracket - 1] != '@' || text.IndexOf(']', bracket, Math.Min(64, text.Length - bracket)) is not (> 0 and var close))
            return null;
        var local = text[start..(bracket - 1)];
        var host = text[(bracket + 1)..close];
        var address = host.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase) ? host[5..] : host;
        return Address(address) is { } family && IsLocalPart(local)
            ? (new("email", $"{local.ToLowerInvariant()}@[{host.ToLowerInvariant()}]", clear.Raw(start, close + 1)), new(family, Usual(family, address), address) { From = "email" }, close + 1)
            : null;
    }

    private static bool IsLocalPart(string local) => local.Length is > 0 and <= 64 && local.All(c => char.IsLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal));

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
            if ((IsDomain(domain) || IsName(domain)) && IsLocalPart(local))
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
            // "report.zip" in running text is a file; "report[.]zip" somebody took for a domain.
            yield return new("domain", bare.ToLowerInvariant(), raw) { From = IsFileAlways(bare) && raw.Contains(bare, StringComparison.Ordinal) ? FoundObservable.FileName : "text" };
    }

    /// <summary>One dot joins, several are punctuation.</summary>
    private static bool AfterDot(string text, int start) => start > 0 && text[start - 1] == '.' && (start == 1 || text[start - 2] != '.');

    private static bool Port(string text) => text.Length is > 0 and <= 5 && text.All(char.IsAsciiDigit);

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
