using System.Net;
using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Watch.Desk;

/// <summary>Why an item concerns us.</summary>
/// <param name="Kind">address, domain or word.</param>
/// <param name="Value">What stands in the item.</param>
/// <param name="Reason">What of ours it met: the network, the domain or the word as we wrote it.</param>
internal sealed record ItemMatch(string Kind, string Value, string Reason, ConstituentId? Constituent, string? Name);

/// <summary>Compares what an item says with the directory and the watch words. One per intake: words are read once.</summary>
internal sealed partial class ItemMatcher(IConstituency constituency)
{
    private const int MaxMatches = 50;

    private const string SelectWords = "select word from watch.words";

    private IReadOnlyList<string> _words = [];

    public async Task RefreshAsync(Work work, CancellationToken cancel) => _words = await work.QueryAsync<string>(SelectWords, null, cancel);

    /// <summary>All matches, each value once, at most fifty.</summary>
    public IReadOnlyList<ItemMatch> Match(string title, string summary, string? link, string home)
    {
        var text = Refanged($"{title}\n{summary}");
        var found = new List<ItemMatch>();
        foreach (Match match in Address().Matches(text))
            if (IPAddress.TryParse(match.Value.Trim('[', ']'), out var address) && constituency.Find(address) is { } holder)
                Add(found, new("address", address.ToString(), holder.Matched, holder.Id, holder.Name));
        foreach (Match match in Domain().Matches(text))
            if (!IPAddress.TryParse(match.Value, out _) && constituency.Find(match.Value) is { } holder)
                Add(found, new("domain", match.Value.ToLowerInvariant(), holder.Matched, holder.Id, holder.Name));
        if (Uri.TryCreate(link, UriKind.Absolute, out var uri) && !IsHome(uri, home) && constituency.Find(uri.IdnHost) is { } linked)
            Add(found, new("domain", uri.IdnHost, linked.Matched, linked.Id, linked.Name));
        foreach (var word in _words.Where(w => Says(text, w)))
            Add(found, new("word", word, word, null, null));
        return found;
    }

    /// <summary>CVE ids named, in capitals, each once.</summary>
    public static string[] Cves(string text) => [.. Cve().Matches(text).Select(m => m.Value.ToUpperInvariant()).Distinct().Take(50)];

    /// <summary>What was defanged for safe reading is read as what it means.</summary>
    internal static string Refanged(string text) => text
        .Replace("[.]", ".", StringComparison.Ordinal)
        .Replace("(.)", ".", StringComparison.Ordinal)
        .Replace("[dot]", ".", StringComparison.OrdinalIgnoreCase)
        .Replace("[:]", ":", StringComparison.Ordinal)
        .Replace("hxxp", "http", StringComparison.OrdinalIgnoreCase);

    /// <summary>True when the word stands there as a word; scripts without spaces match anywhere.</summary>
    internal static bool Says(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + word.Length;
            if ((at == 0 || !Joins(text[at - 1], word[0])) && (end == text.Length || !Joins(text[end], word[^1])))
                return true;
        }
        return false;
    }

    private static bool Joins(char outside, char inside) => IsSpaced(outside) && IsSpaced(inside);

    private static bool IsSpaced(char c) => char.IsLetterOrDigit(c) && c < '\u2E80';

    private static bool IsHome(Uri link, string home) => Uri.TryCreate(home, UriKind.Absolute, out var uri) && link.IdnHost.Equals(uri.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static void Add(List<ItemMatch> found, ItemMatch match)
    {
        if (found.Count < MaxMatches && !found.Exists(f => f.Kind == match.Kind && f.Value == match.Value))
            found.Add(match);
    }

    [GeneratedRegex(@"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}\b", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Address();

    [GeneratedRegex(@"\b(?:[\p{L}\p{N}](?:[\p{L}\p{N}\-]{0,62})\.)+(?:xn--[a-z0-9\-]{2,59}|\p{L}{2,24})\b", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Domain();

    [GeneratedRegex(@"\bCVE-\d{4}-\d{4,7}\b", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Cve();
}
