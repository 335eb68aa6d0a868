using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Captures;

/// <summary>One tick of the self-test.</summary>
/// <param name="Key">stored, taken, packets, alerts, inbox, done.</param>
/// <param name="Done">True when reached.</param>
/// <param name="Seconds">Since the start, when reached.</param>
/// <param name="Detail">A number, where there is one.</param>
internal sealed record SelfTestTick(string Key, bool Done, double? Seconds, string Detail = "");

/// <summary>How far a self-test came.</summary>
internal sealed record SelfTestState(Guid Capture, bool Finished, bool Passed, string? Reason, IReadOnlyList<SelfTestTick> Ticks);

/// <summary>Starts the self-test; marked as an exercise unless someone wants otherwise, so that its alerts do not mix with real ones.</summary>
internal sealed class StartSelfTest(SensorFolders folders, TakeCapture take, SensingOptions options)
{
    /// <summary>Stores the bundled capture and queues its replay; answers the capture to ask about.</summary>
    public async Task<Outcome<Guid>> RunAsync(Viewer viewer, bool exercise, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.Captures))
            return Refuse.Forbidden("kernel.refused.permission", Permissions.Captures.Id);
        if ((await folders.RegisterAsync(cancel)).FirstOrDefault(static s => s.IsOurs) is not { } sensor)
            return Refuse.Unavailable("sensing.refused.no-sensor");
        if (Samples.Capture() is not { } sample)
            return Refuse.Unavailable("sensing.refused.no-sample");
        await using var content = sample.Content;
        var stored = await CaptureFile.StoreAsync(Path.Combine(sensor.Control, "captures"), sample.Name, content, (long)options.CaptureLimitMib << 20, cancel);
        return stored.TryGet(out var file)
            ? await take.RunAsync(viewer, new(sensor, file, "self-test", exercise), cancel)
            : Outcome<Guid>.Refused(stored.Refusals);
    }
}

/// <summary>Asks about a self-test, the newest by default.</summary>
internal sealed record ShowSelfTestRequest(Guid? Capture = null);

/// <summary>The ticks of a self-test, from what the sensor answered and what arrived in the database.</summary>
internal sealed class ShowSelfTest(Database database, TimeProvider time) : Query<ShowSelfTestRequest, SelfTestState>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private const string Sql =
        $"""
        select m.id, m.state, m.queued_at, m.started_at, m.done_at, m.packets, m.alerts, m.reason,
            a.arrived, a.first_arrival, g.groups
        from sensing.captures m
        left join lateral (
            select count(*) as arrived, min(received_at) as first_arrival from sensing.alerts
            where replay = m.job_id::text and received_at >= m.queued_at) a on true
        left join lateral (
            select count(*) as groups from sensing.alert_groups
            where replay = m.job_id::text and last_received >= m.queued_at) g on true
        where m.purpose = 'self-test' and (@Capture::uuid is null or m.id = @Capture) and {Visible.Rows}
        order by m.uploaded_at desc
        limit 1
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<SelfTestState>> HandleAsync(Viewer viewer, ShowSelfTestRequest request, CancellationToken cancel)
    {
        if (await database.FindAsync<TestRow>(Sql, Visible.With(viewer, request), cancel) is not { } row)
            return Refuse.NotFound("sensing.refused.no-self-test");
        var ticks = new List<SelfTestTick>
        {
            new("stored", true, 0),
            Tick("taken", row.StartedAt is not null || row.State == "done", row.StartedAt ?? row.DoneAt),
            Tick("packets", row.Packets > 0, row.DoneAt, row.Packets),
            Tick("alerts", row.Arrived > 0, row.FirstArrival, row.Arrived),
            Tick("inbox", row.Groups > 0, row.FirstArrival, row.Groups),
            Tick("done", row.State == "done", row.DoneAt),
        };
        var late = time.GetUtcNow() - row.QueuedAt > s_patience;
        var passed = ticks.TrueForAll(static t => t.Done);
        return new SelfTestState(row.Id, passed || late || row.State == "failed", passed, row.Reason, ticks);

        SelfTestTick Tick(string key, bool done, DateTimeOffset? at, long? count = null) =>
            new(key, done, done && at is { } reached ? Math.Max(0, Math.Round((reached - row.QueuedAt).TotalSeconds, 1)) : null, count?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "");
    }

    private sealed class TestRow
    {
        public Guid Id { get; init; }
        public string State { get; init; } = "";
        public DateTimeOffset QueuedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? DoneAt { get; init; }
        public long? Packets { get; init; }
        public long? Alerts { get; init; }
        public string? Reason { get; init; }
        public long Arrived { get; init; }
        public DateTimeOffset? FirstArrival { get; init; }
        public long Groups { get; init; }
    }
}
