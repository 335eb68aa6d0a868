using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Captures;

/// <summary>A capture that lies in a sensor's folder already.</summary>
internal sealed record TakeCaptureRequest(SensorFolder Sensor, StoredFile File, string Purpose = "upload", bool Exercise = false);

/// <summary>Registers a capture and queues its replay.</summary>
internal sealed class TakeCapture(Database database, Exercises exercises) : Act<TakeCaptureRequest, Guid>(database)
{
    private const string Insert =
        """
        insert into sensing.captures (id, sensor_id, name, size, sha256, format, purpose, uploaded_at, uploaded_by, uploaded_by_name, state, job_id, file, queued_at, exercise)
        values (@Id, @sensor, @Name, @Size, @Sha256, @Format, @purpose, @now, @by, @byName, 'queued', @job, @Path, @now, @exercise)
        """;

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, TakeCaptureRequest request, CancellationToken cancel)
    {
        var file = request.File;
        // The job has the capture's own id; a second replay gets one of its own.
        var job = file.Id;
        if (request.Exercise)
            exercises.Add(job);
        await work.ExecuteAsync(
            Insert,
            new
            {
                file.Id,
                file.Name,
                file.Size,
                file.Sha256,
                file.Format,
                file.Path,
                sensor = request.Sensor.Id,
                purpose = request.Purpose,
                now = work.Now,
                by = work.Viewer.Id.Value,
                byName = work.Viewer.Name,
                job,
                exercise = request.Exercise,
            },
            cancel);
        work.Audit("sensing.capture.taken", $"capture/{file.Id}", new { file.Size, file.Sha256, request.Purpose, request.Exercise });
        return file.Id;
    }
}

/// <summary>Asks for another run of a capture.</summary>
internal sealed record ReplayCaptureRequest(Guid Id);

/// <summary>Queues a capture once more, with the rules in force now.</summary>
internal sealed class ReplayCapture(Database database, Exercises exercises) : Act<ReplayCaptureRequest, Guid>(database)
{
    private const string Queue =
        """
        update sensing.captures set state = 'queued', job_id = @job, queued_at = @now, started_at = null, done_at = null, percent = null, packets = null, alerts = null,
            records = null, truncated_at = null, reason = null
        where id = @Id and state in ('stored', 'done', 'failed')
        returning exercise
        """;

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, ReplayCaptureRequest request, CancellationToken cancel)
    {
        var job = Guid.CreateVersion7();
        var exercise = await work.FindAsync<bool?>(Queue, new { request.Id, job, now = work.Now }, cancel);
        if (exercise is null)
            return Refuse.Conflict("sensing.refused.capture-busy");
        if (exercise.Value)
            exercises.Add(job);
        work.Audit("sensing.capture.replayed", $"capture/{request.Id}", new { job });
        return job;
    }
}

/// <summary>Throws a capture away.</summary>
internal sealed record DiscardCaptureRequest(Guid Id);

/// <summary>Deletes the file of a capture; its line and what it found stay.</summary>
internal sealed class DiscardCapture(Database database, CaptureJobs jobs) : Act<DiscardCaptureRequest, Done>(database)
{
    private const string Sql =
        "update sensing.captures set state = 'discarded' where id = @Id and state in ('stored', 'done', 'failed') returning file";

    private string? _file;

    public override Permission Permission => Permissions.Captures;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, DiscardCaptureRequest request, CancellationToken cancel)
    {
        _file = await work.FindAsync<string>(Sql, request, cancel);
        if (_file is null)
            return Refuse.Conflict("sensing.refused.capture-busy");
        work.Audit("sensing.capture.discarded", $"capture/{request.Id}");
        return default(Done);
    }

    protected override Task CommittedAsync(DiscardCaptureRequest request, Done answer, CancellationToken cancel)
    {
        jobs.Delete(_file!);
        return Task.CompletedTask;
    }
}
