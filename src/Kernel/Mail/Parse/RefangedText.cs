using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Text with its defanged traces made whole, and the place of each character in the original.</summary>
internal sealed class RefangedText
{
    private static readonly (string From, string To)[] s_words =
    [
        ("[.]", "."), ("(.)", "."), ("{.}", "."), ("[.", "."), (".]", "."), ("(.", "."), (".)", "."), ("[dot]", "."), ("(dot)", "."), ("{dot}", "."), (" dot ", "."), ("\\.", "."),
        ("[:]", ":"), ("[://]", "://"), ("[:", ":"), (":]", ":"), ("[/]", "/"), ("[@]", "@"), ("(@)", "@"), ("[at]", "@"), ("(at)", "@"), ("{at}", "@"), (":\\\\", "://"),
    ];

    private readonly string _original;
    private readonly int[] _places;

    private RefangedText(string original, string text, int[] places) => (_original, Text, _places) = (original, text, places);

    /// <summary>The clear text.</summary>
    public string Text { get; }

    /// <summary>What stood there before.</summary>
    public string Raw(int start, int end) => end > start ? _original[_places[start]..(end < _places.Length ? _places[end] : _original.Length)].TrimEnd() : "";

    /// <summary>Refangs <paramref name="original"/> in one pass.</summary>
    public static RefangedText Of(string original)
    {
        var text = new StringBuilder(original.Length);
        var places = new List<int>(original.Length);
        for (var i = 0; i < original.Length;)
        {
            var (taken, put) = Replacement(original, i, text);
            foreach (var c in put ?? original.AsSpan(i, 1))
            {
                text.Append(c);
                places.Add(i);
            }
            i += taken;
        }
        return new(original, text.ToString(), [.. places]);
    }

    private static (int Taken, string? Put) Replacement(string text, int i, StringBuilder before)
    {
        var c = text[i];
        if (c is '[' or '(' or '{' or '.' or ':' or '\\' or ' ')
        {
            foreach (var (from, to) in s_words)
                if (c == from[0] && string.Compare(text, i, from, 0, from.Length, StringComparison.OrdinalIgnoreCase) == 0 && Joins(text, i, from, before))
                    return (from.Length, to);
        }
        // hxxp hXXp h**p meow and fxp stand for the schemes; only in front of a colon or its defanged form.
        if (c is 'h' or 'H' && i + 4 < text.Length && IsMasked(text[i + 1]) && IsMasked(text[i + 2]) && text[i + 3] is 'p' or 'P' && SchemeFollows(text, i + 4))
            return (4, "http");
        if (c is 'f' or 'F' && i + 3 < text.Length && text[i + 1] is 'x' or 'X' && text[i + 2] is 'p' or 'P' && SchemeFollows(text, i + 3))
            return (3, "ftp");
        return (1, null);
    }

    private static bool IsMasked(char c) => c is 't' or 'T' or 'x' or 'X' or '*' or 'v';

    private static bool SchemeFollows(string text, int i)
    {
        if (i < text.Length && text[i] is 's' or 'S')
            i++;
        return i < text.Length && (text[i] == ':' || (text[i] is '[' or '(' && i + 1 < text.Length && text[i + 1] == ':'));
    }

    /// <summary>One-sided and spaced forms only between letters or digits, so that prose in brackets stays prose.</summary>
    private static bool Joins(string text, int i, string from, StringBuilder before)
    {
        var whole = from.Length >= 3 && from[0] is '[' or '(' or '{' && from[^1] is ']' or ')' or '}';
        if (whole || from[0] == ':')
            return true;
        var next = i + from.Length;
        return before.Length > 0 && char.IsLetterOrDigit(before[^1]) && next < text.Length && char.IsLetterOrDigit(text[next]);
    }
}
