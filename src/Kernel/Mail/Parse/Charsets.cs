using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Turns the bytes of a text part into text: by the charset stated, else UTF-8 where it is valid, else Windows-1252, which never fails.</summary>
internal static class Charsets
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private static readonly Dictionary<string, string> s_aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["utf8"] = "utf-8", ["utf-8-sig"] = "utf-8", ["unicode-1-1-utf-8"] = "utf-8", ["cp65001"] = "utf-8",
        ["gb2312"] = "gb18030", ["gbk"] = "gb18030", ["x-gbk"] = "gb18030", ["cp936"] = "gb18030", ["gb_2312-80"] = "gb18030", ["euc-cn"] = "gb18030", ["gb2312_charset"] = "gb18030",
        ["cp932"] = "shift_jis", ["ms932"] = "shift_jis", ["windows-31j"] = "shift_jis", ["ms_kanji"] = "shift_jis", ["sjis"] = "shift_jis", ["x-sjis"] = "shift_jis", ["shift-jis"] = "shift_jis",
        ["iso-2022-jp-1"] = "iso-2022-jp", ["iso-2022-jp-2"] = "iso-2022-jp", ["iso-2022-jp-ms"] = "iso-2022-jp", ["iso2022jp"] = "iso-2022-jp", ["cp50220"] = "iso-2022-jp", ["cp50221"] = "iso-2022-jp",
        ["ks_c_5601-1987"] = "ks_c_5601-1987", ["ks_c_5601"] = "ks_c_5601-1987", ["ksc5601"] = "ks_c_5601-1987", ["euc-kr"] = "ks_c_5601-1987", ["cp949"] = "ks_c_5601-1987", ["uhc"] = "ks_c_5601-1987",
        ["big5-hkscs"] = "big5", ["cp950"] = "big5", ["x-big5"] = "big5", ["koi8r"] = "koi8-r", ["koi8u"] = "koi8-u", ["koi8-ru"] = "koi8-u",
        ["tis-620"] = "windows-874", ["iso-8859-11"] = "windows-874", ["iso-8859-1"] = "windows-1252", ["latin1"] = "windows-1252", ["latin-1"] = "windows-1252", ["iso8859-1"] = "windows-1252",
        ["iso8859-15"] = "iso-8859-15", ["latin-9"] = "iso-8859-15", ["ansi"] = "windows-1252", ["iso-8859-8-i"] = "iso-8859-8", ["x-mac-roman"] = "macintosh",
    };

    public static string Decode(ReadOnlySpan<byte> bytes, string? charset)
    {
        var stated = Find(charset);
        if (stated is not null && stated.CodePage is not (20127 or 65001))
            return Clean(stated.GetString(bytes));
        if (stated?.CodePage != 65001 && IsJapaneseSevenBit(bytes))
            return Clean(Encoding.GetEncoding("iso-2022-jp").GetString(bytes));
        try
        {
            return Clean(s_strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return Clean((IsMostlyUtf8(bytes) ? Encoding.UTF8 : Encoding.GetEncoding(1252)).GetString(bytes));
        }
    }

    /// <summary>Without byte order mark and NUL, which the database cannot hold.</summary>
    public static string Clean(string text) => text.TrimStart('\ufeff').Replace('\0', '\ufffd');

    /// <summary>The escape sequences of ISO-2022-JP in a text that names no charset.</summary>
    private static bool IsJapaneseSevenBit(ReadOnlySpan<byte> bytes) =>
        (bytes.IndexOf("\x1b$B"u8) >= 0 || bytes.IndexOf("\x1b$@"u8) >= 0) && bytes.IndexOfAnyInRange((byte)128, (byte)255) < 0;

    /// <summary>Text that was cut or damaged in few places is still UTF-8; an old charset with a wrong label holds hardly a whole sequence.</summary>
    private static bool IsMostlyUtf8(ReadOnlySpan<byte> bytes)
    {
        var (whole, broken) = (0, 0);
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out _, out var used);
            if (status != System.Buffers.OperationStatus.Done)
                broken++;
            else if (used > 1)
                whole++;
            bytes = bytes[used..];
        }
        return whole > broken;
    }

    private static Encoding? Find(string? charset)
    {
        if (string.IsNullOrWhiteSpace(charset))
            return null;
        var name = charset.Trim().Trim('"', '\'', ' ').Split(';', ' ')[0];
        try
        {
            return Encoding.GetEncoding(s_aliases.GetValueOrDefault(name, name));
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            // Unknown, or UTF-7, which hides markup from every filter and is not decoded.
            return null;
        }
    }
}
