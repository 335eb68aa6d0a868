namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>What a Content-Range header says (RFC 9110, section 14.4): first and last byte and the size of the whole, -1 when it is not known.</summary>
internal readonly record struct HttpRange(long Start, long End, long Size)
{
    public static bool TryRead(ReadOnlySpan<byte> value, out HttpRange range)
    {
        range = default;
        value = value.Trim(" \t"u8);
        if (value.Length < 6 || !HttpHeaders.Same(value[..5], "bytes"u8) || value[5] is not ((byte)' ' or (byte)'\t' or (byte)'=')) return false;
        value = value[6..].TrimStart(" \t"u8);
        int slash = value.IndexOf((byte)'/');
        if (slash < 0) return false;
        ReadOnlySpan<byte> span = value[..slash], whole = value[(slash + 1)..];
        long start = -1, end = -1, size = -1;
        int dash = span.IndexOf((byte)'-');
        if (dash >= 0 ? !IsNumber(span[..dash], out start) || !IsNumber(span[(dash + 1)..], out end) : !span.SequenceEqual("*"u8)) return false;
        if (!whole.SequenceEqual("*"u8) && !IsNumber(whole, out size)) return false;
        range = new HttpRange(start, end, size);
        return true;
    }

    private static bool IsNumber(ReadOnlySpan<byte> text, out long value)
    {
        value = -1;
        return !text.IsEmpty && text.Length < 19 && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && HttpParser.TryNumber(text, 10, out value);
    }
}
