using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Appliance.Sensing.Intake;

/// <summary>
/// What JSON allows and PostgreSQL's jsonb refuses: <c>\u0000</c>, halves of surrogate pairs, bytes that are no UTF-8. A record that carries them is stored with
/// U+FFFD in their place, and its own bytes are kept beside it: an attacker who puts a NUL into a URI must not hide an alert.
/// </summary>
internal static class Mending
{
    /// <summary>True when PostgreSQL takes the line as it is.</summary>
    public static bool IsSound(ReadOnlySpan<byte> line) => Utf8.IsValid(line) && (line.IndexOf("\\u"u8) < 0 || EscapesAreSound(line));

    /// <summary>The line with what PostgreSQL refuses replaced.</summary>
    public static byte[] Mend(ReadOnlySpan<byte> line)
    {
        if (!Utf8.IsValid(line))
            return Mend(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line)));
        var output = new ArrayBufferWriter<byte>(line.Length + 16);
        for (var i = 0; i < line.Length;)
        {
            var next = line[i..].IndexOf((byte)'\\');
            if (next < 0)
                next = line.Length - i;
            output.Write(line.Slice(i, next));
            i += next;
            if (i >= line.Length)
                break;
            var length = Math.Min(EscapeLength(line[i..], out var sound), line.Length - i);
            output.Write(sound ? line.Slice(i, length) : "\\ufffd"u8);
            i += length;
        }
        return output.WrittenSpan.ToArray();
    }

    private static bool EscapesAreSound(ReadOnlySpan<byte> line)
    {
        for (var i = line.IndexOf((byte)'\\'); i >= 0 && i < line.Length;)
        {
            i += EscapeLength(line[i..], out var sound);
            if (!sound)
                return false;
            if (i >= line.Length)
                return true;
            var next = line[i..].IndexOf((byte)'\\');
            if (next < 0)
                return true;
            i += next;
        }
        return true;
    }

    /// <summary>The length of the escape at the start of <paramref name="text"/>, a whole surrogate pair as one.</summary>
    private static int EscapeLength(ReadOnlySpan<byte> text, out bool sound)
    {
        sound = true;
        if (text.Length < 2 || text[1] != 'u' || !Unit(text, out var unit))
            return 2;
        if (unit == 0)
            sound = false;
        else if (unit is >= 0xD800 and <= 0xDBFF)
        {
            if (text.Length >= 12 && text[6] == '\\' && text[7] == 'u' && Unit(text[6..], out var low) && low is >= 0xDC00 and <= 0xDFFF)
                return 12;
            sound = false;
        }
        else if (unit is >= 0xDC00 and <= 0xDFFF)
            sound = false;
        return 6;
    }

    private static bool Unit(ReadOnlySpan<byte> text, out uint unit)
    {
        unit = 0;
        return text.Length >= 6 && Utf8Parser.TryParse(text[2..6], out unit, out var used, 'x') && used == 4;
    }
}

/// <summary>Why a line was kept aside. Stored, and the end of a resource key.</summary>
internal static class RejectReason
{
    public const string NotJson = "not-json";
    public const string NotAnObject = "not-an-object";
    public const string NoType = "no-type";
    public const string NoSignature = "no-signature";
    public const string HalfLine = "half-line";
    public const string Huge = "huge";
    public const string Mended = "mended";
    public const string Refused = "refused";
}
