using System.Text.Json.Serialization;

namespace Appliance.Contracts;

/// <summary>What is to be printed: said once, drawn as a page for the browser and as PDF.</summary>
/// <param name="Title">Name of the document, on its first page and in the file's properties.</param>
/// <param name="Language">Two letters; decides the direction of the page.</param>
/// <param name="Label">TLP label, on every page; never translated.</param>
/// <param name="Maker">The organisation that made it.</param>
/// <param name="Footer">What it is and when it was made, at the foot of every page.</param>
/// <param name="PageOf">"Page {0} of {1}" in the language.</param>
/// <param name="MadeAt">When, UTC.</param>
/// <param name="Blocks">From the beginning to the end.</param>
public sealed record PrintDocument(PrintWords Title, string Language, string Label, PrintWords Maker, PrintWords Footer, string PageOf, DateTimeOffset MadeAt, IReadOnlyList<PrintBlock> Blocks);

/// <summary>A text, and whose it is.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Foreign">True where it came from outside: links are defanged, invisible characters shown.</param>
public readonly record struct PrintWords(string Text, bool Foreign)
{
    /// <summary>Words of ours.</summary>
    public static PrintWords Ours(string text) => new(text, false);

    /// <summary>Words of a stranger, or of anybody who types.</summary>
    public static PrintWords Theirs(string? text) => new(text ?? "", true);
}

/// <summary>A part of a document.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PrintHeading), "heading")]
[JsonDerivedType(typeof(PrintText), "text")]
[JsonDerivedType(typeof(PrintFacts), "facts")]
[JsonDerivedType(typeof(PrintEntry), "entry")]
[JsonDerivedType(typeof(PrintTable), "table")]
[JsonDerivedType(typeof(PrintBars), "bars")]
public abstract record PrintBlock;

/// <summary>A heading.</summary>
/// <param name="Words">Its text.</param>
/// <param name="Level">1 for a chapter, 2 below it.</param>
public sealed record PrintHeading(PrintWords Words, int Level = 1) : PrintBlock;

/// <summary>A paragraph; line breaks are kept.</summary>
/// <param name="Words">Its text.</param>
/// <param name="Quiet">A remark about the text rather than the text.</param>
public sealed record PrintText(PrintWords Words, bool Quiet = false) : PrintBlock;

/// <summary>Names and their values, a line each.</summary>
public sealed record PrintFacts(IReadOnlyList<PrintFact> Facts) : PrintBlock;

/// <summary>One name and its value.</summary>
public sealed record PrintFact(string Name, PrintWords Value);

/// <summary>An entry of a history: who and when above what.</summary>
public sealed record PrintEntry(PrintWords Head, PrintWords Words) : PrintBlock;

/// <summary>A table whose head stands again on every page it reaches.</summary>
/// <param name="Columns">In the order of reading.</param>
/// <param name="Rows">As many cells as columns.</param>
public sealed record PrintTable(IReadOnlyList<PrintColumn> Columns, IReadOnlyList<IReadOnlyList<PrintWords>> Rows) : PrintBlock;

/// <summary>A column.</summary>
/// <param name="Name">Its head.</param>
/// <param name="Weight">Its share of the width.</param>
/// <param name="Numeric">True for numbers, which stand at the end of the column.</param>
public sealed record PrintColumn(string Name, double Weight = 1, bool Numeric = false);

/// <summary>Stacked bars over time.</summary>
/// <param name="Title">What is counted.</param>
/// <param name="From">What the first bar stands for.</param>
/// <param name="To">What the last bar stands for.</param>
/// <param name="Parts">Each with one value a bar.</param>
public sealed record PrintBars(string Title, string From, string To, IReadOnlyList<PrintSeries> Parts) : PrintBlock;

/// <summary>One part of the bars.</summary>
public sealed record PrintSeries(string Name, IReadOnlyList<long> Values);
