using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Appliance.Architecture.Sources;

/// <summary>What a file may look like.</summary>
internal static partial class SourceRules
{
    public const int Wall = 800;

    // Parted, so that this file does not catch itself.
    private static readonly string[] s_unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "NotImplemented" + "Exception"];

    public static IEnumerable<string> TooLong(string file, string text)
    {
        var lines = text.Count(sign => sign == '\n');
        if (lines > Wall)
            yield return $"{file} has {lines} lines, the wall is {Wall}: find the seam";
    }

    public static IEnumerable<string> Unfinished(string file, string text) =>
        s_unfinished.Where(word => text.Contains(word, StringComparison.Ordinal)).Select(word => $"{file} says {word}: finish it or leave it out");

    /// <summary>A catch that does nothing hides what happened; one that decides has at least a statement or an answer.</summary>
    public static IEnumerable<string> Swallowed(string file, string text) =>
        CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes().OfType<CatchClauseSyntax>()
            .Where(one => one.Block.Statements.Count == 0)
            .Select(one => $"{file}:{one.GetLocation().GetLineSpan().StartLinePosition.Line + 1} catches and does nothing: decide, count or log");

    /// <summary>
    /// A field whose value the page writes while somebody types in it: what the server answers to one key overwrites the keys pressed since, on any line slower than the hand. <c>@bind</c> with
    /// its event tells the renderer what the browser already shows.
    /// </summary>
    public static IEnumerable<string> OverwritesTyping(string file, string text) =>
        text.Split('\n').Index()
            .Where(line => line.Item.Contains("@oninput=", StringComparison.Ordinal))
            .Select(line => $"{file}:{line.Index + 1} listens to @oninput: bind with @bind:event=\"oninput\", or what is typed meanwhile is lost");

    /// <summary>Styles and scripts live in Ui, so that one policy covers them.</summary>
    public static IEnumerable<string> AssetsInModules(IEnumerable<string> files) =>
        files.Where(file => file.StartsWith("modules/", StringComparison.Ordinal) && (file.Contains("/wwwroot/", StringComparison.Ordinal) || file.EndsWith(".razor.css", StringComparison.Ordinal) || file.EndsWith(".razor.js", StringComparison.Ordinal)))
            .Select(file => $"{file} belongs into src/Ui");

    /// <summary>The live page is handed what was read for the first picture and does not read it again: what a reading function keeps in a field is missing there.</summary>
    public static IEnumerable<string> Forgotten(string file, string text)
    {
        var carried = CarriedField().Matches(text).Select(m => m.Groups[1].Value).ToHashSet();
        return
            from load in LoadedBy().Matches(text).Select(m => m.Groups[1].Value).Distinct()
            let body = Regex.Match(text, $@"Task<.*>\s+{load}\(.*\)\s*\n\s*\{{((?:.*\n)*?)  \}}").Groups[1].Value
            from field in SetField().Matches(body).SelectMany(m => m.Groups[1].Value.Split(", ")).Distinct()
            where !carried.Contains(field)
            select $"{file}: {load} sets {field}, which the live page is not handed: set it in Taken, or bind a Carried to it";
    }

    /// <summary>A project whose packages are not locked builds something else tomorrow.</summary>
    public static IEnumerable<string> Unlocked(IReadOnlyCollection<string> projects, IReadOnlyCollection<string> locks) =>
        projects.Where(project => !locks.Contains(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"))).Select(project => $"{project} has no packages.lock.json: restore it and commit the file");

    [GeneratedRegex(@"\bLoad=""(\w+)""")]
    private static partial Regex LoadedBy();

    [GeneratedRegex(@"<Carried [^>]*@bind-Value=""(_\w+)""")]
    private static partial Regex CarriedField();

    [GeneratedRegex(@"^\s+\(?(_\w+(?:, _\w+)*)\)? = ", RegexOptions.Multiline)]
    private static partial Regex SetField();
}
