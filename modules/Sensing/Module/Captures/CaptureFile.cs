using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Disk;

namespace Appliance.Sensing.Captures;

/// <summary>A capture as it came to lie on the disk.</summary>
internal sealed record StoredFile(Guid Id, string Name, string Path, long Size, string Sha256, string Format);

/// <summary>Streams a capture to the disk: hashed on the way, its first bytes checked, never larger than allowed, never in memory.</summary>
internal static class CaptureFile
{
    /// <summary>Bytes of the header by which a capture is known; nothing shorter is one.</summary>
    public const int Least = 24;

    /// <summary>Reads <paramref name="content"/> to its end and puts it under <paramref name="folder"/>; nothing is left behind when it is refused.</summary>
    public static async Task<Outcome<StoredFile>> StoreAsync(string folder, string name, Stream content, long limit, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7();
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{id}.part");
        try
        {
            var (refusal, size, hash, format) = await WriteAsync(temporary, name, content, limit, cancel);
            if (refusal is not null)
                return refusal;
            var path = Path.Combine(folder, $"{id}.{format}");
            Reveal(temporary, path);
            return new StoredFile(id, SafeName(name), path, size, hash, format);
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.no-room");
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Gives a whole file its name, so that the sensor sees it, which runs as another user and only reads.</summary>
    public static void Reveal(string temporary, string path)
    {
        File.Move(temporary, path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    /// <summary>The last part of the name a browser gave, without what a file system or a reader could stumble over.</summary>
    public static string SafeName(string name)
    {
        var last = name.Replace('\\', '/').Split('/')[^1];
        var safe = new string([.. last.Where(static c => !char.IsControl(c) && !char.IsSurrogate(c) && c is not ('\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069')))]).Trim('.', ' ');
        return safe.Length == 0 ? "capture" : safe.Length <= 120 ? safe : safe[^120..];
    }

    /// <summary>pcap in both byte orders and both clocks, pcapng, or neither.</summary>
    public static string? FormatOf(ReadOnlySpan<byte> head)
    {
        if (head.Length < Least)
            return null;
        return BinaryPrimitives.ReadUInt32BigEndian(head) switch
        {
            0xA1B2C3D4 or 0xD4C3B2A1 or 0xA1B23C4D or 0x4D3CB2A1 => "pcap",
            0x0A0D0D0A when BinaryPrimitives.ReadUInt32BigEndian(head[8..]) is 0x1A2B3C4D or 0x4D3C2B1A => "pcapng",
            _ => null,
        };
    }

    private static async Task<(Refusal? Refusal, long Size, string Hash, string Format)> WriteAsync(string path, string name, Stream content, long limit, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
        var buffer = new byte[1 << 18];
        var head = new byte[Least];
        var (size, format) = (0L, (string?)null);
        int read;
        while ((read = await content.ReadAsync(buffer, cancel)) > 0)
        {
            if (size < head.Length)
                buffer.AsSpan(0, Math.Min(read, (int)(head.Length - size))).CopyTo(head.AsSpan((int)size));
            size += read;
            if (format is null && size >= head.Length && (format = FormatOf(head)) is null)
                return (Refuse.Invalid("sensing.refused.not-a-capture", "file", SafeName(name)), 0, "", "");
            if (size > limit)
                return (Refuse.Invalid("sensing.refused.capture-large", "file", SafeName(name), limit >> 20), 0, "", "");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
        if (format is null)
            return (Refuse.Invalid("sensing.refused.not-a-capture", "file", SafeName(name)), 0, "", "");
        file.Flush(flushToDisk: true);
        return (null, size, Convert.ToHexStringLower(hash.GetHashAndReset()), format);
    }
}
