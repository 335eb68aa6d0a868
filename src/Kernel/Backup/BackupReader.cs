using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;

namespace Appliance.Kernel.Backup;

/// <summary>Reads a backup from its first byte to its last and holds every entry against what was written.</summary>
internal sealed class BackupReader(string file, string secret)
{
    private const int LongestDescription = 64 * 1024 * 1024;

    /// <summary>Takes the content of one entry (name, stream); what it leaves unread is read for it.</summary>
    internal delegate Task TakeEntry(string name, Stream content, CancellationToken cancel);

    /// <summary>Reads everything and gives each entry but the two descriptions to <paramref name="take"/>. Only after it returned is it sure that the archive is whole: look once with an empty taker first.</summary>
    /// <exception cref="OperatorFault">Damaged, cut short, of another key, no backup, or of a newer form.</exception>
    public async Task<(BackupManifest Manifest, BackupTrailer Trailer)> ReadAsync(Func<BackupManifest, TakeEntry> take, CancellationToken cancel)
    {
        if (!File.Exists(file))
            throw new OperatorFault("There is no such backup.", $"File: {file}", "Name the file that cirt backup wrote.");
        using var age = await AgeProgram.DecryptAsync(secret, file, cancel);
        try
        {
            var read = await ReadAsync(age.StandardOutput.BaseStream, take, cancel);
            await AgeProgram.EndAsync(age, "The backup cannot be opened.", cancel);
            return read;
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException or JsonException or FormatException)
        {
            // The program's own reason, where it has one, says more than the tear that it left in the archive.
            await AgeProgram.EndAsync(age, "The backup cannot be opened.", cancel);
            throw new OperatorFault("The backup is damaged.", $"{file}: {fault.Message}", "Take another copy.", fault);
        }
        finally
        {
            if (!age.HasExited)
                age.Kill();
        }
    }

    private static async Task<(BackupManifest, BackupTrailer)> ReadAsync(Stream plain, Func<BackupManifest, TakeEntry> take, CancellationToken cancel)
    {
        await using var tar = new TarReader(plain);
        BackupManifest? manifest = null;
        TakeEntry? taker = null;
        List<EntryDigest> seen = [];
        while (await tar.GetNextEntryAsync(copyData: false, cancel) is { } entry)
        {
            if (entry.Name == BackupTrailer.EntryName)
            {
                var trailer = await DescriptionAsync<BackupTrailer>(entry, cancel);
                if (!trailer.Entries.SequenceEqual(seen))
                    throw new InvalidDataException("its entries are not those that were written");
                // To the end, so that what follows the archive is authenticated too.
                await plain.CopyToAsync(Stream.Null, cancel);
                return (manifest ?? throw new InvalidDataException("it does not say what it is"), trailer);
            }

            if (manifest is null)
            {
                (manifest, var digest) = await ManifestAsync(entry, cancel);
                taker = take(manifest);
                seen.Add(digest);
                continue;
            }

            await using var content = new HashingStream(entry.DataStream ?? Stream.Null);
            await taker!(entry.Name, content, cancel);
            await content.CopyToAsync(Stream.Null, cancel);
            seen.Add(new(entry.Name, content.Count, content.Sha256()));
        }

        throw new InvalidDataException("it ends before its last entry");
    }

    private static async Task<(BackupManifest, EntryDigest)> ManifestAsync(TarEntry entry, CancellationToken cancel)
    {
        if (entry.Name != BackupManifest.EntryName)
            throw new InvalidDataException("it does not begin with a manifest");
        var bytes = await BytesAsync(entry, cancel);
        // The form is looked at alone first: another form may have other fields.
        using var look = JsonDocument.Parse(bytes);
        if (look.RootElement.GetProperty(nameof(BackupManifest.Form)).GetInt32() is not BackupManifest.CurrentForm and var form)
            throw new OperatorFault("The backup has a form that this release cannot read.", $"Form {form}; this release reads form {BackupManifest.CurrentForm}.", "Restore it with the release that made it.");
        return (JsonSerializer.Deserialize<BackupManifest>(bytes)!, new(entry.Name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    private static async Task<T> DescriptionAsync<T>(TarEntry entry, CancellationToken cancel) => JsonSerializer.Deserialize<T>(await BytesAsync(entry, cancel)) ?? throw new InvalidDataException($"{entry.Name} is empty");

    private static async Task<byte[]> BytesAsync(TarEntry entry, CancellationToken cancel)
    {
        if (entry.Length > LongestDescription)
            throw new InvalidDataException($"{entry.Name} is too large");
        using var bytes = new MemoryStream();
        if (entry.DataStream is { } content)
            await content.CopyToAsync(bytes, cancel);
        return bytes.ToArray();
    }
}
