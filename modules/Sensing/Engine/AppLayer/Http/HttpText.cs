using System.Net;
using System.Text;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>The small words of HTTP: methods, versions, numbers, host names (RFC 9110 and RFC 9112), read as loosely as servers read them.</summary>
internal static class HttpText
{
    public const int Invalid = -1, Http09 = 9, Http10 = 100, Http11 = 101;

    private static readonly byte[][] Methods = new[]
    {
        "HEAD", "GET", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "VERSION-CONTROL",
        "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE", "INVALID",
    }.Select(Encoding.ASCII.GetBytes).ToArray();

    public static bool IsMethod(ReadOnlySpan<byte> word)
    {
        foreach (byte[] method in Methods)
            if (word.SequenceEqual(method)) return true;
        return false;
    }

    public static bool IsSpace(byte b) => b is (byte)' ' or >= 0x09 and <= 0x0d;

    /// <summary>Begins a line that goes on with the header before it (obs-fold); a NUL counts, as some servers have it.</summary>
    public static bool IsFolding(byte b) => b is (byte)' ' or (byte)'\t' or 0;

    public static bool IsToken(ReadOnlySpan<byte> name)
    {
        foreach (byte b in name)
            if (b is <= 32 or >= 127 || "()<>@,;:\\\"/[]?={}"u8.Contains(b)) return false;
        return true;
    }

    /// <summary>Without the line end, however many carriage returns and line feeds it has.</summary>
    public static ReadOnlySpan<byte> Chomp(ReadOnlySpan<byte> line) => line.TrimEnd("\r\n"u8);

    public static bool IsEmptyLine(ReadOnlySpan<byte> line) => line.Length == 1 && line[0] is (byte)'\n' or (byte)'\r' || line.SequenceEqual("\r\n"u8);

    public static int Version(ReadOnlySpan<byte> protocol)
    {
        if (protocol.Length != 8 || !protocol.StartsWith("HTTP/"u8) || protocol[6] != '.') return Invalid;
        return (protocol[5], protocol[7]) switch { ((byte)'0', (byte)'9') => Http09, ((byte)'1', (byte)'0') => Http10, ((byte)'1', (byte)'1') => Http11, _ => Invalid };
    }

    /// <summary>Does what stands where a status line should be read as the body itself? Browsers look for "HTTP" alone.</summary>
    public static bool IsNoStatusLine(ReadOnlySpan<byte> line)
    {
        int at = 0;
        while (at < line.Length && (IsSpace(line[at]) || line[at] == 0)) at++;
        return line.Length < at + 4 || !HttpHeaders.Same(line.Slice(at, 4), "HTTP"u8);
    }

    /// <summary>Digits of a radix at the front; the number of bytes they take, 0 for none, -1 when the value is too large.</summary>
    public static int Digits(ReadOnlySpan<byte> text, int radix, out long value)
    {
        value = 0;
        int n = 0;
        foreach (byte b in text)
        {
            int digit = UriText.Hex(b);
            if (digit < 0 || digit >= radix) break;
            if (value > long.MaxValue / 32) return -1;
            value = value * radix + digit;
            n++;
        }
        return n;
    }

    /// <summary>Content-Length: the first number in the value, whatever stands around it; -1 without one.</summary>
    public static long Length(ReadOnlySpan<byte> value)
    {
        int start = value.IndexOfAnyInRange((byte)'0', (byte)'9');
        return start >= 0 && Digits(value[start..], 10, out long length) > 0 ? length : -1;
    }

    public const int NoDigits = -2, BadChunk = -1;

    public static bool IsChunkSpace(byte b) => b is 0x0d or 0x0a or 0x20 or 0x09 or 0x0b or 0x0c;

    /// <summary>The size of a chunk (RFC 9112 section 7.1): hexadecimal digits, then anything. NoDigits for an empty line.</summary>
    public static long ChunkSize(ReadOnlySpan<byte> line, out bool extension)
    {
        extension = false;
        int at = 0;
        while (at < line.Length && IsChunkSpace(line[at])) at++;
        if (at == line.Length) return NoDigits;
        int digits = Digits(line[at..], 16, out long size);
        if (digits >= 0) extension = line[(at + digits)..].Contains((byte)';');
        return digits <= 0 || size > int.MaxValue ? BadChunk : size;
    }

    /// <summary>Splits host and port; false when the port is none or the host is none.</summary>
    public static bool HostAndPort(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> host, out int port)
    {
        port = -1;
        text = text.Trim(" \t\r\n\v\f"u8);
        host = text;
        if (text.IsEmpty) return false;
        int colon;
        if (text[0] == '[')
        {
            int close = text.IndexOf((byte)']');
            if (close < 0) return false;
            host = text[..(close + 1)];
            if (close + 1 == text.Length) return true;
            if (text[close + 1] != ':') return false;
            colon = close + 1;
        }
        else
        {
            colon = text.IndexOf((byte)':');
            if (colon < 0) return true;
            host = text[..colon].TrimEnd(" \t"u8);
        }
        return TryPort(text[(colon + 1)..], out port);
    }

    public static bool TryPort(ReadOnlySpan<byte> text, out int port)
    {
        port = -1;
        text = text.Trim(" \t"u8);
        if (text.IsEmpty || Digits(text, 10, out long value) != text.Length || value is < 1 or > 65535) return false;
        port = (int)value;
        return true;
    }

    /// <summary>Is it a name that can stand for a host: labels of letters, digits, hyphen and underscore, or an address in brackets?</summary>
    public static bool IsHost(ReadOnlySpan<byte> host)
    {
        if (host.IsEmpty || host.Length > 255) return false;
        if (host[0] == '[')
            return host.Length is > 2 and < 48 && host[^1] == ']' && IPAddress.TryParse(Encoding.Latin1.GetString(host[1..^1]), out IPAddress? address) && address.GetAddressBytes().Length == 16;
        int label = 0;
        foreach (byte b in host)
        {
            if (b == '.')
            {
                if (label == 0) return false;
                label = 0;
            }
            else if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'-' or (byte)'_') || ++label > 63) return false;
        }
        return true;
    }

    /// <summary>Contains a word in any case; NULs inside the text are stepped over, as browsers do.</summary>
    public static bool ContainsLoosely(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        for (int start = 0; start < text.Length; start++)
        {
            int matched = 0;
            for (int i = start; i < text.Length && matched < lower.Length; i++)
            {
                if (text[i] == 0 && matched > 0) continue;
                if ((text[i] is >= (byte)'A' and <= (byte)'Z' ? text[i] | 0x20 : text[i]) != lower[matched]) break;
                matched++;
            }
            if (matched == lower.Length) return true;
        }
        return false;
    }

    /// <summary>Is the text this word in any case, NULs apart?</summary>
    public static bool IsLoosely(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        int matched = 0;
        foreach (byte b in text)
        {
            if (b == 0) continue;
            if (matched == lower.Length || (b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b) != lower[matched]) return false;
            matched++;
        }
        return matched == lower.Length;
    }

    /// <summary>Does a list separated by commas name the word?</summary>
    public static bool HasToken(ReadOnlySpan<byte> list, ReadOnlySpan<byte> lower)
    {
        while (true)
        {
            int comma = list.IndexOf((byte)',');
            if (IsLoosely((comma < 0 ? list : list[..comma]).Trim(" \t"u8), lower)) return true;
            if (comma < 0) return false;
            list = list[(comma + 1)..];
        }
    }
}
