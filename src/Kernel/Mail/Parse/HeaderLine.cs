using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>One header of a message.</summary>
/// <param name="Name">As written.</param>
/// <param name="Value">Unfolded, bytes above 127 as Latin-1.</param>
/// <param name="Decoded">With encoded words decoded (RFC 2047), for people.</param>
internal sealed record HeaderLine(string Name, string Value, string Decoded)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>A header with its folded lines, or null when the bytes are none. Blanks before the colon are the obsolete syntax of RFC 5322, 4.5.</summary>
    public static HeaderLine? Read(ReadOnlySpan<byte> bytes)
    {
        var colon = bytes.IndexOf((byte)':');
        if (colon <= 0)
            return null;
        var name = bytes[..colon].TrimEnd(" \t"u8);
        if (name.IsEmpty || name.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            return null;
        var value = HeaderLines.Unfold(bytes[(colon + 1)..]);
        return new(Encoding.ASCII.GetString(name), Charsets.Clean(value), Charsets.Clean(Decode(value)).Trim());
    }

    /// <summary>Encoded words decoded; other bytes above 127 read as what they most likely are.</summary>
    public static unsafe string Decode(string value)
    {
        if (Ascii.IsValid(value) && !value.Contains("=?", StringComparison.Ordinal) && !value.Contains('\x1b', StringComparison.Ordinal))
            return value;
        if (!value.Contains("=?", StringComparison.Ordinal))
            return Charsets.Decode(Encoding.Latin1.GetBytes(value), null);
        var bytes = Encoding.Latin1.GetBytes(value.Replace('\0', ' ') + "\0");
        fixed (byte* first = bytes)
        {
            var text = GMime.DecodeText(0, first);
            var decoded = GMime.Text(text) ?? value;
            GMime.Free(text);
            return decoded;
        }
    }
}
