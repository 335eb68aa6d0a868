using System.Buffers.Binary;

namespace Appliance.Bench;

/// <summary>The captures of a folder that Suricata takes: it refuses a capture whole when it does not know its link type.</summary>
internal static class Captures
{
    // LINKTYPE_: null, Ethernet, PPP, raw IP by three numbers, Cisco HDLC, Linux cooked 1, IPv4, IPv6, Linux cooked 2
    private static readonly HashSet<uint> s_links = [0, 1, 9, 12, 14, 101, 104, 113, 228, 229, 276];

    /// <summary>Paths relative to <paramref name="root"/>, in order.</summary>
    public static IReadOnlyList<string> Of(string root) =>
        [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(IsTaken).Select(path => Path.GetRelativePath(root, path)).Order(StringComparer.Ordinal)];

    private static bool IsTaken(string path)
    {
        Span<byte> head = stackalloc byte[24];
        using FileStream file = File.OpenRead(path);
        if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length)
            return false;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(head);
        return magic switch
        {
            0xa1b2c3d4 or 0xa1b23c4d => s_links.Contains(BinaryPrimitives.ReadUInt32LittleEndian(head[20..]) & 0x03ff_ffff),
            0xd4c3b2a1 or 0x4d3cb2a1 => s_links.Contains(BinaryPrimitives.ReadUInt32BigEndian(head[20..]) & 0x03ff_ffff),
            0x0a0d0d0a => LinksOf(file) is { Count: > 0 } links && links.All(s_links.Contains),
            _ => false,
        };
    }

    /// <summary>Link types of the interfaces of a pcapng capture. Suricata takes it by the first, but libpcap refuses a second of another kind.</summary>
    private static HashSet<uint> LinksOf(FileStream file)
    {
        var links = new HashSet<uint>();
        Span<byte> block = stackalloc byte[12];
        bool big = false;
        for (file.Position = 0; file.ReadAtLeast(block, block.Length, throwOnEndOfStream: false) == block.Length;)
        {
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(block);
            if (type == 0x0a0d0d0a)
                big = BinaryPrimitives.ReadUInt32BigEndian(block[8..]) == 0x1a2b3c4d;
            else if (big)
                type = BinaryPrimitives.ReverseEndianness(type);
            uint length = big ? BinaryPrimitives.ReadUInt32BigEndian(block[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
            if (type == 1)
                links.Add(big ? BinaryPrimitives.ReadUInt16BigEndian(block[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(block[8..]));
            if (length < 12)
                break;
            file.Seek(length - 12L, SeekOrigin.Current);
        }

        return links.Count == 1 ? links : [];
    }
}
