using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>A URL that a word hides in base64 or in percent-encoding. One level is looked through, no more.</summary>
internal static class EncodedUrl
{
    private const int Longest = 8192;

    private static readonly string[] s_schemes = ["https://", "http://", "ftp://"];

    /// <summary>The URL, or null.</summary>
    public static string? In(ReadOnlySpan<char> word)
    {
        if (word.Length is < 16 or > Longest || word.Contains("://", StringComparison.Ordinal))
            return null;
        if (word.Contains("%3A%2F%2F", StringComparison.OrdinalIgnoreCase))
            return Url(Uri.UnescapeDataString(word.ToString()));
        var end = 0;
        while (end < word.Length && (char.IsAsciiLetterOrDigit(word[end]) || word[end] is '+' or '/'))
            end++;
        if (end < 16 || !word[end..].Trim('=').IsEmpty)
            return null;
        // A last group of one character carries nothing.
        var bytes = new byte[(end / 4 * 3) + 3];
        var padded = word[..end].ToString()[..(end - (end % 4 == 1 ? 1 : 0))];
        return Convert.TryFromBase64String(padded.PadRight((padded.Length + 3) / 4 * 4, '='), bytes, out var length) ? Url(Encoding.Latin1.GetString(bytes, 0, length)) : null;
    }

    private static string? Url(string text)
    {
        foreach (var scheme in s_schemes)
        {
            var start = text.IndexOf(scheme, StringComparison.OrdinalIgnoreCase);
            if (start < 0)
                continue;
            var end = start;
            while (end < text.Length && text[end] is > ' ' and < '\x7f' and not ('"' or '<' or '>' or '\''))
                end++;
            return end - start > scheme.Length + 3 ? text[start..end] : null;
        }
        return null;
    }
}
