using Appliance.Contracts;
using Appliance.Kernel.Files;
using Microsoft.AspNetCore.Http;

namespace Appliance.Ticketing.Evidence;

/// <summary>Files in and out: streamed in, sealed on the way; out only as a packed archive that the browser saves.</summary>
internal static class EvidenceEndpoints
{
    /// <summary>
    /// A multipart form whose first file is taken, or the bare bytes with <c>?name=</c>; <c>from</c>, <c>how</c>, <c>tlp</c> and <c>traces=false</c> stand in the address too, so that they are known
    /// before the first byte.
    /// </summary>
    public static async Task<Outcome<EvidenceKept>> KeepAsync(HttpContext http, Viewer viewer, FindRoom room, EvidenceVault vault, KeepEvidence keep, Guid id, CancellationToken cancel)
    {
        var query = http.Request.Query;
        Tlp? label = null;
        if (query["tlp"].ToString() is { Length: > 0 } asked)
        {
            if (!TlpLabel.TryParse(asked, out var known))
                return Refuse.Invalid("ticketing.refused.evidence-label", "tlp", asked);
            label = known;
        }
        // Refused before gigabytes travel: the incident, the limit and the room are known by now.
        var may = await room.RunAsync(viewer, new(new(id), http.Request.ContentLength ?? 0), cancel);
        if (!may.Succeeded)
            return Outcome<EvidenceKept>.Refused(may.Refusals);
        if (await Upload.OpenAsync(http, vault.Limit, cancel) is not { } upload)
            return Refuse.Invalid("ticketing.refused.evidence-empty", "file");
        var put = await vault.PutAsync(upload.Content, cancel);
        return put.TryGet(out var file)
            ? await keep.RunAsync(viewer, new(new(id), file, upload.Name, query["from"].ToString(), query["how"].ToString() is { Length: > 0 } how ? how : "upload", label, query["traces"] != "false"), cancel)
            : Outcome<EvidenceKept>.Refused(put.Refusals);
    }

    /// <summary>The file as an encrypted archive, after its hashes were found to be what they were.</summary>
    public static async Task<object> DownloadAsync(Viewer viewer, FindEvidence find, PackEvidence pack, TellTaken tell, Guid id, CancellationToken cancel)
    {
        var found = await find.RunAsync(viewer, new(id), cancel);
        if (!found.TryGet(out var row))
            return Outcome<Done>.Refused(found.Refusals);
        var packed = await pack.RunAsync(row, cancel);
        if (!packed.TryGet(out var archive))
        {
            if (packed.Refusals[0].Kind == RefusalKind.Conflict)
                await tell.RunAsync(viewer, new(id, "refused", "hashes differ"), cancel);
            return Outcome<Done>.Refused(packed.Refusals);
        }
        var told = await tell.RunAsync(viewer, new(id, "downloaded", "zip, AES-256; hashes verified"), cancel);
        if (told.Succeeded)
            return FileDownload.Answer(archive, PackEvidence.NameOf(row));
        await archive.DisposeAsync();
        return told;
    }

    public static Task<object> CustodyTextAsync(Viewer viewer, ViewEvidence view, Guid id, CancellationToken cancel) => CustodyAsync(viewer, view, id, "txt", CustodyDocument.Text, cancel);

    public static Task<object> CustodyCsvAsync(Viewer viewer, ViewEvidence view, Guid id, CancellationToken cancel) => CustodyAsync(viewer, view, id, "csv", CustodyDocument.Csv, cancel);

    private static async Task<object> CustodyAsync(Viewer viewer, ViewEvidence view, Guid id, string extension, Func<EvidenceSheet, byte[]> write, CancellationToken cancel)
    {
        var outcome = await view.RunAsync(viewer, new(id, Exported: true), cancel);
        return outcome.TryGet(out var sheet)
            ? FileDownload.Answer(new MemoryStream(write(sheet)), $"{sheet.Label.Replace(' ', '-')}-custody.{extension}")
            : Outcome<Done>.Refused(outcome.Refusals);
    }
}
