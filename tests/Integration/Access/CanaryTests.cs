using System.Net;
using System.Text.RegularExpressions;
using Appliance.Contracts;
using Xunit;

namespace Appliance.Integration.Access;

/// <summary>
/// A word stands in every text of every marked row, and all of them are RED for somebody else. Every role asks for everything that can be asked for: lists, searches, counts,
/// exports, single things by their keys, metrics. The word comes back nowhere, and searching for it answers what searching for nonsense answers.
/// </summary>
[Collection("access")]
public sealed partial class CanaryTests(AccessWorld world)
{
    private static readonly string[] s_words = ["q", "words"];

    [Fact]
    public async Task Every_marked_table_has_rows_and_the_canary_stands_in_them()
    {
        List<string> empty = [];
        foreach (var table in await world.MarkedTablesAsync())
        {
            var found = await world.TextsAsync($"select count(*) from {table} t where t::text like '%{AccessWorld.Canary}%'");
            if (found[0] == "0")
                empty.Add(table);
        }

        Assert.Empty(empty);
    }

    [Fact]
    public async Task Nobody_finds_the_canary_in_anything_that_can_be_asked_for()
    {
        List<string> leaks = [];
        var asked = 0;
        foreach (var entry in AccessMap.Entries.Where(e => e.Method == "GET"))
        {
            // Whoever lacks the right gets nothing at all: the matrix asks that.
            foreach (var role in Holders(entry))
            {
                foreach (var path in Paths(entry))
                {
                    asked++;
                    var (status, body) = await world.AskAsync(role, "GET", path);
                    if (status >= 500)
                        leaks.Add($"{role} GET {path}: {status}");
                    else if (WebUtility.UrlDecode(body).Replace(path, "", StringComparison.Ordinal).Contains(AccessWorld.Canary, StringComparison.OrdinalIgnoreCase))
                        leaks.Add($"{role} GET {path}: {Around(body)}");
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} questions");
        Assert.True(leaks.Count == 0, string.Join("\n", leaks));
    }

    [Fact]
    public async Task Searching_for_the_canary_answers_what_searching_for_nonsense_answers()
    {
        const string Nonsense = "qqnothing";
        List<string> leaks = [];
        foreach (var entry in AccessMap.Entries.Where(e => e is { Method: "GET", Permission: not null, IsPage: false } && e.Path != "/metrics" && !e.Path.Contains('{', StringComparison.Ordinal)))
        {
            foreach (var role in Holders(entry))
            {
                foreach (var word in s_words)
                {
                    // The appliance works meanwhile (it seals, counts, heartbeats): what tells the two words apart does so each time.
                    string? leak = null;
                    for (var tries = 0; tries == 0 || (leak is not null && tries < 4); tries++)
                        leak = await LeakAsync(role, $"{entry.Path}?{word}=", Nonsense);
                    if (leak is not null)
                        leaks.Add(leak);
                }
            }
        }

        Assert.True(leaks.Count == 0, string.Join("\n", leaks));
    }

    private async Task<string?> LeakAsync(Role role, string path, string nonsense)
    {
        var canary = await world.AskAsync(role, "GET", path + AccessWorld.Canary);
        var other = await world.AskAsync(role, "GET", path + nonsense);
        // A PDF tells the second in which it was made, so that no two are equal; what it says is compared in the report's other form.
        if (canary.Body.StartsWith("%PDF", StringComparison.Ordinal) && other.Body.StartsWith("%PDF", StringComparison.Ordinal))
            return null;
        return canary.Status == other.Status && Bare(canary.Body, AccessWorld.Canary) == Bare(other.Body, nonsense) ? null : $"{role} GET {path}: {canary.Status} {Around(canary.Body)} against {other.Status} {Around(other.Body)}";
    }

    [Fact]
    public void Nothing_of_it_is_in_the_log() => Assert.DoesNotContain(AccessWorld.Canary, world.Host.Process.Output, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<Role> Holders(Entry entry) =>
        AccessWorld.People.Where(r => entry.Permission is null || entry.Permission == Permission.SignedIn || AccessMap.Granted(r).Contains(entry.Permission.Value.Id));

    /// <summary>The path, or the path with the keys of its module's marked rows.</summary>
    private IEnumerable<string> Paths(Entry entry)
    {
        if (!entry.Path.Contains('{', StringComparison.Ordinal))
            return [entry.Path];
        var isId = entry.Path.Contains(":guid", StringComparison.Ordinal);
        return world.Keys.GetValueOrDefault(SchemaOf(entry.Path), []).Where(key => Guid.TryParse(key, out _) == isId || entry.IsPage).Select(key => Parameter().Replace(entry.Path, Uri.EscapeDataString(key)));
    }

    /// <summary>The module's word in the path; the console's pages say what people call things.</summary>
    private static string SchemaOf(string path) => path.Split('/') switch
    {
        [_, "api", _, var module, ..] => module,
        [_, "sense", ..] => "sensing",
        [_, "tickets", ..] => "ticketing",
        [_, "share", ..] => "uplink",
        [_, "admin", "mail", ..] => "kernel",
        [_, var first, ..] => first,
        _ => "",
    };

    private static string Bare(string body, string word) => Unstable().Replace(body.Replace(word, "", StringComparison.OrdinalIgnoreCase), "");

    private static string Around(string body)
    {
        var at = Math.Max(0, body.IndexOf(AccessWorld.Canary, StringComparison.OrdinalIgnoreCase) - 80);
        return body.Substring(at, Math.Min(200, body.Length - at)).ReplaceLineEndings(" ");
    }

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    [GeneratedRegex("\"(traceId|at|searchedFrom|readAt|generatedAt)\":\"[^\"]*\"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\\+00:00)", RegexOptions.NonBacktracking)]
    private static partial Regex Unstable();
}
