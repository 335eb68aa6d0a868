using Appliance.Contracts;
using Appliance.Kernel.Files;
using Appliance.Ticketing.Notices;
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
        if (!Label(http, out var label, out var fault))
            return fault!;
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

    /// <summary>A file for the next message about the incident; <c>tlp</c> stands in the address too.</summary>
    public static async Task<Outcome<NoticeFileLine>> AttachAsync(HttpContext http, Viewer viewer, ListNoticeFiles list, EvidenceVault vault, AttachFile attach, TicketingOptions options, Guid id, CancellationToken cancel)
    {
        if (!Label(http, out var label, out var fault))
            return fault!;
        // Asked for the right alone: the act looks for the incident.
        var may = await list.RunAsync(viewer, new(new(id)), cancel);
        if (!may.Succeeded)
            return Outcome<NoticeFileLine>.Refused(may.Refusals);
        if (await Upload.OpenAsync(http, options.MailFilesBytes, cancel) is not { } upload)
            return Refuse.Invalid("ticketing.refused.evidence-empty", "file");
        var put = await vault.PutAsync(upload.Content, cancel, options.MailFilesLimitMib);
        return put.TryGet(out var file) ? await attach.RunAsync(viewer, new(new(id), file, upload.Name, label), cancel) : Outcome<NoticeFileLine>.Refused(put.Refusals);
    }

    private static bool Label(HttpContext http, out Tlp? label, out Refusal? fault)
    {
        var asked = http.Request.Query["tlp"].ToString();
        var known = TlpLabel.TryParse(asked, out var tlp);
        (label, fault) = (known ? tlp : null, known || asked.Length == 0 ? null : Refuse.Invalid("ticketing.refused.evidence-label", "tlp", asked));
        return fault is null;
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
