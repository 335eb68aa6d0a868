namespace Appliance.Kernel.Mail.Parse;

/// <summary>Where a URL begins and ends in running text, and what its host and path name.</summary>
internal static partial class ObservableText
{
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
            if (name.Length > 3 && IsDomain(name) && seen++ < 20)
                yield return new("domain", name.ToLowerInvariant(), name) { From = IsFileLike(name) ? FoundObservable.FileName : source };
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
        var kind = Address(host) is "ipv4" ? "ipv4" : IsDomain(host) && !IsFileAlways(host) ? "domain" : null;
        if (kind is null || kind == "ipv4" && (slash + 1 >= end || Prefix(text[(slash + 1)..stop]) is not null))
            return null;
        return new(kind, Usual(kind, host), host) { From = "url" };
    }

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
}
