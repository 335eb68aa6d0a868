using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Turns the bytes of a text part into text: by the charset stated, else UTF-8 where it is valid, else Windows-1252, which never fails.</summary>
internal static class Charsets
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    public static string Decode(ReadOnlySpan<byte> bytes, string? charset)
    {
        var stated = Find(charset);
        if (stated is not null && stated.CodePage is not (20127 or 65001))
            return Clean(stated.GetString(bytes));
        try
        {
            return Clean(s_strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return Clean((stated?.CodePage == 65001 ? Encoding.UTF8 : Encoding.GetEncoding(1252)).GetString(bytes));
        }
    }

    /// <summary>Without byte order mark and NUL, which the database cannot hold.</summary>
    public static string Clean(string text) => text.TrimStart('\ufeff').Replace('\0', '\ufffd');

    private static Encoding? Find(string? charset)
    {
        if (string.IsNullOrWhiteSpace(charset))
            return null;
        try
        {
            return Encoding.GetEncoding(charset.Trim().Trim('"', '\''));
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            // Unknown, or UTF-7, which hides markup from every filter and is not decoded.
            return null;
        }
    }
}
