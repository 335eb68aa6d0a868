using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>Parameters of structured headers, RFC 2045 section 5.1, with the continuations of RFC 2231 section 3.</summary>
internal static class MimeParameter
{
    private const int MaxPieces = 64, MaxLength = 4096;

    /// <summary>The value of a parameter, quoted or not; one sent in numbered pieces is put together. False without it, or with a quote that never closes.</summary>
    public static bool TryFind(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name, out byte[] value)
    {
        value = [];
        if (TryPiece(header, name, -1, out ReadOnlySpan<byte> piece))
        {
            value = piece.ToArray();
            return true;
        }
        if (!TryPiece(header, name, 0, out piece)) return false;
        var whole = new SlidingBuffer();
        whole.Append(piece);
        for (int number = 1; number < MaxPieces && whole.Length < MaxLength && TryPiece(header, name, number, out piece); number++) whole.Append(piece);
        value = whole.Span.ToArray();
        whole.Release();
        return true;
    }

    /// <summary>"name=value", or for a number from 0 on "name*number=value".</summary>
    private static bool TryPiece(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name, int number, out ReadOnlySpan<byte> value)
    {
        value = default;
        for (int i = 0; i + name.Length < header.Length; i++)
        {
            int at = header[i..].IndexOf(name);
            if (at < 0) return false;
            i += at;
            if (i > 0 && header[i - 1] is not ((byte)';' or (byte)' ' or (byte)'\t')) continue;
            ReadOnlySpan<byte> rest = header[(i + name.Length)..];
            if (number >= 0)
            {
                if (rest.IsEmpty || rest[0] != '*') continue;
                int digits = Http.HttpText.Digits(rest[1..], 10, out long found);
                if (digits <= 0 || found != number) continue;
                rest = rest[(1 + digits)..];
            }
            if (rest.IsEmpty || rest[0] != '=') continue;
            rest = rest[1..];
            if (rest.IsEmpty || rest[0] != '"')
            {
                int end = rest.IndexOfAny(";\r\n"u8);
                value = (end < 0 ? rest : rest[..end]).TrimEnd(" \t"u8);
                return true;
            }
            int close = rest[1..].IndexOf((byte)'"');
            if (close < 0) return false;
            value = rest.Slice(1, close);
            return true;
        }
        return false;
    }
}
