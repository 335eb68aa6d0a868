using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Appliance.Contracts;

namespace Appliance.Sensing.Rules;

/// <summary>A file of a source: rules, or one of the three configuration files that travel with them.</summary>
internal sealed record RuleFile(string Name, string Kind, string Body);

/// <summary>Reads what a source sends or someone carries in: a rules file, or a tar, tar.gz or zip of them in the layout of Emerging Threats. Bounded in size and number.</summary>
internal static class RuleArchive
{
    private const long UnpackedLimit = 256L << 20;
    private const int FilesLimit = 500;

    public static Outcome<IReadOnlyList<RuleFile>> Read(string name, byte[] content)
    {
        try
        {
            var files = Unpack(name, content);
            return files.Any(static f => f.Kind == "rules")
                ? new List<RuleFile>(files)
                : Refuse.Invalid("sensing.refused.no-rules", "file", name);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException or IOException or FormatException)
        {
            return Refuse.Invalid("sensing.refused.archive", "file", name, fault.Message);
        }
    }

    private static IReadOnlyList<RuleFile> Unpack(string name, byte[] content)
    {
        if (content.AsSpan().StartsWith("PK\u0003\u0004"u8))
            return Zip(content);
        if (content.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            using var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress);
            content = ReadBounded(gzip, UnpackedLimit);
        }
        if (content.Length > 262 && content.AsSpan(257, 5).SequenceEqual("ustar"u8))
            return Tar(content);
        var plain = Path.GetFileName(name);
        if (plain.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            plain = plain[..^3];
        return Make(plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".rules", content) is { } file ? [file] : [];
    }

    private static List<RuleFile> Tar(byte[] content)
    {
        var files = new List<RuleFile>();
        using var reader = new TarReader(new MemoryStream(content));
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && entry.DataStream is { } data)
                Add(files, entry.Name, data);
        }
        return files;
    }

    private static List<RuleFile> Zip(byte[] content)
    {
        var files = new List<RuleFile>();
        using var archive = new ZipArchive(new MemoryStream(content), ZipArchiveMode.Read);
        foreach (var entry in archive.Entries.Where(static e => e.Length > 0))
        {
            using var data = entry.Open();
            Add(files, entry.FullName, data);
        }
        return files;
    }

    private static void Add(List<RuleFile> files, string name, Stream data)
    {
        if (KindOf(Path.GetFileName(name)) is null)
            return;
        if (files.Count >= FilesLimit)
            throw new InvalidDataException($"more than {FilesLimit} files");
        var left = UnpackedLimit - files.Sum(static f => (long)f.Body.Length);
        if (Make(Path.GetFileName(name), ReadBounded(data, left)) is { } file && files.All(f => f.Name != file.Name))
            files.Add(file);
    }

    private static RuleFile? Make(string name, byte[] content) =>
        KindOf(name) is { } kind ? new(Safe(name), kind, Encoding.UTF8.GetString(content).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\0', '\uFFFD')) : null;

    private static string? KindOf(string name) => name switch
    {
        "classification.config" => "classification",
        "reference.config" => "reference",
        "threshold.config" => "threshold",
        _ when name.EndsWith(".rules", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) => name.StartsWith("LICENSE", StringComparison.OrdinalIgnoreCase) ? null : "rules",
        _ => null,
    };

    /// <summary>The name becomes a file name before the sensor: letters, digits, dot, dash, underscore.</summary>
    private static string Safe(string name)
    {
        var safe = new string([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')]).TrimStart('.');
        return safe.Length <= 100 ? safe : safe[^100..];
    }

    private static byte[] ReadBounded(Stream data, long limit)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = data.Read(buffer, 0, buffer.Length)) > 0)
        {
            if (memory.Length + read > limit)
                throw new InvalidDataException($"it unpacks to more than {limit >> 20} MiB");
            memory.Write(buffer, 0, read);
        }
        return memory.ToArray();
    }
}
