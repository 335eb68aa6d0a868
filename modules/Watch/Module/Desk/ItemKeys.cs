using System.Security.Cryptography;
using System.Text;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Desk;

/// <summary>By what an entry is known again, in its own source and in others. Items of different markings are never folded: the lower would carry the higher.</summary>
internal static class ItemKeys
{
    public static IReadOnlyList<(FeedEntry Entry, byte[][] Keys)> Of(Intake intake, IReadOnlyList<FeedEntry> entries)
    {
        // Where many entries share one address it is the list's, not theirs.
        var shared = entries.Where(e => e.Link is not null).GroupBy(e => Address(e.Link!)).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        return [.. entries.Select(e => (e, Keys(intake, e, shared)))];
    }

    private static byte[][] Keys(Intake intake, FeedEntry entry, HashSet<string> shared)
    {
        var keys = new List<byte[]>();
        var scope = $"{(int)intake.Marking.Tlp}{(intake.Marking.Exercise ? "x" : "")}{string.Concat((intake.Marking.Named ?? []).Order(Comparer<Contracts.UserId>.Create((a, b) => a.Value.CompareTo(b.Value))))}";
        if (entry.Id.Length > 0)
            keys.Add(Hash($"{scope} guid {(IsWorldWide(entry.Id) ? Address(entry.Id) : $"{intake.Feed?.ToString() ?? intake.Source} {entry.Id}")}"));
        if (entry.Link is { } link && !shared.Contains(Address(link)))
            keys.Add(Hash($"{scope} guid {Address(link)}"));
        var words = Words(entry.Title) + " " + Words(entry.Summary.Length > 400 ? entry.Summary[..400] : entry.Summary);
        if (words.Length >= 30 || keys.Count == 0)
            keys.Add(Hash($"{scope} text {words}"));
        return [.. keys];
    }

    /// <summary>True for ids that mean the same everywhere: addresses, tag: and urn: URIs.</summary>
    private static bool IsWorldWide(string id) =>
        id.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || id.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || id.StartsWith("tag:", StringComparison.OrdinalIgnoreCase) || id.StartsWith("urn:", StringComparison.OrdinalIgnoreCase)
        || id.StartsWith("report--", StringComparison.Ordinal);

    /// <summary>An address without what does not change the page: scheme, case of the host, fragment, trailing slash, campaign parameters.</summary>
    internal static string Address(string link)
    {
        if (!Uri.TryCreate(link, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return link;
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(p => !p.StartsWith("utm_", StringComparison.OrdinalIgnoreCase) && !p.StartsWith("fbclid=", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);
        var host = uri.IdnHost.ToLowerInvariant();
        return $"{(host.StartsWith("www.", StringComparison.Ordinal) ? host[4..] : host)}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}{uri.AbsolutePath.TrimEnd('/')}?{string.Join('&', query)}";
    }

    private static string Words(string text)
    {
        var words = new StringBuilder(text.Length);
        foreach (var c in text)
            if (char.IsLetterOrDigit(c) || char.IsSurrogate(c))
                words.Append(char.ToLowerInvariant(c));
        return words.ToString();
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16];
}
