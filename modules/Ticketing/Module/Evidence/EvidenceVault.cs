using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Microsoft.AspNetCore.DataProtection;

namespace Appliance.Ticketing.Evidence;

/// <summary>A file that lies sealed in the store and that nobody owns yet.</summary>
/// <param name="File">As the store knows it: the sealed bytes.</param>
/// <param name="Key">Its key, protected by the appliance's own.</param>
/// <param name="Size">Of the file itself.</param>
/// <param name="Kind">Guessed from its first bytes.</param>
internal sealed record SealedFile(StoredFile File, string Key, long Size, string Md5, string Sha1, string Sha256, string Kind);

/// <summary>
/// Where evidence lies: in the file store, sealed before its first byte reaches the disk, so that no scanner, preview or reader of a backup meets the file itself. The key of each file stands
/// in its row, protected like the appliance's other secrets; without it the file is noise. Thread-safe.
/// </summary>
internal sealed class EvidenceVault(FileStore files, DataFolder data, KernelOptions kernel, TicketingOptions options, IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("ticketing.evidence");

    /// <summary>Largest file, in bytes.</summary>
    public long Limit => (long)options.EvidenceLimitMib << 20;

    /// <summary>Bytes that may still be written before the disk keeps the rest for the machine.</summary>
    public long Room()
    {
        var disk = new DriveInfo(data.Files);
        return disk.AvailableFreeSpace - Math.Min((long)kernel.StopSpaceMiB << 20, disk.TotalSize / 10);
    }

    /// <summary>Reads <paramref name="content"/> to its end into the store. Refused above the limit, where the disk has no room, and where there is nothing in it.</summary>
    public async Task<Outcome<SealedFile>> PutAsync(Stream content, CancellationToken cancel, int? limitMib = null)
    {
        var key = RandomNumberGenerator.GetBytes(SealedForm.KeyBytes);
        try
        {
            var limit = limitMib is { } lower ? (long)lower << 20 : Limit;
            var room = Room();
            if (room <= 0)
                return Refuse.Unavailable("kernel.refused.no-room");
            await using var sealing = new SealingStream(content, key);
            var put = await files.PutAsync(sealing, "application/octet-stream", Math.Min(SealedForm.LengthOf(limit), room), cancel);
            if (!put.TryGet(out var file))
                return put.Refusals[0].Key != "kernel.file.large" ? Outcome<SealedFile>.Refused(put.Refusals)
                    : sealing.Digests.Size > limit ? Refuse.Invalid("ticketing.refused.evidence-large", "file", limit >> 20)
                    : Refuse.Unavailable("kernel.refused.no-room");
            var size = sealing.Digests.Size;
            if (size == 0)
                return Refuse.Invalid("ticketing.refused.evidence-empty", "file");
            var (md5, sha1, sha256) = sealing.Digests.Finish();
            return new SealedFile(file, _protector.Protect(Convert.ToBase64String(key)), size, md5, sha1, sha256, FileKind.Of(sealing.Head));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The file itself, or null where its sealed bytes or its key are gone. What was altered throws while it is read.</summary>
    public Stream? Open(string? stored, string? sealedKey)
    {
        if (stored is null || sealedKey is null || files.Open(stored) is not { } source)
            return null;
        try
        {
            return new OpeningStream(source, Convert.FromBase64String(_protector.Unprotect(sealedKey)));
        }
        catch (CryptographicException)
        {
            // The key that protects it is not the one of this machine: a database without its keys folder.
            source.Dispose();
            return null;
        }
    }

    /// <summary>Who owns the file in the store.</summary>
    public static string OwnerOf(Guid evidence) => $"evidence/{evidence}";
}
