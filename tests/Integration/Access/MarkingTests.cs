using System.Text.RegularExpressions;
using Appliance.Contracts;
using Xunit;

namespace Appliance.Integration.Access;

/// <summary>
/// Every single thing that can be asked for by its key, under every marking, named and not, by every role that holds the right: who may read the marking gets it, nobody else learns that it is there.
/// Only the rows change, so that whatever decides by anything else is caught.
/// </summary>
[Collection("access")]
public sealed partial class MarkingTests(AccessWorld world)
{
    private static readonly Tlp[] s_unnamed = [Tlp.Clear, Tlp.Green, Tlp.Amber, Tlp.AmberStrict];

    private static readonly string[] s_lists = ["/api/v1/ticketing/incidents", "/api/v1/ticketing/reports", "/api/v1/watch/advisories", "/api/v1/sensing/groups"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Thing_is_shown_to_those_whom_its_marking_allows_and_to_nobody_else()
    {
        var (wrong, asked) = (new List<string>(), 0);
        try
        {
            await world.MarkAsync(Tlp.Clear, []);
            var there = await ThereAsync();
            var kinds = there.Select(t => t.Pattern).Distinct().ToList();
            Assert.True(kinds.Count >= 12, $"only {kinds.Count} kinds of things are there: {string.Join(", ", kinds)}");
            foreach (var tlp in Enum.GetValues<Tlp>())
            {
                foreach (var named in new[] { false, true })
                {
                    await world.MarkAsync(tlp, named ? world.Ids.Values : []);
                    foreach (var (_, path, role) in there)
                    {
                        asked++;
                        var may = named || tlp < Tlp.Red;
                        if (await IsThereAsync(role, path) != may)
                            wrong.Add($"{role} GET {path} at {tlp}{(named ? ", named" : "")}: {(may ? "not shown" : "shown")}");
                    }
                }
            }
        }
        finally
        {
            await world.HideAsync();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} questions");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task Whose_reading_ends_below_a_marking_does_not_see_it()
    {
        List<string> wrong = [];
        try
        {
            foreach (var ceiling in s_unnamed)
            {
                await world.TextsAsync($"update identity.users set reads_up_to = {(short)ceiling} where id = '{world.Ids[Role.Analyst]}' returning 1");
                // A token's person is known for four seconds.
                await Task.Delay(TimeSpan.FromSeconds(4.2), Cancel);
                foreach (var tlp in s_unnamed)
                {
                    await world.MarkAsync(tlp, []);
                    foreach (var path in s_lists)
                        if (await IsThereAsync(Role.Analyst, path) != tlp <= ceiling)
                            wrong.Add($"{path} at {tlp} for one who reads up to {ceiling}");
                }
            }
        }
        finally
        {
            await world.TextsAsync($"update identity.users set reads_up_to = {(short)Tlp.AmberStrict} where id = '{world.Ids[Role.Analyst]}' returning 1");
            await world.HideAsync();
            await Task.Delay(TimeSpan.FromSeconds(4.2), Cancel);
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    /// <summary>What each role is shown by key when nothing is marked: the rest is no thing with a marking, or has another kind of key.</summary>
    private async Task<List<(string Pattern, string Path, Role Role)>> ThereAsync()
    {
        List<(string, string, Role)> there = [];
        foreach (var entry in AccessMap.Entries.Where(e => e is { Method: "GET", Permission: not null } && e.Path.Contains('{', StringComparison.Ordinal)))
            foreach (var key in world.Keys.Values.SelectMany(k => k).Where(k => Guid.TryParse(k, out _) == entry.Path.Contains(":guid", StringComparison.Ordinal) || entry.IsPage))
                foreach (var role in AccessWorld.People.Where(r => AccessMap.Granted(r).Contains(entry.Permission!.Value.Id)))
                    if (Parameter().Replace(entry.Path, Uri.EscapeDataString(key)) is var path && await IsThereAsync(role, path))
                        there.Add((entry.Path, path, role));
        return there;
    }

    private async Task<bool> IsThereAsync(Role role, string path) => (await world.AskAsync(role, "GET", path)).Body.Contains(AccessWorld.Canary, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}
