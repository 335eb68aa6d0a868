using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>One header of a message.</summary>
/// <param name="Name">As written.</param>
/// <param name="Value">Unfolded, bytes above 127 as Latin-1.</param>
/// <param name="Decoded">With encoded words decoded (RFC 2047), for people.</param>
/// <param name="Offset">Place in the message.</param>
internal sealed record HeaderLine(string Name, string Value, string Decoded, long Offset)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    public static unsafe HeaderLine Of(nint header)
    {
        var raw = GMime.Bytes(GMime.HeaderRawValue(header));
        var value = HeaderLines.Unfold(raw);
        var bytes = Encoding.Latin1.GetBytes(value + "\0");
        string decoded;
        fixed (byte* first = bytes)
        {
            var text = GMime.DecodeText(0, first);
            decoded = GMime.Text(text) ?? value;
            GMime.Free(text);
        }
        return new(Charsets.Clean(GMime.Text(GMime.HeaderName(header)) ?? ""), Charsets.Clean(value), Charsets.Clean(decoded).Trim(), GMime.HeaderOffset(header));
    }
}
