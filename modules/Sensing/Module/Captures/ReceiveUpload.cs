using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Captures;

/// <summary>How an append ended.</summary>
/// <param name="Offset">Bytes that lie on the disk now.</param>
/// <param name="Capture">What became of it once all bytes were there.</param>
internal sealed record Received(long Offset, Outcome<CaptureTaken>? Capture);

/// <summary>Takes the parts of an upload and makes a capture of the whole. What came before a line broke stays.</summary>
internal sealed class ReceiveUpload(Database database, UploadFolder uploads, TakeCapture take)
{
    private const string Registered =
        $"select m.id, m.name, m.size, m.sha256 from sensing.captures m where m.id = @id and m.uploaded_by = @by and {Visible.Rows}";

    /// <summary>The capture that this upload has become, if it has.</summary>
    public async Task<CaptureTaken?> FindTakenAsync(Viewer viewer, Guid id, CancellationToken cancel) =>
        await database.FindAsync<TakenRow>(Registered, Visible.With(viewer, new { id, by = viewer.Id.Value }), cancel) is { } row ? new(row.Id, row.Name, row.Size, row.Sha256) : null;

    /// <summary>Writes <paramref name="content"/> behind what is there, which must end at <paramref name="offset"/>; answers where it ends now, also when the line breaks meanwhile.</summary>
    public async Task<Outcome<Received>> AppendAsync(Viewer viewer, SensorFolder sensor, UnfinishedUpload upload, long offset, Stream content, CancellationToken cancel)
    {
        if (UploadFolder.WholeOf(sensor, upload.Id) is null)
        {
            await using var part = new FileStream(UploadFolder.PartOf(sensor, upload.Id), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            if (part.Length != offset)
                return Refuse.Conflict("sensing.refused.upload-offset", part.Length, offset);
            part.Seek(0, SeekOrigin.End);
            try
            {
                if (await CopyAsync(part, upload, content, cancel) is { } refusal)
                {
                    if (refusal.Kind is RefusalKind.Invalid)
                        uploads.Discard(sensor, upload.Id);
                    return refusal;
                }
                part.Flush(flushToDisk: true);
            }
            catch (IOException fault) when (FullDisk.Is(fault))
            {
                return Refuse.Unavailable("kernel.refused.no-room");
            }
            if (part.Length < upload.Size)
                return new Received(part.Length, null);
        }
        return new Received(upload.Size, await FinishAsync(viewer, sensor, upload, cancel));
    }

    private static async Task<Refusal?> CopyAsync(FileStream part, UnfinishedUpload upload, Stream content, CancellationToken cancel)
    {
        var buffer = new byte[1 << 18];
        var looked = part.Length >= CaptureFile.Least;
        while (await ReadAsync(content, buffer, cancel) is > 0 and var read)
        {
            if (part.Length + read > upload.Size)
                return Refuse.Invalid("sensing.refused.upload-longer", "file", upload.Name, upload.Size);
            await part.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
            if (looked || part.Length < CaptureFile.Least)
                continue;
            looked = true;
            if (FormatOf(part) is null)
                return Refuse.Invalid("sensing.refused.not-a-capture", "file", upload.Name);
        }
        return null;
    }

    /// <summary>0 at the end, and where the line is gone: its sender asks for the offset when it comes back.</summary>
    private static async Task<int> ReadAsync(Stream content, byte[] buffer, CancellationToken cancel)
    {
        try
        {
            return await content.ReadAsync(buffer, cancel);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return 0;
        }
    }

    private async Task<Outcome<CaptureTaken>> FinishAsync(Viewer viewer, SensorFolder sensor, UnfinishedUpload upload, CancellationToken cancel)
    {
        var path = UploadFolder.WholeOf(sensor, upload.Id);
        var lying = path ?? UploadFolder.PartOf(sensor, upload.Id);
        string format, hash;
        await using (var file = new FileStream(lying, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 18, FileOptions.Asynchronous | FileOptions.SequentialScan))
        {
            if (FormatOf(file) is not { } known)
                return Refuse.Invalid("sensing.refused.not-a-capture", "file", upload.Name);
            (format, hash) = (known, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel)));
        }
        if (path is null)
        {
            path = Path.Combine(UploadFolder.Captures(sensor), $"{upload.Id}.{format}");
            CaptureFile.Reveal(lying, path);
        }
        // From here on nothing is cut short: the answer may be lost, the capture is not.
        if (await FindTakenAsync(viewer, upload.Id, CancellationToken.None) is not { } taken)
        {
            var outcome = await take.RunAsync(viewer, new(sensor, new(upload.Id, upload.Name, path, upload.Size, hash, format), Exercise: upload.Exercise), CancellationToken.None);
            if (!outcome.Succeeded)
                return Outcome<CaptureTaken>.Refused(outcome.Refusals);
            taken = new(upload.Id, upload.Name, upload.Size, hash);
        }
        UploadFolder.Close(sensor, upload.Id);
        return taken;
    }

    private static string? FormatOf(FileStream file)
    {
        Span<byte> head = stackalloc byte[CaptureFile.Least];
        return CaptureFile.FormatOf(head[..RandomAccess.Read(file.SafeFileHandle, head, 0)]);
    }

    private sealed class TakenRow
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public long Size { get; init; }
        public string Sha256 { get; init; } = "";
    }
}
