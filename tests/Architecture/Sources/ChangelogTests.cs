using Appliance.Tests;
using Xunit;

namespace Appliance.Architecture.Sources;

/// <summary>The parts of the next list of changes have the shape that the release gathers.</summary>
public sealed class ChangelogTests
{
    private static readonly string[] s_kinds = ["added", "changed", "fixed", "removed", "security"];

    [Fact]
    public void Every_part_names_its_kind_and_says_something_short() => Faults.None(
        Directory.GetFiles(Checkout.At("docs", "changelog", "next")).SelectMany(file => Wrong(Path.GetFileName(file), File.ReadAllText(file))));

    [Theory]
    [InlineData("added-x.md", "One sentence.", 0)]
    [InlineData("better-x.md", "One sentence.", 1)]
    [InlineData("added-x.txt", "One sentence.", 1)]
    [InlineData("fixed-x.md", " \n", 1)]
    public void What_a_release_could_not_gather_is_caught(string name, string text, int faults) => Assert.Equal(faults, Wrong(name, text).Count());

    [Fact]
    public void A_part_longer_than_its_readers_patience_is_caught() => Assert.Single(Wrong("added-x.md", new string('x', 601)));

    private static IEnumerable<string> Wrong(string name, string text)
    {
        if (!s_kinds.Contains(name.Split('-')[0]) || !name.EndsWith(".md", StringComparison.Ordinal))
            yield return $"docs/changelog/next/{name}: write KIND-what.md with one of {string.Join(", ", s_kinds)}";
        if (string.IsNullOrWhiteSpace(text))
            yield return $"docs/changelog/next/{name} says nothing";
        if (text.Length > 600)
            yield return $"docs/changelog/next/{name} is longer than 600 characters: one to three sentences";
    }
}
