using Appliance.Tests;
using Xunit;

namespace Appliance.Architecture.Reference;

/// <summary>The reference says what the product does: the pages in <c>docs/reference</c> equal what is written from it now.</summary>
public sealed class ReferenceTests
{
    /// <summary>Set by <c>./build.sh reference</c>: the pages are written instead of compared.</summary>
    private const string Write = "CIRT_WRITE_REFERENCE";

    private static readonly Lazy<IReadOnlyDictionary<string, string>> s_pages = new(() => new ReferencePages().All());

    [Fact]
    public void Pages_equal_the_product()
    {
        var folder = Checkout.At("docs", "reference");
        var pages = s_pages.Value;
        if (Environment.GetEnvironmentVariable(Write) == "1")
        {
            Directory.CreateDirectory(folder);
            foreach (var (name, text) in pages)
                File.WriteAllText(Path.Combine(folder, name), text);
        }

        string[] old = [.. pages.Where(p => !File.Exists(Path.Combine(folder, p.Key)) || File.ReadAllText(Path.Combine(folder, p.Key)) != p.Value).Select(p => p.Key)];
        Assert.True(old.Length == 0, $"docs/reference is behind the product: {string.Join(", ", old)}. Run ./build.sh reference and commit what it writes.");
    }

    [Fact]
    public void Everything_in_it_is_explained()
    {
        var blank = s_pages.Value
            .SelectMany(page => page.Value.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal) && page.Key is not "permissions.md" && line.EndsWith("|  |", StringComparison.Ordinal) && page.Key != "commands.md").Select(line => $"{page.Key}: {line}"));
        Assert.Empty(blank);
    }
}
