using System.Net;
using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>HTML to plain text in one pass over its characters: tags go, links stay as text, nothing is ever interpreted.</summary>
internal static class HtmlText
{
    private static readonly HashSet<string> s_hidden = ["script", "style", "head", "title", "noscript", "template", "svg", "object", "iframe"];

    private static readonly HashSet<string> s_breaks =
        ["p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "section", "article", "header", "footer", "address", "dt", "dd"];

    public static string Of(string html)
    {
        var text = new StringBuilder(Math.Min(html.Length, ParseLimits.Text));
        string? link = null;
        var linkStart = 0;
        var i = 0;
        while (i < html.Length && text.Length < ParseLimits.Text)
        {
            var open = html.IndexOf('<', i);
            if (open < 0)
                open = html.Length;
            AppendText(text, html.AsSpan(i, open - i));
            if (open >= html.Length)
                break;
            if (html.AsSpan(open).StartsWith("<!--", StringComparison.Ordinal))
            {
                var end = html.IndexOf("-->", open + 4, StringComparison.Ordinal);
                i = end < 0 ? html.Length : end + 3;
                continue;
            }
            var close = TagEnd(html, open);
            var tag = html.AsSpan(open + 1, close - open - 1);
            i = Math.Min(html.Length, close + 1);
            var closing = tag.StartsWith("/");
            var name = Name(closing ? tag[1..] : tag);
            if (name.Length == 0)
            {
                // A lone "<" that begins no tag is text.
                if (!closing && (tag.Length == 0 || !char.IsAsciiLetter(tag[0]) && tag[0] is not ('!' or '?')))
                {
                    text.Append('<');
                    i = open + 1;
                }
                continue;
            }
            if (!closing && s_hidden.Contains(name))
                i = AfterHidden(html, i, name);
            else if (s_breaks.Contains(name))
                Break(text);
            else if (name is "td" or "th" && !closing)
                text.Append(' ');
            else if (name == "a" && !closing)
                (link, linkStart) = (Attribute(tag, "href"), text.Length);
            else if (name == "a" && link is not null)
            {
                // What is written and where it leads are both evidence.
                if (link.Length > 0 && !text.ToString(linkStart, text.Length - linkStart).Contains(link, StringComparison.OrdinalIgnoreCase))
                    text.Append(" <").Append(link.AsSpan(0, Math.Min(link.Length, 4096))).Append('>');
                link = null;
            }
        }
        return Tidy(text);
    }

    /// <summary>Index of the tag's end, quotes respected; the end of the text where it has none.</summary>
    private static int TagEnd(string html, int open)
    {
        var quote = '\0';
        var close = html.IndexOf('>', open);
        for (var i = open + 1; i < html.Length; i++)
        {
            var c = html[i];
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '"' or '\'' && html[i - 1] is '=' or ' ')
                quote = c is '"' or '\'' ? c : quote;
            else if (c == '>')
                return i;
            // A quote that never closes must not swallow the message, nor make each tag cost the whole of it.
            if (i - open > 8192)
                break;
        }
        return close < 0 ? html.Length : close;
    }

    private static int AfterHidden(string html, int from, string name)
    {
        var end = html.IndexOf("</" + name, from, StringComparison.OrdinalIgnoreCase);
        if (end < 0)
            return name is "script" or "style" ? html.Length : from;
        var close = html.IndexOf('>', end);
        return close < 0 ? html.Length : close + 1;
    }

    private static string Name(ReadOnlySpan<char> tag)
    {
        var length = 0;
        while (length < tag.Length && length < 20 && char.IsAsciiLetterOrDigit(tag[length]))
            length++;
        return tag[..length].ToString().ToLowerInvariant();
    }

    private static string Attribute(ReadOnlySpan<char> tag, string name)
    {
        var at = tag.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return "";
        var rest = tag[(at + name.Length)..].TrimStart();
        if (!rest.StartsWith("="))
            return "";
        rest = rest[1..].TrimStart();
        if (rest.Length == 0)
            return "";
        var value = rest[0] is '"' or '\'' ? rest[1..] : rest;
        var end = rest[0] is '"' or '\'' ? value.IndexOf(rest[0]) : value.IndexOfAny(' ', '\t', '\n');
        return WebUtility.HtmlDecode((end < 0 ? value : value[..end]).Trim().ToString());
    }

    private static void AppendText(StringBuilder text, ReadOnlySpan<char> run)
    {
        var blank = text.Length == 0 || text[^1] is ' ' or '\n';
        foreach (var c in run.Contains('&') ? WebUtility.HtmlDecode(run.ToString()) : run)
        {
            if (char.IsWhiteSpace(c))
            {
                if (!blank)
                    text.Append(' ');
                blank = true;
            }
            else
            {
                text.Append(c);
                blank = false;
            }
        }
    }

    private static void Break(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ')
            text.Length--;
        if (text.Length > 0 && !(text.Length > 1 && text[^1] == '\n' && text[^2] == '\n'))
            text.Append('\n');
    }

    private static string Tidy(StringBuilder text) => Charsets.Clean(text.ToString().Trim());
}
