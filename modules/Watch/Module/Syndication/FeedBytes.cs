using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Appliance.Watch.Syndication;

/// <summary>Bytes to text, and text to something an XML reader accepts: feeds in the wild lie about encoding and carry HTML's entities.</summary>
internal static partial class FeedBytes
{
    static FeedBytes() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>The text by byte order mark, the transport's charset (RFC 7303), the XML declaration, UTF-8 where it is valid, else windows-1252.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes, string? contentType)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            return Encoding.UTF8.GetString(bytes[3..]);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]) || bytes.StartsWith((ReadOnlySpan<byte>)[0, 0, 0xFE, 0xFF]))
            return new UTF32Encoding(bytes[0] == 0, true).GetString(bytes[4..]);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
            return Encoding.Unicode.GetString(bytes[2..]);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return Encoding.BigEndianUnicode.GetString(bytes[2..]);
        if (bytes.Length >= 4 && bytes[0] == '<' && bytes[1] == 0)
            return Encoding.Unicode.GetString(bytes);
        if (bytes.Length >= 4 && bytes[0] == 0 && bytes[1] == '<')
            return Encoding.BigEndianUnicode.GetString(bytes);
        foreach (var name in new[] { CharsetOf(contentType), DeclaredIn(bytes) })
            if (name is not null && Find(name) is { } encoding && TryDecode(encoding, bytes) is { } text)
                return text;
        return TryDecode(Encoding.UTF8, bytes) ?? Encoding.GetEncoding(1252).GetString(bytes);
    }

    /// <summary>Well-formed as far as text can be made so without guessing at structure: no declaration, no DOCTYPE, known entities resolved, stray ampersands escaped.</summary>
    public static string Tidy(string text)
    {
        var start = text.IndexOf('<', StringComparison.Ordinal);
        if (start < 0)
            return "";
        text = Declaration().Replace(text[start..], "", 1);
        text = WithoutDoctype(text);
        var tidy = new StringBuilder(text.Length + 64);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '<' && string.CompareOrdinal(text, i, "<![CDATA[", 0, 9) == 0)
            {
                var end = text.IndexOf("]]>", i, StringComparison.Ordinal);
                end = end < 0 ? text.Length : end + 3;
                AppendPlain(tidy, text.AsSpan(i, end - i));
                i = end - 1;
            }
            else if (c == '&')
            {
                i = Reference(text, i, tidy);
            }
            else if (IsXml(c) || (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) || (char.IsLowSurrogate(c) && i > 0 && char.IsHighSurrogate(text[i - 1])))
            {
                tidy.Append(c);
            }
        }
        return tidy.ToString();
    }

    private static void AppendPlain(StringBuilder tidy, ReadOnlySpan<char> part)
    {
        foreach (var c in part)
            if (IsXml(c) || char.IsSurrogate(c))
                tidy.Append(c);
    }

    private static int Reference(string text, int at, StringBuilder tidy)
    {
        var end = text.IndexOf(';', at, Math.Min(40, text.Length - at));
        if (end > at + 1)
        {
            var name = text[(at + 1)..end];
            if (name is "amp" or "lt" or "gt" or "quot" or "apos")
            {
                tidy.Append(text, at, end - at + 1);
                return end;
            }
            if (CharacterOf(name) is { } resolved)
            {
                tidy.Append(resolved);
                return end;
            }
        }
        tidy.Append("&amp;");
        return at;
    }

    /// <summary>The character a reference stands for, escaped where XML needs it; null when it is none.</summary>
    private static string? CharacterOf(string name)
    {
        if (name[0] == '#')
        {
            var hex = name.Length > 1 && name[1] is 'x' or 'X';
            if (!int.TryParse(name.AsSpan(hex ? 2 : 1), hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                return null;
            // The numbers 128 to 159 mean windows-1252 wherever feeds use them, as HTML settled it.
            if (code is >= 0x80 and <= 0x9F)
                return Encoding.GetEncoding(1252).GetString([(byte)code]);
            if (!Rune.IsValid(code))
                return "\uFFFD";
            return code switch { '<' => "&lt;", '>' => "&gt;", '&' => "&amp;", '"' => "&quot;", < 0x20 and not (9 or 10 or 13) => "", 0xFFFE or 0xFFFF => "", _ => new Rune(code).ToString() };
        }
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c))
                return null;
        var decoded = WebUtility.HtmlDecode($"&{name};");
        return decoded.Length <= 2 && decoded[0] != '&' ? decoded : null;
    }

    /// <summary>A DOCTYPE with its internal subset is cut out unread: no entity of a stranger is ever expanded.</summary>
    private static string WithoutDoctype(string text)
    {
        var at = text.IndexOf("<!DOCTYPE", StringComparison.OrdinalIgnoreCase);
        if (at < 0 || text.AsSpan(0, at).IndexOf("<![CDATA[") >= 0)
            return text;
        var (depth, quote, end) = (0, '\0', at);
        for (; end < text.Length; end++)
        {
            var c = text[end];
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '"' or '\'')
                quote = c;
            else if (c is '<' or '[')
                depth++;
            else if (c is ']')
                depth--;
            else if (c == '>' && --depth == 0)
                break;
        }
        return end >= text.Length ? text[..at] : text.Remove(at, end - at + 1);
    }

    private static bool IsXml(char c) => c is '\t' or '\n' or '\r' or (>= ' ' and < '\uD800') or (> '\uDFFF' and < '\uFFFE');

    private static string? CharsetOf(string? contentType)
    {
        var match = Charset().Match(contentType ?? "");
        return match.Success ? match.Groups[1].Value : null;
    }

    private static string? DeclaredIn(ReadOnlySpan<byte> bytes)
    {
        var match = DeclaredEncoding().Match(Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, 400)]));
        return match.Success ? match.Groups[1].Value : null;
    }

    private static Encoding? Find(string name)
    {
        try
        {
            var found = Encoding.GetEncoding(name.Trim(' ', '"', '\''), EncoderFallback.ReplacementFallback, DecoderFallback.ExceptionFallback);
            // UTF-7 can smuggle markup past every check; a single-byte document cannot be UTF-16 that had no mark above.
            return found.CodePage is 65000 or 1200 or 1201 or 12000 or 12001 ? null : found.CodePage == 28591 ? Encoding.GetEncoding(1252) : found;
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static string? TryDecode(Encoding encoding, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return encoding.CodePage == 65001 ? new UTF8Encoding(false, true).GetString(bytes) : encoding.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"charset\s*=\s*[""']?([A-Za-z0-9_.:\-]{1,40})", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Charset();

    [GeneratedRegex(@"<\?xml[^>]{0,200}encoding\s*=\s*[""']([A-Za-z0-9_.:\-]{1,40})[""']", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex DeclaredEncoding();

    [GeneratedRegex(@"<\?xml[^>]*\?>", RegexOptions.NonBacktracking)]
    private static partial Regex Declaration();
}
