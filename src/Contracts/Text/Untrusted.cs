using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Appliance.Contracts;

/// <summary>A run of ordinary characters, or one character that would be invisible or deceive.</summary>
/// <param name="Text">What is shown.</param>
/// <param name="Name">For a control character its code point, else empty.</param>
public readonly record struct UntrustedPart(string Text, string Name = "")
{
    /// <summary>True for a character made visible.</summary>
    public bool IsControl => Name.Length > 0;
}

/// <summary>Makes text from outside harmless to read. Escaping is Blazor's; this is about what escaping does not cover.</summary>
public static partial class Untrusted
{
    /// <summary>The first <paramref name="max"/> characters, not cut inside a surrogate pair, and how many are left out.</summary>
    public static (string Shown, int Hidden) Cap(string text, int max)
    {
        if (text.Length <= max)
            return (text, 0);
        var end = char.IsHighSurrogate(text[max - 1]) ? max - 1 : max;
        return (text[..end], text.Length - end);
    }

    /// <summary>Links written so that no program makes them clickable.</summary>
    public static string Defang(string text) => Links().Replace(text, m =>
        Scheme(m.Groups["scheme"].Value) + "://" + m.Groups["host"].Value.Replace(".", "[.]", StringComparison.Ordinal));

    /// <summary>Ordinary runs and the characters to be shown by their code point: controls, direction marks, joiners, lone surrogates.</summary>
    public static IReadOnlyList<UntrustedPart> Split(string text, bool keepLines)
    {
        var parts = new List<UntrustedPart>();
        var run = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            // EnumerateRunes answers U+FFFD for a lone surrogate, which is visible by itself.
            if (keepLines && rune.Value is '\n' or '\t' || !Deceives(rune))
            {
                run.Append(rune);
                continue;
            }

            if (keepLines && rune.Value == '\r')
                continue;
            if (run.Length > 0)
                parts.Add(new(run.ToString()));
            run.Clear();
            parts.Add(new(Picture(rune), $"U+{rune.Value:X4}"));
        }

        if (run.Length > 0)
            parts.Add(new(run.ToString()));
        return parts;
    }

    private static bool Deceives(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        || rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800
        || rune.Value != ' ' && Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator && rune.Value != 0x3000;

    private static string Picture(Rune rune) => rune.Value switch
    {
        '\n' => "⏎",
        '\t' => "⇥",
        _ => string.Create(CultureInfo.InvariantCulture, $"[{rune.Value:X4}]"),
    };

    private static string Scheme(string scheme) => scheme.ToLowerInvariant() switch
    {
        "http" => "hxxp",
        "https" => "hxxps",
        "ftp" => "fxp",
        _ => scheme,
    };

    [GeneratedRegex(@"(?<scheme>https?|ftp)://(?<host>[^\s/?#]+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 200)]
    private static partial Regex Links();
}
