using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Captures;

/// <summary>Announces a capture that will come in parts.</summary>
internal sealed record BeginUploadRequest(SensorFolder Sensor, string Name, long Size, string Mark, bool Exercise);

/// <summary>Takes an announcement: refused here rather than after an hour of sending.</summary>
internal sealed class BeginUpload(Database database, UploadFolder uploads, SensingOptions options, KernelOptions kernel) : Act<BeginUploadRequest, UnfinishedUpload>(database)
{
    /// <summary>Unfinished ones of one person.</summary>
    public const int Most = 20;

    private const int LongestMark = 200;

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<UnfinishedUpload>> HandleAsync(Work work, BeginUploadRequest request, CancellationToken cancel)
    {
        var name = CaptureFile.SafeName(request.Name);
        if (request.Size < CaptureFile.Least)
            return Refuse.Invalid("sensing.refused.not-a-capture", "file", name);
        if (request.Size > (long)options.CaptureLimitMib << 20)
            return Refuse.Invalid("sensing.refused.capture-large", "file", name, options.CaptureLimitMib);
        if (request.Mark.Length > LongestMark)
            return Refuse.Invalid("sensing.refused.upload-mark", "mark", LongestMark);
        if ((await uploads.ListAsync(cancel)).Count(u => u.Upload.By == work.Viewer.Id.Value) >= Most)
            return Refuse.Conflict("sensing.refused.uploads-many", Most);
        try
        {
            var room = await RoomAsync(request.Sensor, cancel);
            if (request.Size > room)
                return Refuse.Unavailable("sensing.refused.capture-room", name, (request.Size >> 20) + 1, Math.Max(0, room >> 20));
            var upload = new UnfinishedUpload(Guid.CreateVersion7(), name, request.Size, request.Mark, work.Viewer.Id.Value, work.Viewer.Name, work.Now, request.Exercise);
            UploadFolder.Put(request.Sensor, upload);
            work.Audit("sensing.upload.begun", $"capture/{upload.Id}", new { upload.Size, upload.Exercise });
            return upload;
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.no-room");
        }
    }

    /// <summary>What is free, without what others were promised and what the machine needs to go on.</summary>
    private async Task<long> RoomAsync(SensorFolder sensor, CancellationToken cancel)
    {
        var disk = new DriveInfo(Directory.CreateDirectory(UploadFolder.Captures(sensor)).FullName);
        var kept = Math.Min((long)kernel.StopSpaceMiB << 20, disk.TotalSize / 10);
        return disk.AvailableFreeSpace - kept - await uploads.PromisedAsync(sensor, cancel);
    }
}

/// <summary>Throws an unfinished upload away.</summary>
internal sealed record DiscardUploadRequest(Guid Id);

/// <summary>Deletes what has come of a capture; only whoever began it may.</summary>
internal sealed class DiscardUpload(Database database, UploadFolder uploads, UploadTurns turns) : Act<DiscardUploadRequest, Done>(database)
{
    private SensorFolder? _sensor;

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, DiscardUploadRequest request, CancellationToken cancel)
    {
        if (await uploads.FindAsync(request.Id, work.Viewer.Id.Value, cancel) is not { } found)
            return Refuse.NotFound("sensing.refused.no-upload");
        _sensor = found.Sensor;
        work.Audit("sensing.upload.discarded", $"capture/{request.Id}", new { came = UploadFolder.OffsetOf(found.Sensor, found.Upload) });
        return default(Done);
    }

    protected override async Task CommittedAsync(DiscardUploadRequest request, Done answer, CancellationToken cancel)
    {
        using var turn = await turns.TakeAsync(request.Id, CancellationToken.None);
        uploads.Discard(_sensor!, request.Id);
    }
}
