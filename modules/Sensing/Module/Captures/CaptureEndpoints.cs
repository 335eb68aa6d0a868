using Appliance.Contracts;
using Appliance.Kernel.Files;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Microsoft.AspNetCore.Http;

namespace Appliance.Sensing.Captures;

/// <summary>Takes files from a browser or a program: a multipart form whose first file is streamed, or the bare bytes with <c>?name=</c>.</summary>
internal static class CaptureEndpoints
{
    /// <summary>A capture: streamed to the disk, registered, its replay queued.</summary>
    public static async Task<Outcome<CaptureTaken>> TakeAsync(HttpContext http, Viewer viewer, SensorFolders folders, SensingOptions options, TakeCapture take, CancellationToken cancel)
    {
        var limit = (long)options.CaptureLimitMib << 20;
        var sensors = (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs).ToList();
        var wanted = http.Request.Query["sensor"].ToString();
        if (sensors.FirstOrDefault(s => wanted.Length == 0 || s.Name == wanted) is not { } sensor)
            return Refuse.Unavailable("sensing.refused.no-sensor");
        if (await Upload.OpenAsync(http, limit, cancel) is not { } upload)
            return Refuse.Invalid("sensing.refused.no-file", "file");
        var stored = await CaptureFile.StoreAsync(Path.Combine(sensor.Control, "captures"), upload.Name, upload.Content, limit, cancel);
        if (!stored.TryGet(out var file))
            return Outcome<CaptureTaken>.Refused(stored.Refusals);
        var taken = await take.RunAsync(viewer, new(sensor, file, Exercise: http.Request.Query["exercise"] == "true"), cancel);
        return taken.TryGet(out var id) ? new CaptureTaken(id, file.Name, file.Size, file.Sha256) : Outcome<CaptureTaken>.Refused(taken.Refusals);
    }

    /// <summary>Rules: small enough to be held in memory.</summary>
    public static async Task<Outcome<CarriedRules>> CarryRulesAsync(HttpContext http, Viewer viewer, CarryRules carry, CancellationToken cancel)
    {
        if (await Upload.OpenAsync(http, CarryRules.Limit, cancel) is not { } upload)
            return Refuse.Invalid("sensing.refused.no-file", "file");
        using var memory = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await upload.Content.ReadAsync(buffer, cancel)) > 0)
        {
            if (memory.Length + read > CarryRules.Limit)
                return Refuse.Invalid("sensing.refused.rules-large", "file", CarryRules.Limit >> 20);
            memory.Write(buffer, 0, read);
        }
        return await carry.RunAsync(viewer, new(upload.Name, memory.ToArray()), cancel);
    }
}

/// <summary>What the endpoint answers.</summary>
internal sealed record CaptureTaken(Guid Id, string Name, long Size, string Sha256);
