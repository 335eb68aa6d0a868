namespace Appliance.Ui;

/// <summary>One view of a list, or one tab of a page.</summary>
/// <param name="Value">What stands in the URL; empty for the first.</param>
/// <param name="Text">Label, already translated.</param>
/// <param name="Count">How many, when known.</param>
/// <param name="Href">Another page, instead of the URL parameter.</param>
public sealed record FilterTab(string Value, string Text, long? Count = null, string? Href = null);

/// <summary>A filter in force.</summary>
/// <param name="Text">What it says, shown as untrusted text.</param>
/// <param name="RemoveHref">The page without it.</param>
public sealed record Chip(string Text, string? RemoveHref = null);
