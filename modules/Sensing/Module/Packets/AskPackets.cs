using System.Globalization;
using System.Net;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Sensing.Packets;

/// <summary>Asks the sensor for the packets of the conversation that an alert belongs to.</summary>
internal sealed record AskPacketsRequest(long Alert);

/// <summary>Puts an extract job before the sensor that saw the alert. What is still in its ring comes back as a capture of its own.</summary>
internal sealed class AskPackets(Database database, SensingOptions options) : Act<AskPacketsRequest, Guid>(database)
{
    /// <summary>Before the flow began and behind the alert: what led to it and what came of it.</summary>
    private static readonly TimeSpan s_before = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_after = TimeSpan.FromMinutes(5);

    /// <summary>A record may claim that its flow began at the beginning of time; no ring reaches back further than this.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(7);

    private const string Find =
        $"""
        select m.group_id, m.sensor_id, m.seen_at, m.src, m.src_port, m.dst, m.dst_port, m.proto, m.replay, m.raw #>> array['flow', 'start'] as flow_start, m.tlp, m.pap, m.exercise, m.named, s.kind, s.present
        from sensing.alerts m
        join sensing.sensors s on s.id = m.sensor_id
        where m.id = @Alert and {Visible.Rows}
        """;

    private const string Open = "select exists (select 1 from sensing.extracts where alert_id = @Alert and state in ('queued', 'running')) -- every row: whether a job runs, whoever asked";

    private const string Insert =
        """
        insert into sensing.extracts (id, group_id, alert_id, sensor_id, state, asked_at, asked_by, asked_by_name, from_at, to_at, src, src_port, dst, dst_port, proto, tlp, pap, exercise, named)
        values (@id, @GroupId, @Alert, @SensorId, 'queued', @now, @by, @byName, @from, @to, @Src, @SrcPort, @Dst, @DstPort, @Proto, @Tlp, @Pap, @Exercise, @Named)
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, AskPacketsRequest request, CancellationToken cancel)
    {
        if (await work.FindAsync<AlertRow>(Find, Visible.With(work.Viewer, request), cancel) is not { } alert)
            return Refuse.NotFound("sensing.refused.no-event");
        if (PacketsView.Obstacle(alert.Replay, alert.Kind, alert.Present, options) is { } obstacle)
            return Refuse.Conflict($"sensing.refused.packets-{obstacle}");
        if (alert.Src is null || alert.Dst is null)
            return Refuse.Conflict("sensing.refused.packets-no-addresses");
        if (await work.FindAsync<bool>(Open, request, cancel))
            return Refuse.Conflict("sensing.refused.packets-asked");
        var id = Guid.CreateVersion7();
        var began = DateTimeOffset.TryParse(alert.FlowStart, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) && start < alert.SeenAt && alert.SeenAt - start < s_longest ? start : alert.SeenAt;
        await work.ExecuteAsync(
            Insert,
            new
            {
                id,
                alert.GroupId,
                request.Alert,
                alert.SensorId,
                now = work.Now,
                by = work.Viewer.Id.Value,
                byName = work.Viewer.Name,
                from = began - s_before,
                to = alert.SeenAt + s_after,
                alert.Src,
                alert.SrcPort,
                alert.Dst,
                alert.DstPort,
                alert.Proto,
                alert.Tlp,
                alert.Pap,
                alert.Exercise,
                alert.Named,
            },
            cancel);
        work.Audit("sensing.packets.asked", $"alert-group/{alert.GroupId}", new { alert = request.Alert, job = id });
        return id;
    }

    private sealed class AlertRow
    {
        public Guid GroupId { get; init; }
        public short SensorId { get; init; }
        public DateTimeOffset SeenAt { get; init; }
        public IPAddress? Src { get; init; }
        public int? SrcPort { get; init; }
        public IPAddress? Dst { get; init; }
        public int? DstPort { get; init; }
        public string? Proto { get; init; }
        public string? Replay { get; init; }
        public string? FlowStart { get; init; }
        public short Tlp { get; init; }
        public short Pap { get; init; }
        public bool Exercise { get; init; }
        public Guid[] Named { get; init; } = [];
        public string Kind { get; init; } = "";
        public bool Present { get; init; }
    }
}

/// <summary>An extract that waits for its sensor, as the job file that is put before it.</summary>
internal sealed class ExtractJob
{
    public const string Open =
        """
        -- every row: jobs go to the sensors, whoever asked for them
        select id, sensor_id as sensor, from_at, to_at, src, src_port, dst, dst_port, proto from sensing.extracts where state in ('queued', 'running')
        """;

    public Guid Id { get; init; }
    public short Sensor { get; init; }
    public DateTimeOffset FromAt { get; init; }
    public DateTimeOffset ToAt { get; init; }
    public IPAddress Src { get; init; } = IPAddress.None;
    public int? SrcPort { get; init; }
    public IPAddress Dst { get; init; } = IPAddress.None;
    public int? DstPort { get; init; }
    public string? Proto { get; init; }

    public string ToJson()
    {
        var job = new Dictionary<string, object>
        {
            ["id"] = Id.ToString(),
            ["kind"] = "extract",
            ["from"] = FromAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["to"] = ToAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["src_ip"] = Src.ToString(),
            ["dest_ip"] = Dst.ToString(),
        };
        if (Proto is "TCP" or "UDP" or "ICMP" or "IPV6-ICMP" or "SCTP" or "ESP")
            job["proto"] = Proto;
        // A port without its protocol, or of a protocol that has none, would find nothing.
        if (Proto is "TCP" or "UDP" or "SCTP" && SrcPort is { } from && DstPort is { } to)
            (job["src_port"], job["dest_port"]) = (from, to);
        return JsonSerializer.Serialize(job);
    }
}
