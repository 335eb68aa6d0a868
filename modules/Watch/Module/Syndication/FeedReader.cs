namespace Appliance.Watch.Syndication;

/// <summary>Reads RSS 0.9x, 1.0 and 2.0 and Atom 0.3 and 1.0, sound or damaged. Never throws on content; fetches and expands nothing.</summary>
internal static class FeedReader
{
    /// <summary>Reads a document that came from <paramref name="source"/>.</summary>
    public static FeedReading Read(ReadOnlySpan<byte> content, Uri? source, string? contentType = null, Uri? contentLocation = null)
    {
        if (content.Length > FeedLimits.MaxBytes)
            return FeedReading.NotAFeed($"larger than {FeedLimits.MaxBytes / 1024 / 1024} MiB");
        var text = FeedBytes.Tidy(FeedBytes.Decode(content, contentType));
        var (root, damage) = FeedNode.Read(text);
        if (root is null)
            return FeedReading.NotAFeed(damage ?? "no XML element");
        var home = contentLocation is null ? source : source is null ? contentLocation : Resolve(source, contentLocation.OriginalString) ?? source;
        return root.Name.ToLowerInvariant() switch
        {
            "rss" or "rdf" => new(ReadRss(root, home, damage), null),
            "channel" => new(ReadRss(root, home, damage), null),
            "feed" => new(ReadAtom(root, home, damage), null),
            _ => FeedReading.NotAFeed($"the document's element is '{PlainText.Literal(root.Name, 60)}'{(damage is null ? "" : ", " + damage)}"),
        };
    }

    private static FeedDocument ReadRss(FeedNode root, Uri? home, string? damage)
    {
        var channel = root.Name.Equals("channel", StringComparison.OrdinalIgnoreCase) ? root : root.Child("channel") ?? root;
        var items = root.Children.Concat(ReferenceEquals(channel, root) ? [] : channel.Children)
            .Where(c => c.Name.Equals("item", StringComparison.OrdinalIgnoreCase) || c.Name.Equals("entry", StringComparison.OrdinalIgnoreCase))
            .Take(FeedLimits.MaxEntries);
        return new(
            Title(channel),
            Link(channel, home),
            Words(channel.Child("description", "tagline", "dc:description", "itunes:subtitle", "subtitle", "itunes:summary"), FeedLimits.MaxSummary),
            (channel.Child("language", "dc:language")?.Text ?? Language(channel)).Trim(),
            channel.Child("id", "guid")?.Text.Trim(),
            FeedDates.Read(channel.Child("lastbuilddate", "pubdate", "dc:date", "modified", "updated", "dcterms:modified")?.Text),
            [.. items.Select(i => ReadEntry(i, home))],
            damage);
    }

    private static FeedDocument ReadAtom(FeedNode root, Uri? home, string? damage) => new(
        Title(root),
        Link(root, home),
        Words(root.Child("subtitle", "tagline", "info", "description"), FeedLimits.MaxSummary),
        Language(root),
        root.Child("id")?.Text.Trim(),
        FeedDates.Read(root.Child("updated", "modified", "dc:date", "pubdate")?.Text),
        [.. root.Children.Where(c => c.Name.Equals("entry", StringComparison.OrdinalIgnoreCase) || c.Name.Equals("item", StringComparison.OrdinalIgnoreCase)).Take(FeedLimits.MaxEntries).Select(e => ReadEntry(e, home))],
        damage);

    private static FeedEntry ReadEntry(FeedNode entry, Uri? home)
    {
        var summary = entry.Child("summary", "description", "abstract", "dc:description", "itunes:summary", "itunes:subtitle", "media:description");
        var content = entry.Child("content:encoded", "content", "fullitem", "xhtml:body", "body", "xhtml:div", "media:text");
        var published = FeedDates.Read(entry.Child("published", "issued", "pubdate", "dcterms:issued", "dc:date", "created", "dcterms:created")?.Text);
        var updated = FeedDates.Read(entry.Child("updated", "modified", "dcterms:modified", "dc:date", "pubdate")?.Text);
        var guid = entry.Child("guid", "id");
        var id = (guid?.Text ?? entry.Attribute("rdf:about") ?? "").Trim();
        var link = Link(entry, home);
        // A guid is an address unless it says otherwise (RSS 2.0).
        if (link is null && guid is not null && !string.Equals(guid.Attribute("isPermaLink"), "false", StringComparison.OrdinalIgnoreCase))
            link = Http(home, guid.Text, guid);
        return new(
            PlainText.Literal(id, FeedLimits.MaxLink),
            Title(entry),
            Words(summary ?? content, FeedLimits.MaxSummary),
            link,
            published ?? updated,
            updated ?? published,
            Language(entry),
            Words(content, FeedLimits.MaxContent));
    }

    private static string Title(FeedNode node)
    {
        var title = node.Child("title", "dc:title", "media:title", "itunes:title");
        return title is null ? "" : PlainText.Line(MarkupOf(title), FeedLimits.MaxTitle);
    }

    private static string Words(FeedNode? node, int max) => node is null ? "" : PlainText.Lines(MarkupOf(node), max);

    /// <summary>What the element says as markup: Atom's types and modes, RSS's habit of escaping, and children where there are any.</summary>
    private static string MarkupOf(FeedNode node)
    {
        var type = (node.Attribute("type") ?? "").Trim().ToLowerInvariant();
        var mode = (node.Attribute("mode") ?? "").Trim().ToLowerInvariant();
        // Atom 1.0: a type that is neither text nor markup is base64; Atom 0.3 says so in its mode.
        var binary = mode == "base64" || (mode.Length == 0 && type.Contains('/') && !type.StartsWith("text/", StringComparison.Ordinal) && !type.EndsWith("xml", StringComparison.Ordinal));
        if (binary && node.Children.Count == 0 && FromBase64(node.Text) is { } decoded)
            return decoded;
        if (node.Children.Count > 0)
            return node.Markup;
        var plain = type is "text" or "text/plain" && mode.Length == 0;
        return plain && !node.Text.Contains('<', StringComparison.Ordinal) ? node.Text.Replace("&", "&amp;", StringComparison.Ordinal) : node.Text;
    }

    private static string? Link(FeedNode node, Uri? home)
    {
        var links = node.Children.Where(c => c.Name.Equals("link", StringComparison.OrdinalIgnoreCase)).ToList();
        var best = links.Find(l => l.Attribute("href") is not null && Rel(l) is "alternate" or "" && !IsFeed(l))
            ?? links.Find(l => l.Attribute("href") is null && l.Text.Trim().Length > 0)
            ?? links.Find(l => l.Attribute("href") is not null && Rel(l) is "alternate" or "")
            ?? links.Find(l => l.Attribute("href") is not null && Rel(l) is "related" or "via");
        var text = best?.Attribute("href") ?? best?.Text ?? node.Child("uri", "url")?.Text;
        return text is null ? null : Http(home, text, best ?? node);

        static string Rel(FeedNode link) => (link.Attribute("rel") ?? "").Trim().ToLowerInvariant();

        static bool IsFeed(FeedNode link) => (link.Attribute("type") ?? "").Contains("atom", StringComparison.OrdinalIgnoreCase) || (link.Attribute("type") ?? "").Contains("rss", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>An absolute http or https address, resolved against <c>xml:base</c> and the document's own; anything else is dropped.</summary>
    private static string? Http(Uri? home, string text, FeedNode at)
    {
        text = new string([.. text.Trim().Where(c => !char.IsControl(c))]);
        if (text.Length is 0 or > FeedLimits.MaxLink)
            return null;
        var found = Resolve(BaseOf(at, home), text);
        return found is { Scheme: "http" or "https", UserInfo: "" } ? Written(found, text) : null;
    }

    /// <summary>As it was written where it was absolute and clean already, so that a person recognises it.</summary>
    private static string Written(Uri uri, string text) =>
        text.StartsWith("http", StringComparison.OrdinalIgnoreCase) && text.Contains("://", StringComparison.Ordinal) && !text.AsSpan().ContainsAny(" <>\"{}|\\^`") ? text : uri.AbsoluteUri;

    private static Uri? BaseOf(FeedNode node, Uri? home)
    {
        var chain = new List<string>();
        for (var at = node; at is not null; at = at.Parent)
            if (at.Attribute("xml:base") is { } part)
                chain.Add(part);
        var result = home;
        for (var i = chain.Count - 1; i >= 0; i--)
            result = Resolve(result, chain[i].Trim()) ?? result;
        return result;
    }

    private static Uri? Resolve(Uri? home, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var absolute) && !(text.StartsWith('/') && absolute.IsFile))
            return absolute;
        return home is not null && Uri.TryCreate(home, text, out var relative) ? relative : null;
    }

    private static string Language(FeedNode node)
    {
        for (var at = node; at is not null; at = at.Parent)
            if (at.Attribute("xml:lang") is { } language)
                return PlainText.Literal(language, 20);
        return "";
    }

    private static string? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var length) ? FeedBytes.Decode(bytes.AsSpan(0, length), null) : null;
    }
}
