namespace Appliance.Ticketing.Evidence;

/// <summary>Guesses what a file is by its first bytes; its name and what its bringer said count for nothing.</summary>
internal static class FileKind
{
    private static readonly (string Kind, int At, byte[] Bytes)[] s_marks =
    [
        ("application/vnd.microsoft.portable-executable", 0, "MZ"u8.ToArray()),
        ("application/x-elf", 0, [0x7F, .. "ELF"u8]),
        ("application/x-mach-binary", 0, [0xCF, 0xFA, 0xED, 0xFE]),
        ("application/x-mach-binary", 0, [0xCE, 0xFA, 0xED, 0xFE]),
        ("application/java-vm", 0, [0xCA, 0xFE, 0xBA, 0xBE]),
        ("application/vnd.android.dex", 0, "dex\n"u8.ToArray()),
        ("application/x-ms-shortcut", 0, [0x4C, 0, 0, 0, 0x01, 0x14, 0x02, 0]),
        ("application/zip", 0, "PK\x03\x04"u8.ToArray()),
        ("application/zip", 0, "PK\x05\x06"u8.ToArray()),
        ("application/x-7z-compressed", 0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        ("application/vnd.rar", 0, "Rar!\x1A\x07"u8.ToArray()),
        ("application/gzip", 0, [0x1F, 0x8B]),
        ("application/x-xz", 0, [0xFD, .. "7zXZ"u8, 0]),
        ("application/x-bzip2", 0, "BZh"u8.ToArray()),
        ("application/zstd", 0, [0x28, 0xB5, 0x2F, 0xFD]),
        ("application/vnd.ms-cab-compressed", 0, "MSCF"u8.ToArray()),
        ("application/x-tar", 257, "ustar"u8.ToArray()),
        ("application/x-ole-storage", 0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]),
        ("application/pdf", 0, "%PDF-"u8.ToArray()),
        ("application/rtf", 0, "{\\rtf"u8.ToArray()),
        ("application/vnd.sqlite3", 0, "SQLite format 3\0"u8.ToArray()),
        ("application/vnd.tcpdump.pcap", 0, [0xD4, 0xC3, 0xB2, 0xA1]),
        ("application/vnd.tcpdump.pcap", 0, [0xA1, 0xB2, 0xC3, 0xD4]),
        ("application/x-pcapng", 0, [0x0A, 0x0D, 0x0D, 0x0A]),
        ("image/png", 0, [0x89, .. "PNG"u8]),
        ("image/jpeg", 0, [0xFF, 0xD8, 0xFF]),
        ("image/gif", 0, "GIF8"u8.ToArray()),
        ("text/x-shellscript", 0, "#!"u8.ToArray()),
        ("application/xml", 0, "<?xml"u8.ToArray()),
    ];

    /// <summary>A media type; <c>application/octet-stream</c> where nothing is known.</summary>
    public static string Of(ReadOnlySpan<byte> head)
    {
        foreach (var (kind, at, bytes) in s_marks)
            if (head.Length >= at + bytes.Length && head[at..].StartsWith(bytes))
                return kind;
        var start = head.TrimStart((ReadOnlySpan<byte>)[0x20, 0x09, 0x0D, 0x0A, 0xEF, 0xBB, 0xBF]);
        if (StartsWith(start, "<!doctype html"u8) || StartsWith(start, "<html"u8))
            return "text/html";
        if (StartsWith(start, "<svg"u8))
            return "image/svg+xml";
        return head.Length > 0 && !head.ContainsAnyInRange((byte)0, (byte)8) && !head.ContainsAnyInRange((byte)14, (byte)26) ? "text/plain" : "application/octet-stream";
    }

    private static bool StartsWith(ReadOnlySpan<byte> head, ReadOnlySpan<byte> mark) => head.Length >= mark.Length && System.Text.Ascii.EqualsIgnoreCase(head[..mark.Length], mark);
}
