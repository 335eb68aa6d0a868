using System.IO.Compression;
using System.Security.Cryptography;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Looks into a zip archive without writing a file: names made harmless, sizes counted as they come out, not as the archive claims.</summary>
internal static class ZipMembers
{
    private const int MostEntries = 10_000;

    private const int MostShown = 200;

    private const long MostBytes = 64L * 1024 * 1024;

    private const int MostRatio = 100;

    public static bool IsZip(ReadOnlySpan<byte> content) => content.StartsWith("PK\x03\x04"u8) || content.StartsWith("PK\x05\x06"u8);

    /// <summary>The members, and why the archive is refused, if it is: too many, too large, packed too well, or damaged.</summary>
    public static (IReadOnlyList<ParsedMember> Members, string? Refused) Read(byte[] content, Action<string, byte[]> take)
    {
        var members = new List<ParsedMember>();
        try
        {
            using var archive = new ZipArchive(new MemoryStream(content, writable: false), ZipArchiveMode.Read);
            if (archive.Entries.Count > MostEntries)
                return ([], "entries");
            var total = 0L;
            foreach (var entry in archive.Entries.Where(e => e.Name.Length > 0).Take(MostShown))
            {
                using var stream = entry.Open();
                var bytes = ReadBounded(stream, Math.Min(MostBytes - total, Math.Max(1024 * 1024, entry.CompressedLength * MostRatio)));
                if (bytes is null)
                    return (members, "size");
                total += bytes.Length;
                var name = FileNames.Safe(entry.Name, "");
                members.Add(new(name, bytes.Length, Lines(bytes), Convert.ToHexStringLower(SHA256.HashData(bytes))));
                take(name, bytes);
            }
            return (members, null);
        }
        catch (Exception fault) when (fault is InvalidDataException or NotSupportedException or IOException)
        {
            return (members, fault is InvalidDataException ? "damaged" : "encrypted or of an unknown method");
        }
    }

    private static byte[]? ReadBounded(Stream stream, long most)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[32768];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            if (kept.Length + read > most)
                return null;
            kept.Write(buffer, 0, read);
        }
        return kept.ToArray();
    }

    private static int Lines(byte[] bytes) => bytes.AsSpan().Count((byte)'\n') + (bytes.Length > 0 && bytes[^1] != '\n' ? 1 : 0);
}
