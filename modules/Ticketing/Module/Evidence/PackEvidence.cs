using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using ICSharpCode.SharpZipLib.Zip;

namespace Appliance.Ticketing.Evidence;

/// <summary>
/// Packs a file for its way out: a zip archive with AES-256 (WinZip AE-2) under the password that the field uses for live malware, so that nothing opens it by accident. Written whole and held against the
/// hashes before its first byte is given to anyone. Two at a time.
/// </summary>
internal sealed class PackEvidence(EvidenceVault vault, DataFolder data) : IDisposable
{
    /// <summary>Customary among those who exchange malware; it protects against accidents, not against people.</summary>
    public const string Password = "infected";

    private const long Packed = 64L * 1024 * 1024;

    private readonly SemaphoreSlim _turns = new(2);

    /// <summary>The archive from its beginning, gone from the disk when it is closed; null where the file is not what it was.</summary>
    public async Task<Outcome<Stream>> RunAsync(EvidenceRow row, CancellationToken cancel)
    {
        await _turns.WaitAsync(cancel);
        FileStream? archive = null;
        try
        {
            if (row.Size + (row.Size / 100) > vault.Room())
                return Refuse.Unavailable("kernel.refused.no-room");
            archive = new FileStream(Path.Combine(data.Temporary, $"evidence-{Guid.NewGuid():N}"), new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
                BufferSize = 128 * 1024,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            if (!await WriteAsync(row, archive, cancel))
                return Refuse.Conflict("ticketing.refused.evidence-damaged", row.Label);
            archive.Position = 0;
            Stream whole = archive;
            archive = null;
            return whole;
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.no-room");
        }
        finally
        {
            if (archive is not null)
                await archive.DisposeAsync();
            _turns.Release();
        }
    }

    /// <summary>What a browser is told to call it: nothing of the stranger's own words.</summary>
    public static string NameOf(EvidenceRow row) => $"{row.IncidentNumber}-E{row.Number}-{row.Sha256[..12]}.zip";

    public void Dispose() => _turns.Dispose();

    private async Task<bool> WriteAsync(EvidenceRow row, Stream target, CancellationToken cancel)
    {
        // Not disposed: it holds nothing, and would complain of an entry that ends before its time.
        var zip = new ZipOutputStream(target) { IsStreamOwner = false, Password = Password, UseZip64 = row.Size > int.MaxValue ? UseZip64.On : UseZip64.Off };
        zip.SetLevel(1);
        zip.PutNextEntry(new ZipEntry(row.Name)
        {
            AESKeySize = 256,
            DateTime = row.AddedAt.UtcDateTime,
            Size = row.Size,
            CompressionMethod = row.Size > Packed ? CompressionMethod.Stored : CompressionMethod.Deflated,
            IsUnicodeText = true,
        });
        if (!await Intact.ReadAsync(vault, row, (piece, stop) => zip.WriteAsync(piece, stop), cancel))
            return false;
        zip.CloseEntry();
        zip.Finish();
        return true;
    }
}
