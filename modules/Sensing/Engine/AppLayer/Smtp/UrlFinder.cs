using System.Text;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>Links in the text of a mail, line by line.</summary>
internal static class UrlFinder
{
    private const int MaxUrls = 64, MaxLength = 2048;
    private static readonly byte[][] Programs = new[] { ".exe", ".vbs", ".bin", ".cmd", ".bat", ".jar", ".js", ".ps", ".ps1", ".sh", ".run", ".hta", ".bin", ".elf" }.Select(Encoding.ASCII.GetBytes).ToArray();

    /// <summary>Adds what it finds, each link once, the newest first, in lower case.</summary>
    public static void Find(ReadOnlySpan<byte> line, SmtpOptions options, List<byte[]> into)
    {
        foreach (byte[] scheme in options.Schemes)
        {
            ReadOnlySpan<byte> rest = line;
            while (true)
            {
                int at = Bytes.IndexOfNoCase(rest, scheme);
                if (at < 0) break;
                ReadOnlySpan<byte> url = rest[(at + scheme.Length)..];
                int end = url.IndexOfAny(" \t\r\n\"'<>]\0"u8);
                if (end >= 0) url = url[..end];
                rest = rest[(at + scheme.Length + url.Length)..];
                if (!url.IsEmpty) Add(scheme, url, options, into);
            }
        }
    }

    private static void Add(byte[] scheme, ReadOnlySpan<byte> url, SmtpOptions options, List<byte[]> into)
    {
        if (into.Count >= MaxUrls) return;
        if (url.Length > MaxLength) url = url[..MaxLength];
        int prefix = options.ShowScheme ? scheme.Length : 0;
        byte[] text = new byte[prefix + url.Length];
        scheme.AsSpan(0, prefix).CopyTo(text);
        for (int i = 0; i < url.Length; i++) text[prefix + i] = Bytes.Lower(url[i]);
        foreach (byte[] known in into)
            if (known.AsSpan().SequenceEqual(text)) return;
        into.Insert(0, text);
    }

    public static bool IsProgram(ReadOnlySpan<byte> url)
    {
        int query = url.IndexOf((byte)'?');
        if (query >= 0) url = url[..query];
        foreach (byte[] ending in Programs)
            if (url.EndsWith(ending)) return true;
        return false;
    }

    /// <summary>Is the host an address by itself, of either family?</summary>
    public static bool IsAddress(ReadOnlySpan<byte> url)
    {
        int scheme = url.IndexOf("://"u8);
        if (scheme >= 0) url = url[(scheme + 3)..];
        int end = url.IndexOf((byte)'/');
        if (end >= 0) url = url[..end];
        return Decode.IpAddress.TryParse(url, out _);
    }
}
