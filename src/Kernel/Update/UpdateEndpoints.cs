using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Disk;
using Appliance.Kernel.Files;
using Appliance.Kernel.Modules;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Update;

/// <summary>Releases over <c>/api/v1/kernel/update</c>.</summary>
internal static class UpdateEndpoints
{
    private const long Limit = 4L << 30;

    // A tar archive says what it is here (POSIX.1-1988).
    private const int MagicAt = 257;

    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "update", KernelPermissions.ManageUpdates, (Viewer viewer, ShowUpdate show, CancellationToken cancel) => show.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "update", KernelPermissions.ManageUpdates, TakeAsync)
        .Endpoint("POST", "update/restart", KernelPermissions.ManageUpdates, (Viewer viewer, RestartMachine restart, CancellationToken cancel) => restart.RunAsync(viewer, default, cancel));

    private static async Task<Outcome<UpdateSheet>> TakeAsync(HttpContext http, Viewer viewer, UpdateFolder folder, GiveRelease give, ShowUpdate show, CancellationToken cancel)
    {
        if (!folder.IsOpen)
            return Refuse.Conflict("kernel.update.elsewhere");
        if (await Upload.OpenAsync(http, Limit, cancel) is not { } upload)
            return Refuse.Invalid("kernel.update.no-file", "file");
        var part = folder.NewPart();
        try
        {
            var (bytes, hash, isTar) = await WriteAsync(part, upload.Content, cancel);
            if (!isTar || bytes > Limit)
                return Refuse.Invalid("kernel.update.not-one", "file");
            var given = await give.RunAsync(viewer, new(part, FileNames.Safe(upload.Name), bytes, hash), cancel);
            return given.Succeeded ? await show.RunAsync(viewer, default, cancel) : Outcome<UpdateSheet>.Refused(given.Refusals);
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.no-room");
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static async Task<(long Bytes, string Sha256, bool IsTar)> WriteAsync(string part, Stream content, CancellationToken cancel)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20, FileOptions.Asynchronous);
        var buffer = new byte[1 << 17];
        var head = new byte[MagicAt + 5];
        long bytes = 0;
        int read;
        while (bytes <= Limit && (read = await content.ReadAsync(buffer, cancel)) > 0)
        {
            if (bytes < head.Length)
                buffer.AsSpan(0, (int)Math.Min(read, head.Length - bytes)).CopyTo(head.AsSpan((int)bytes));
            sum.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            bytes += read;
        }

        await file.FlushAsync(cancel);
        file.Flush(flushToDisk: true);
        return (bytes, Convert.ToHexStringLower(sum.GetHashAndReset()), head.AsSpan(MagicAt).SequenceEqual("ustar"u8));
    }
}
