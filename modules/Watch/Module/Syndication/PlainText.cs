using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Appliance.Watch.Syndication;

/// <summary>Markup written by strangers to text for people: no tag, no script, no style, no control or direction characters survive.</summary>
internal static class PlainText
{
    private static readonly string[] s_silent = ["script", "style", "template", "noscript", "iframe", "object", "embed", "applet", "svg", "math", "head", "title", "textarea", "select", "frameset", "noframes", "xmp", "plaintext"];

    private static readonly string[] s_breaks = ["p", "br", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "section", "article", "dt", "dd"];

    private static readonly SearchValues<char> s_tagStart = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?");

    /// <summary>One line of at most <paramref name="max"/> characters.</summary>
    public static string Line(string markup, int max) => Cut(string.Join(' ', Strip(markup).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), max);

    /// <summary>Paragraphs of at most <paramref name="max"/> characters.</summary>
    public static string Lines(string markup, int max)
    {
        var lines = Strip(markup).Split('\n').Select(l => string.Join(' ', l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        var text = new StringBuilder();
        var blank = 0;
        foreach (var line in lines)
        {
            blank = line.Length == 0 ? blank + 1 : 0;
            if (blank > 1 || (line.Length == 0 && text.Length == 0))
                continue;
            text.Append(line).Append('\n');
        }
        return Cut(text.ToString().Trim(), max);
    }

    /// <summary>Text that was never markup: only control and direction characters go.</summary>
    public static string Literal(string text, int max) => Cut(string.Join(' ', Clean(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), max);

    private static string Strip(string markup)
    {
        // Escaped twice is common and a known way past cleaners: strip until nothing changes, at most four times.
        var text = markup;
        for (var i = 0; i < 4; i++)
        {
            var stripped = WebUtility.HtmlDecode(WithoutTags(text));
            if (stripped == text)
                break;
            text = stripped;
        }
        return Clean(WithoutTags(text));
    }

    private static string WithoutTags(string markup)
    {
        if (!markup.Contains('<', StringComparison.Ordinal))
            return markup;
        var text = new StringBuilder(markup.Length);
        var at = 0;
        while (at < markup.Length)
        {
            var open = markup.IndexOf('<', at);
            if (open < 0)
            {
                text.Append(markup, at, markup.Length - at);
                break;
            }
            text.Append(markup, at, open - at);
            if (open + 1 >= markup.Length || !s_tagStart.Contains(markup[open + 1]))
            {
                text.Append('<');
                at = open + 1;
                continue;
            }
            at = SkipTag(markup, open, text);
        }
        return text.ToString();
    }

    private static int SkipTag(string markup, int open, StringBuilder text)
    {
        if (string.CompareOrdinal(markup, open, "<!--", 0, 4) == 0)
            return After(markup, "-->", open);
        if (string.CompareOrdinal(markup, open, "<![CDATA[", 0, 9) == 0)
        {
            // Inside markup a browser sees a comment here, an XML reader text: the text is kept, and cleaned like the rest.
            var end = markup.IndexOf("]]>", open, StringComparison.Ordinal);
            end = end < 0 ? markup.Length : end;
            text.Append(markup, open + 9, Math.Max(0, end - open - 9));
            return Math.Min(markup.Length, end + 3);
        }
        var closing = markup[open + 1] == '/';
        var nameStart = closing ? open + 2 : open + 1;
        var nameEnd = nameStart;
        while (nameEnd < markup.Length && (char.IsAsciiLetterOrDigit(markup[nameEnd]) || markup[nameEnd] is ':' or '-'))
            nameEnd++;
        var name = markup[nameStart..nameEnd].ToLowerInvariant();
        var close = EndOfTag(markup, nameEnd);
        if (s_breaks.Contains(name))
            text.Append('\n');
        if (closing || !s_silent.Contains(name) || (close > open + 1 && markup[close - 2] == '/'))
            return close;
        var over = markup.IndexOf("</" + name, close, StringComparison.OrdinalIgnoreCase);
        return over < 0 ? markup.Length : EndOfTag(markup, over);
    }

    /// <summary>Past the <c>&gt;</c> that ends the tag, quotes respected; where none does, past the next one or the end.</summary>
    private static int EndOfTag(string markup, int at)
    {
        var quote = '\0';
        for (var i = at; i < markup.Length; i++)
        {
            var c = markup[i];
            if (quote != '\0')
            {
                if (c == quote)
                    quote = '\0';
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == '>')
            {
                return i + 1;
            }
        }
        var next = markup.IndexOf('>', at);
        return next < 0 ? markup.Length : next + 1;
    }

    private static int After(string markup, string end, int from)
    {
        var at = markup.IndexOf(end, from, StringComparison.Ordinal);
        return at < 0 ? markup.Length : at + end.Length;
    }

    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\n' or '\t')
                clean.Append(c);
            else if (c == '\r')
                clean.Append(i + 1 < text.Length && text[i + 1] == '\n' ? "" : "\n");
            else if (char.IsSurrogate(c))
                clean.Append(char.IsHighSurrogate(c) ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? c : '\uFFFD' : i > 0 && char.IsHighSurrogate(text[i - 1]) ? c : '\uFFFD');
            else if (!char.IsControl(c) && !IsDirection(c))
                clean.Append(c);
        }
        return clean.ToString();
    }

    /// <summary>Overrides and isolates can make a text show in another order than it reads (Unicode TR 36); the page isolates each text itself.</summary>
    private static bool IsDirection(char c) => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\uFEFF';

    private static string Cut(string text, int max)
    {
        if (text.Length <= max)
            return text;
        var end = max - 1;
        while (end > 0 && CharUnicodeInfo.GetUnicodeCategory(text[end]) is UnicodeCategory.NonSpacingMark or UnicodeCategory.Surrogate)
            end--;
        return text[..end] + "…";
    }
}
