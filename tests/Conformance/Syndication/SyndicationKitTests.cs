using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Appliance.Tests;
using Appliance.Watch.Syndication;
using Xunit;

namespace Appliance.Conformance.Syndication;

/// <summary>The kit <c>syndication</c>: published feeds with other readers' answers. Nothing is fetched.</summary>
public sealed partial class SyndicationKitTests(ITestOutputHelper output)
{
    private const string Name = "syndication";

    /// <summary>Values that agree, of those stated. Raise it with the reader; it never falls.</summary>
    private const double Floor = 0.94;

    [KitFact(Name)]
    public void Fields_agree_with_the_other_reader()
    {
        var (equal, stated) = (0, 0);
        var byFolder = new SortedDictionary<string, (int Equal, int Stated)>(StringComparer.Ordinal);
        var misses = new List<string>();
        foreach (var row in Rows("expected.jsonl"))
        {
            var file = row.GetProperty("file").GetString()!;
            var feed = Read(row, file).Feed;
            var folder = string.Join("__", Path.GetFileNameWithoutExtension(file).Split("__")[..^1].Take(2));
            foreach (var (name, expected, actual) in Compare(row, feed))
            {
                var same = Same(name, expected, actual);
                var sums = byFolder.GetValueOrDefault(folder);
                byFolder[folder] = (sums.Equal + (same ? 1 : 0), sums.Stated + 1);
                (equal, stated) = (equal + (same ? 1 : 0), stated + 1);
                if (!same)
                    misses.Add($"{Path.GetFileName(file)} {name}: expected '{expected}' got '{actual}'");
            }
        }
        foreach (var (folder, sums) in byFolder)
            output.WriteLine($"{folder}: {sums.Equal} of {sums.Stated}");
        foreach (var miss in misses)
            output.WriteLine(miss);
        output.WriteLine($"in all {equal} of {stated} values");
        Assert.True(stated > 250, $"the kit states {stated} values");
        Assert.True(equal >= Floor * stated, $"{equal} of {stated} values agree, the floor is {Floor:P0}");
    }

    [KitFact(Name)]
    public void Nothing_that_a_stranger_wrote_keeps_its_markup()
    {
        var rows = Rows("sanitize.jsonl").ToList();
        var hits = new List<string>();
        var (acceptable, kept) = (0, 0);
        foreach (var row in rows)
        {
            var file = row.GetProperty("file").GetString()!;
            var feed = Read(row, file).Feed;
            var texts = feed is null ? [] : feed.Entries.SelectMany(e => new[] { e.Title, e.Summary, e.Content, e.Link ?? "" }).Append(feed.Title).Append(feed.Description).Append(feed.Link ?? "").ToList();
            foreach (var forbidden in row.GetProperty("mustNotContain").EnumerateArray().Select(f => f.GetString()!))
                if (texts.Exists(t => White().Replace(t, "").Contains(forbidden, StringComparison.OrdinalIgnoreCase)))
                    hits.Add($"{file}: {forbidden}");
            if (!Path.GetFileName(file).StartsWith("acceptable_", StringComparison.Ordinal) || row.GetProperty("reference").GetString() is not { } reference)
                continue;
            var visible = PlainText.Line(reference, 4_000);
            acceptable++;
            kept += texts.Exists(t => White().Replace(t, "").Contains(White().Replace(visible, ""), StringComparison.Ordinal)) ? 1 : 0;
        }
        output.WriteLine($"{rows.Count} files, {hits.Count} hits; visible text kept in {kept} of {acceptable}");
        foreach (var hit in hits)
            output.WriteLine(hit);
        Assert.True(rows.Count > 400);
        Assert.Empty(hits);
        Assert.True(kept >= 0.95 * acceptable, $"visible text kept in {kept} of {acceptable}");
    }

    [KitFact(Name)]
    public void No_document_throws_or_takes_long()
    {
        var (read, feeds) = (0, 0);
        foreach (var list in new[] { "neverthrow.jsonl", "expected.jsonl", "sanitize.jsonl" })
        {
            foreach (var row in Rows(list))
            {
                var clock = Stopwatch.StartNew();
                var reading = Read(row, row.GetProperty("file").GetString()!);
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{row.GetProperty("file")} took {clock.Elapsed}");
                Assert.True(reading.Feed is not null || reading.Fault is not null);
                read++;
                feeds += reading.Feed is null ? 0 : 1;
            }
        }
        output.WriteLine($"{read} documents, {feeds} read as feeds");
        Assert.True(read > 1_000);
        Assert.True(feeds > 0.8 * read, $"only {feeds} of {read} documents were read as feeds");
    }

    private static IEnumerable<JsonElement> Rows(string list) =>
        File.ReadLines(Path.Combine(Kit.Require(Name), list)).Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<JsonElement>(l));

    private static FeedReading Read(JsonElement row, string file)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Kit.Require(Name), file));
        var url = row.TryGetProperty("url", out var given) && given.GetString() is { } text ? new Uri(text) : new Uri("http://127.0.0.1/feed.xml");
        string? Header(string name) => row.TryGetProperty("headers", out var headers) && headers.EnumerateObject().FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
        var location = Uri.TryCreate(Header("content-location"), UriKind.RelativeOrAbsolute, out var at) ? at : null;
        return FeedReader.Read(bytes, url, Header("content-type"), location);
    }

    private static IEnumerable<(string Name, string Expected, string? Actual)> Compare(JsonElement row, FeedDocument? feed)
    {
        foreach (var field in row.GetProperty("feed").EnumerateObject())
            if (OfFeed(field.Name, feed) is { } value)
                yield return (field.Name, Text(field.Value), value.Value);
        foreach (var entry in row.GetProperty("entries").EnumerateObject())
        {
            var ours = feed is not null && int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture) < feed.Entries.Count ? feed.Entries[int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture)] : null;
            foreach (var field in entry.Value.EnumerateObject())
                if (OfEntry(field.Name, ours) is { } value)
                    yield return (field.Name, Text(field.Value), value.Value);
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.ToString();

    /// <summary>The fields this reader has; the raw date texts and per-element languages of the other reader are no fields of ours.</summary>
    private static Box? OfFeed(string name, FeedDocument? feed) => name switch
    {
        "title" => new(feed?.Title),
        "link" or "firstLink" => new(feed?.Link),
        "description" or "subtitle" or "summary" => new(feed?.Description),
        "language" => new(feed?.Language),
        "id" => new(feed?.Id),
        "updated_parsed" or "published_parsed" => new(Time(feed?.Updated)),
        _ => null,
    };

    private static Box? OfEntry(string name, FeedEntry? entry) => name switch
    {
        "title" => new(entry?.Title),
        "link" or "firstLink" => new(entry?.Link),
        "summary" or "description" => new(entry?.Summary),
        "content" => new(entry?.Content),
        "id" => new(entry?.Id),
        "language" => new(entry?.Language),
        "published_parsed" => new(Time(entry?.Published)),
        "updated_parsed" => new(Time(entry?.Updated)),
        _ => null,
    };

    private static string? Time(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Our texts are plain: markup in the expected value is reduced to its text first.</summary>
    private static bool Same(string name, string expected, string? actual) => name switch
    {
        "title" or "summary" or "description" or "subtitle" or "content" => Plain(expected) == Plain(actual ?? "\u0001"),
        _ => expected == actual,
    };

    private static string Plain(string text) => White().Replace(PlainText.Line(text, 20_000), "");

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex White();

    private readonly record struct Box(string? Value);
}
