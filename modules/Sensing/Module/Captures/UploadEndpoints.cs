using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Files;
using Appliance.Sensing.Sensors;
using Microsoft.AspNetCore.Http;

namespace Appliance.Sensing.Captures;

/// <summary>
/// Captures in parts, in the manner of draft-ietf-httpbis-resumable-upload-10: POST announces one (<c>Upload-Length</c>, section 4.2) and may bring its first bytes, HEAD tells how much has come
/// (4.3), PATCH brings the next bytes at <c>Upload-Offset</c> (4.4), DELETE throws it away (4.5). <c>Upload-Complete: ?1</c> in an answer says that the capture is whole and queued.
/// </summary>
internal static class UploadEndpoints
{
    private const string Offset = "Upload-Offset";
    private const string Length = "Upload-Length";
    private const string Complete = "Upload-Complete";
    private const string Limit = "Upload-Limit";
    private const string PartType = "application/partial-upload";

    /// <summary>Section 4.2: 201 with its address; what is wrong with the whole is said here.</summary>
    public static async Task<object> BeginAsync(HttpContext http, Viewer viewer, SensorFolders folders, BeginUpload begin, ReceiveUpload receive, UploadTurns turns, CancellationToken cancel)
    {
        var query = http.Request.Query;
        if (NumberOf(http, Length) is not { } size)
            return Refused<UploadState>(Refuse.Invalid("sensing.refused.upload-header", Length, Length));
        var wanted = query["sensor"].ToString();
        if ((await folders.RegisterAsync(cancel)).FirstOrDefault(s => s.IsOurs && (wanted.Length == 0 || s.Name == wanted)) is not { } sensor)
            return Refused<UploadState>(Refuse.Unavailable("sensing.refused.no-sensor"));
        var begun = await begin.RunAsync(viewer, new(sensor, query["name"].ToString(), size, query["mark"].ToString(), query["exercise"] == "true"), cancel);
        if (!begun.TryGet(out var upload))
            return Outcome<UploadState>.Refused(begun.Refusals);
        var address = $"{http.Request.Path}/{upload.Id}";
        http.Response.Headers.Location = address;
        http.Response.Headers[Limit] = string.Create(CultureInfo.InvariantCulture, $"max-size={size}, max-age={(int)UnfinishedUpload.Kept.TotalSeconds}");
        using var turn = await turns.TakeAsync(upload.Id, cancel);
        if (await Upload.OpenAsync(http, size, turn.Cancel) is not { } first)
            return Refused<UploadState>(Refuse.Invalid("sensing.refused.no-file", "file"));
        var answer = await receive.AppendAsync(viewer, sensor, upload, 0, first.Content, turn.Cancel);
        return answer.TryGet(out var received) && received.Capture is null
            ? Results.Created(address, UploadState.Of(upload, Tell(http, received.Offset)))
            : AnswerOf(http, upload, answer);
    }

    /// <summary>One's own unfinished uploads, the oldest first.</summary>
    public static Task<Outcome<IReadOnlyList<UploadState>>> ListAsync(Viewer viewer, ListUploads list, CancellationToken cancel) => list.RunAsync(viewer, new(), cancel);

    /// <summary>Section 4.3: 204 with the offset. Whoever still sends is stopped, so that the offset holds.</summary>
    public static async Task<object> LookAsync(HttpContext http, Viewer viewer, UploadFolder uploads, ReceiveUpload receive, UploadTurns turns, Guid id, CancellationToken cancel)
    {
        http.Response.Headers.CacheControl = "no-store";
        using var turn = await turns.TakeAsync(id, cancel);
        if (await uploads.FindAsync(id, viewer.Id.Value, cancel) is { } found)
        {
            http.Response.Headers[Length] = Text(found.Upload.Size);
            Tell(http, UploadFolder.OffsetOf(found.Sensor, found.Upload));
            return Results.NoContent();
        }
        if (await receive.FindTakenAsync(viewer, id, cancel) is not { } taken)
            return Refused<UploadState>(Refuse.NotFound("sensing.refused.no-upload"));
        http.Response.Headers[Length] = Text(taken.Size);
        Tell(http, taken.Size, complete: true);
        return Results.NoContent();
    }

    /// <summary>Section 4.4: 204 with the new offset, 409 with the true one, 200 with the capture after its last byte.</summary>
    public static async Task<object> AppendAsync(HttpContext http, Viewer viewer, UploadFolder uploads, ReceiveUpload receive, UploadTurns turns, Guid id, CancellationToken cancel)
    {
        using var turn = await turns.TakeAsync(id, cancel);
        if (await uploads.FindAsync(id, viewer.Id.Value, cancel) is not { } found)
        {
            // The answer to the last part was lost: it is given again.
            if (await receive.FindTakenAsync(viewer, id, cancel) is not { } taken)
                return Refused<UploadState>(Refuse.NotFound("sensing.refused.no-upload"));
            Tell(http, taken.Size, complete: true);
            return (Outcome<CaptureTaken>)taken;
        }
        if (!string.Equals(http.Request.ContentType, PartType, StringComparison.OrdinalIgnoreCase))
            return Refused<UploadState>(Refuse.Invalid("sensing.refused.upload-type", "Content-Type", PartType));
        if (NumberOf(http, Offset) is not { } offset)
            return Refused<UploadState>(Refuse.Invalid("sensing.refused.upload-header", Offset, Offset));
        var content = await Upload.OpenAsync(http, found.Upload.Size, turn.Cancel);
        var answer = await receive.AppendAsync(viewer, found.Sensor, found.Upload, offset, content!.Content, turn.Cancel);
        if (!answer.Succeeded)
            Tell(http, UploadFolder.OffsetOf(found.Sensor, found.Upload));
        return AnswerOf(http, found.Upload, answer);
    }

    /// <summary>Section 4.5.</summary>
    public static Task<Outcome<Done>> DiscardAsync(Viewer viewer, DiscardUpload discard, Guid id, CancellationToken cancel) => discard.RunAsync(viewer, new(id), cancel);

    private static object AnswerOf(HttpContext http, UnfinishedUpload upload, Outcome<Received> answer)
    {
        if (!answer.TryGet(out var received))
            return Outcome<UploadState>.Refused(answer.Refusals);
        Tell(http, received.Offset, complete: received.Capture?.Succeeded == true);
        return received.Capture is { } capture ? capture : Results.NoContent();
    }

    private static long Tell(HttpContext http, long offset, bool complete = false)
    {
        http.Response.Headers[Offset] = Text(offset);
        // RFC 9651, section 3.3.6: a boolean.
        http.Response.Headers[Complete] = complete ? "?1" : "?0";
        return offset;
    }

    private static long? NumberOf(HttpContext http, string header) =>
        long.TryParse(http.Request.Headers[header].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static Outcome<T> Refused<T>(Refusal refusal) => refusal;
}

/// <summary>An unfinished upload as its sender sees it.</summary>
/// <param name="Offset">Bytes that have come.</param>
/// <param name="Mark">As the sender gave it.</param>
internal sealed record UploadState(Guid Id, string Name, long Size, long Offset, string Mark, DateTimeOffset BegunAt)
{
    public static UploadState Of(UnfinishedUpload upload, long offset) => new(upload.Id, upload.Name, upload.Size, offset, upload.Mark, upload.BegunAt);
}

/// <summary>Asks for one's own unfinished uploads.</summary>
internal sealed record ListUploadsRequest;

/// <summary>What the asker has begun and not finished.</summary>
internal sealed class ListUploads(UploadFolder uploads) : Query<ListUploadsRequest, IReadOnlyList<UploadState>>
{
    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<IReadOnlyList<UploadState>>> HandleAsync(Viewer viewer, ListUploadsRequest request, CancellationToken cancel) =>
        (await uploads.ListAsync(cancel)).Where(u => u.Upload.By == viewer.Id.Value).Select(static u => UploadState.Of(u.Upload, UploadFolder.OffsetOf(u.Sensor, u.Upload))).ToList();
}
