using Appliance.Kernel.Csv;

namespace Appliance.Watch.Syndication;

/// <summary>Which column of a CSV feed means what: a header's name, or a number counted from 1 where there is no header.</summary>
internal sealed record CsvMapping
{
    public string Title { get; init; } = "";

    public string Summary { get; init; } = "";

    public string Link { get; init; } = "";

    public string Published { get; init; } = "";

    public string Id { get; init; } = "";

    /// <summary>One character, or empty to find it.</summary>
    public string Delimiter { get; init; } = "";

    public bool HasHeader { get; init; } = true;
}

/// <summary>Reads rows of a CSV feed as entries. Bad rows are counted, never swallow their neighbours.</summary>
internal static class CsvFeed
{
    private static readonly Dictionary<string, string[]> s_usual = new()
    {
        ["title"] = ["title", "name", "subject", "vulnerabilityname", "headline", "indicator", "ioc", "value", "domain", "url", "ip"],
        ["summary"] = ["summary", "description", "shortdescription", "details", "text", "comment", "threat", "tags"],
        ["link"] = ["link", "url", "href", "reference", "references", "urlhaus_link"],
        ["published"] = ["published", "date", "dateadded", "pubdate", "time", "timestamp", "first_seen", "firstseen", "created"],
        ["id"] = ["id", "guid", "cveid", "cve", "uuid"],
    };

    public static FeedReading Read(ReadOnlySpan<byte> content, Uri? source, CsvMapping mapping)
    {
        if (content.Length > FeedLimits.MaxBytes)
            return FeedReading.NotAFeed($"larger than {FeedLimits.MaxBytes / 1024 / 1024} MiB");
        var text = CsvReader.Decode(content) ?? FeedBytes.Decode(content, null);
        text = WithoutComments(text, mapping);
        var delimiter = mapping.Delimiter.Length == 1 ? mapping.Delimiter[0] : CsvReader.Delimiter(text);
        string[]? header = mapping.HasHeader ? null : [];
        Columns? columns = mapping.HasHeader ? null : Columns.Find(mapping, []);
        var (entries, bad) = (new List<FeedEntry>(), 0);
        foreach (var row in CsvReader.Read(text, delimiter).Where(r => !r.IsBlank))
        {
            if (header is null)
            {
                header = [.. row.Cells.Select(c => c.Trim().TrimStart('#').Trim().Trim('"'))];
                columns = Columns.Find(mapping, header);
                if (columns is null || row.Fault != CsvFault.None)
                    return FeedReading.NotAFeed($"no title column among: {PlainText.Literal(string.Join(", ", header), 200)}");
                continue;
            }
            if (columns is null)
                return FeedReading.NotAFeed("no column is mapped to the title");
            if (row.Fault != CsvFault.None || (header.Length > 0 && row.Cells.Count != header.Length) || columns.Entry(row.Cells, source) is not { } entry)
                bad++;
            else if (entries.Count < FeedLimits.MaxEntries)
                entries.Add(entry);
        }
        if (entries.Count == 0 && header is null)
            return FeedReading.NotAFeed("the file has no rows");
        return new(new("", source?.AbsoluteUri, "", "", null, null, entries, bad == 0 ? null : $"{bad} bad row(s)"), null);
    }

    /// <summary>Lists of indicators open with lines of <c>#</c>; the last of them may be the header.</summary>
    private static string WithoutComments(string text, CsvMapping mapping)
    {
        var at = 0;
        string? last = null;
        while (at < text.Length && text[at] == '#')
        {
            var end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end + 1;
            last = text[at..end];
            at = end;
        }
        var rest = text[at..];
        var commentIsHeader = mapping.HasHeader && last is not null && last.Count(c => c is ',' or ';' or '\t') > 0 && last.Count(c => c == ',') == rest[..Math.Max(0, rest.IndexOf('\n'))].Count(c => c == ',');
        return commentIsHeader ? last!.TrimStart('#', ' ') + rest : rest;
    }

    private sealed record Columns(int Title, int Summary, int Link, int Published, int Id)
    {
        public static Columns? Find(CsvMapping mapping, string[] header)
        {
            int At(string wanted, string role)
            {
                if (int.TryParse(wanted, out var number))
                    return number - 1;
                if (wanted.Length > 0)
                    return Array.FindIndex(header, h => h.Equals(wanted.Trim(), StringComparison.OrdinalIgnoreCase));
                foreach (var usual in s_usual[role])
                    if (Array.FindIndex(header, h => h.Replace(" ", "", StringComparison.Ordinal).Equals(usual, StringComparison.OrdinalIgnoreCase)) is >= 0 and var found)
                        return found;
                return -1;
            }
            var title = At(mapping.Title, "title");
            return title < 0 ? null : new(title, At(mapping.Summary, "summary"), At(mapping.Link, "link"), At(mapping.Published, "published"), At(mapping.Id, "id"));
        }

        public FeedEntry? Entry(IReadOnlyList<string> cells, Uri? source)
        {
            string Cell(int at) => at >= 0 && at < cells.Count ? CsvWriter.Plain(cells[at].Trim()) : "";
            var title = PlainText.Line(Cell(Title), FeedLimits.MaxTitle);
            if (title.Length == 0)
                return null;
            var link = Cell(Link);
            var isHttp = Uri.TryCreate(link, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", UserInfo: "" } && link.Length <= FeedLimits.MaxLink;
            var published = FeedDates.Read(Cell(Published));
            var summary = Summary == Title ? "" : PlainText.Lines(Cell(Summary), FeedLimits.MaxSummary);
            return new(PlainText.Literal(Cell(Id), FeedLimits.MaxLink), title, summary, isHttp ? uri!.AbsoluteUri : null, published, published);
        }
    }
}
