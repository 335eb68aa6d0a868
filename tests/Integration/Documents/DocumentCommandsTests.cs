using System.Text.RegularExpressions;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Documents;

/// <summary>
/// The commands that README.md and docs/ tell people to type. A block that begins with <c>```sh tested</c> is run as it stands, in the checkout,
/// with <c>cirt</c> on the PATH and an appliance behind it; in every other <c>```sh</c> block the targets, verbs and files named must exist.
/// </summary>
public sealed partial class DocumentCommandsTests(DocumentCommandsTests.Appliance appliance) : IClassFixture<DocumentCommandsTests.Appliance>
{
    public static TheoryData<string, string> Tested { get; } = [.. Blocks().Where(block => block.IsTested).Select(block => (block.Place, block.Text))];

    public static TheoryData<string, string> Shown { get; } = [.. Blocks().Where(block => !block.IsTested).Select(block => (block.Place, block.Text))];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tested))]
    public async Task Tested_block_runs(string place, string text)
    {
        Dictionary<string, string?> environment = new()
        {
            ["CIRT_DATA"] = appliance.Host.Data,
            ["PATH"] = $"{Path.GetDirectoryName(Checkout.Cirt)}:{Environment.GetEnvironmentVariable("PATH")}",
        };

        await using var shell = CirtProcess.StartProgram("bash", ["-euo", "pipefail", "-c", $"cd '{Checkout.Root}'\n{text}"], environment);

        Assert.True(await shell.EndAsync(TimeSpan.FromMinutes(2)) == 0, $"{place}:\n{text}\nsaid:\n{shell.Output}");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Shown))]
    public async Task Shown_block_names_what_there_is(string place, string text)
    {
        var verbs = (await CirtProcess.RunAsync(["help"])).Output;
        var targets = await File.ReadAllTextAsync(Checkout.At("build.cake"), TestContext.Current.CancellationToken);

        Assert.All(Target().Matches(text).Select(match => match.Groups[1].Value), target => Assert.True(targets.Contains($"Task(\"{target}\")", StringComparison.Ordinal), $"{place}: ./build.sh {target}"));
        Assert.All(Verb().Matches(text).Select(match => match.Groups[1].Value), verb => Assert.True(verbs.Contains($"cirt {verb} ", StringComparison.Ordinal), $"{place}: cirt {verb}"));
    }

    [Fact]
    public void Blocks_are_found_in_a_document()
    {
        var blocks = Split("x.md", "a\n```sh\n./build.sh run\n```\nb\n```sh tested\ncirt version\n```\n```csharp\nno\n```\n").ToList();

        Assert.Equal([new("x.md:3", "./build.sh run\n", false), new Block("x.md:7", "cirt version\n", true)], blocks);
        Assert.Equal(["run"], Target().Matches(blocks[0].Text).Select(match => match.Groups[1].Value));
        Assert.Equal(["version"], Verb().Matches(blocks[1].Text).Select(match => match.Groups[1].Value));
    }

    private static IEnumerable<Block> Blocks() => new[] { Checkout.At("README.md"), Checkout.At("SECURITY.md") }
        .Concat(Directory.Exists(Checkout.At("docs")) ? Directory.GetFiles(Checkout.At("docs"), "*.md", SearchOption.AllDirectories) : [])
        .Concat(Directory.GetFiles(Checkout.At("modules"), "README.md", SearchOption.AllDirectories))
        .Where(File.Exists)
        .Order(StringComparer.Ordinal)
        .SelectMany(file => Split(Path.GetRelativePath(Checkout.Root, file), File.ReadAllText(file)));

    private static IEnumerable<Block> Split(string file, string text) => Fence().Matches(text)
        .Select(match => new Block($"{file}:{text[..match.Groups[2].Index].Count(sign => sign == '\n') + 1}", match.Groups[2].Value, match.Groups[1].Value == " tested"));

    [GeneratedRegex(@"^```sh( tested)?\n((?:[^`].*\n|\n)+)```", RegexOptions.Multiline, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\s*(?:[A-Z_]+=\S+ )*(?:sudo )?\./build\.sh ([a-z]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Target();

    [GeneratedRegex(@"^\s*(?:[A-Z_]+=\S+ )*(?:sudo )?cirt ([a-z]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Verb();

    private sealed record Block(string Place, string Text, bool IsTested);

    /// <summary>One appliance for all blocks.</summary>
    public sealed class Appliance : IAsyncLifetime
    {
        public HostProcess Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await HostProcess.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
