using System.Buffers;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Content transfer encodings (RFC 2045, 6). Damaged input never fails: what can be read is.</summary>
internal static class TransferCoding
{
    /// <summary>True when the bytes are the content.</summary>
    public static bool IsPlain(string encoding) => Name(encoding) is not ("base64" or "quoted-printable");

    public static byte[] Decode(string encoding, ReadOnlySpan<byte> body) => Name(encoding) switch
    {
        "base64" => Base64(body),
        "quoted-printable" => QuotedPrintable(body),
        _ => body.ToArray(),
    };

    /// <summary>Characters outside the alphabet are passed over; padding ends the content, and a last group that was cut off before it is no content.</summary>
    public static byte[] Base64(ReadOnlySpan<byte> body)
    {
        var bytes = new ArrayBufferWriter<byte>((body.Length * 3 / 4) + 3);
        var (value, count) = (0u, 0);
        foreach (var c in body)
        {
            if (c == '=')
            {
                if (count == 3)
                    Put(bytes, [(byte)(value >> 10), (byte)(value >> 2)]);
                else if (count == 2)
                    Put(bytes, [(byte)(value >> 4)]);
                break;
            }
            var digit = Digit(c);
            if (digit < 0)
                continue;
            value = value << 6 | (uint)digit;
            if (++count < 4)
                continue;
            Put(bytes, [(byte)(value >> 16), (byte)(value >> 8), (byte)value]);
            (value, count) = (0, 0);
        }
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>A sign of equality that encodes nothing stands for itself; blanks at the end of a line were added on the way and go.</summary>
    public static byte[] QuotedPrintable(ReadOnlySpan<byte> body)
    {
        var bytes = new ArrayBufferWriter<byte>(body.Length + 1);
        for (var i = 0; i < body.Length; i++)
        {
            var c = body[i];
            if (c is (byte)' ' or (byte)'\t')
            {
                var stop = i;
                while (stop < body.Length && body[stop] is (byte)' ' or (byte)'\t')
                    stop++;
                if (!AtLineEnd(body, stop))
                    Put(bytes, body[i..stop]);
                i = stop - 1;
            }
            else if (c != '=')
                Put(bytes, [c]);
            else if (i + 2 < body.Length && Hex(body[i + 1]) is >= 0 and var high && Hex(body[i + 2]) is >= 0 and var low)
            {
                Put(bytes, [(byte)(high << 4 | low)]);
                i += 2;
            }
            else
            {
                var stop = i + 1;
                while (stop < body.Length && body[stop] is (byte)' ' or (byte)'\t')
                    stop++;
                if (!AtLineEnd(body, stop))
                    Put(bytes, [c]);
                else
                    i = stop < body.Length && body[stop] == '\r' ? stop + 1 : stop;
            }
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static string Name(string encoding) => encoding.Split(' ', ';', '(')[0].Trim('"', '\t').ToLowerInvariant();

    private static bool AtLineEnd(ReadOnlySpan<byte> body, int at) => at >= body.Length || body[at] == '\n' || (body[at] == '\r' && at + 1 < body.Length && body[at + 1] == '\n');

    private static int Digit(byte c) => c switch
    {
        >= (byte)'A' and <= (byte)'Z' => c - 'A',
        >= (byte)'a' and <= (byte)'z' => c - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => c - '0' + 52,
        (byte)'+' => 62,
        (byte)'/' => 63,
        _ => -1,
    };

    private static int Hex(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        _ => -1,
    };

    private static void Put(ArrayBufferWriter<byte> bytes, ReadOnlySpan<byte> more)
    {
        more.CopyTo(bytes.GetSpan(more.Length));
        bytes.Advance(more.Length);
    }
}
