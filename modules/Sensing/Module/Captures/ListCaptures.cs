using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Sensing.Captures;

/// <summary>One capture as the page shows it.</summary>
internal sealed class CaptureRow
{
    public Guid Id { get; init; }
    public string Sensor { get; init; } = "";
    public string Name { get; init; } = "";
    public long Size { get; init; }
    public string Sha256 { get; init; } = "";
    public string Format { get; init; } = "";
    public string Purpose { get; init; } = "";
    public DateTimeOffset UploadedAt { get; init; }
    public string UploadedByName { get; init; } = "";
    public string State { get; init; } = "";
    public Guid? JobId { get; init; }
    public DateTimeOffset? QueuedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? DoneAt { get; init; }
    public double? Percent { get; init; }
    public long? Packets { get; init; }
    public long? Alerts { get; init; }
    public long? Records { get; init; }
    public DateTimeOffset? FirstPacket { get; init; }
    public DateTimeOffset? LastPacket { get; init; }
    public long? TruncatedAt { get; init; }
    public string? Reason { get; init; }
    public bool Exercise { get; init; }

    public bool IsOpen => State is "queued" or "running";
}

/// <summary>Asks for captures, the newest first, or for one.</summary>
internal sealed record ListCapturesRequest(Guid? Id = null, int Size = 100);

/// <summary>The captures that were brought in.</summary>
internal sealed class ListCaptures(Database database) : Query<ListCapturesRequest, IReadOnlyList<CaptureRow>>
{
    private const string Sql =
        $"""
        select m.id, s.name as sensor, m.name, m.size, m.sha256, m.format, m.purpose, m.uploaded_at, m.uploaded_by_name,
            case when m.state = 'failed' and m.reason = '{CancelReplay.Reason}' then 'cancelled' else m.state end as state, m.job_id, m.queued_at, m.started_at, m.done_at,
            m.percent, m.packets, m.alerts, m.records, m.first_packet, m.last_packet, m.truncated_at, m.reason, m.exercise
        from sensing.captures m
        join sensing.sensors s on s.id = m.sensor_id
        where {Visible.Rows} and (@Id::uuid is null or m.id = @Id)
        order by m.uploaded_at desc, m.id desc
        limit @size
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<IReadOnlyList<CaptureRow>>> HandleAsync(Viewer viewer, ListCapturesRequest request, CancellationToken cancel) =>
        new List<CaptureRow>(await database.QueryAsync<CaptureRow>(Sql, Visible.With(viewer, new { request.Id, size = Math.Clamp(request.Size, 1, 500) }), cancel));
}
