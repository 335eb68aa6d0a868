using System.Globalization;
using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>Header values: what may stand in one, and how it is written in ASCII (RFC 2047) without ever breaking a line by itself.</summary>
public static class HeaderText
{
    /// <summary>True when <paramref name="value"/> holds anything that a mail program could read as the end of a header.</summary>
    public static bool Breaks(string value) => value.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0 || value.AsSpan().IndexOfAny("\x7f\u0085\u2028\u2029") >= 0;

    /// <summary>Text as a header value: as it is when it is plain, else encoded words of at most 75 characters, folded.</summary>
    internal static string Encode(string value, int firstColumn)
    {
        if (IsPlain(value))
            return Fold(value, firstColumn);
        // Plain words at the beginning stay readable in the raw message: a label above all.
        var odd = 0;
        while (odd < value.Length && value[odd] < 128 && !(value[odd] == '=' && odd + 1 < value.Length && value[odd + 1] == '?'))
            odd++;
        var cut = odd == 0 ? -1 : value.LastIndexOf(' ', Math.Min(odd, value.Length - 1));
        if (cut > 0)
            return $"{Fold(value[..cut], firstColumn)}\r\n {Encode(value[(cut + 1)..], 1)}";
        var words = new List<string>();
        var chunk = new List<byte>();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in value.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(bytes);
            // 45 bytes make 60 characters of base64: with the frame 72, below the limit of 75.
            if (chunk.Count + length > (words.Count == 0 ? Math.Max(9, 45 - firstColumn) : 45))
                Close();
            foreach (var b in bytes[..length])
                chunk.Add(b);
        }
        Close();
        return string.Join("\r\n ", words);

        void Close()
        {
            if (chunk.Count > 0)
                words.Add($"=?utf-8?B?{Convert.ToBase64String([.. chunk])}?=");
            chunk.Clear();
        }
    }

    /// <summary>A display name with its address.</summary>
    internal static string Mailbox(string name, string address)
    {
        if (name.Length == 0)
            return address;
        var shown = !IsPlain(name) ? Encode(name, 10)
            : name.All(c => char.IsAsciiLetterOrDigit(c) || c == ' ') ? name
            : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        return $"{shown} <{address}>";
    }

    /// <summary>RFC 5322 date in UTC.</summary>
    internal static string Date(DateTimeOffset time) => time.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);

    // "=?" would be read back as an encoded word.
    private static bool IsPlain(string value) => Ascii.IsValid(value) && !value.Contains("=?", StringComparison.Ordinal);

    private static string Fold(string value, int firstColumn)
    {
        var folded = new StringBuilder();
        var column = firstColumn;
        foreach (var word in value.Split(' '))
        {
            if (folded.Length > 0)
            {
                // A blank word at the fold would vanish with the line's end.
                var fold = column + 1 + word.Length > 76 && word.Length > 0;
                folded.Append(fold ? "\r\n " : " ");
                column = fold ? 1 : column + 1;
            }
            folded.Append(word);
            column += word.Length;
        }
        return folded.ToString();
    }
}
