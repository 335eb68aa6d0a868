using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Health;

/// <summary>Does the database answer, and how fast.</summary>
internal sealed class DatabaseProbe(Database database, TimeProvider time) : IHealthProbe
{
    public string Name => "kernel.health.database";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        try
        {
            await database.FindAsync<int>("select 1", null, cancel);
        }
        catch (Npgsql.NpgsqlException fault)
        {
            return new(HealthState.Failed, "no answer", "500 ms", fault.SqlState ?? "-") { ValueKey = "kernel.health.no-answer" };
        }
        var took = time.GetElapsedTime(start).TotalMilliseconds;
        return new(took > 500 ? HealthState.Degraded : HealthState.Good, string.Create(CultureInfo.InvariantCulture, $"{took:0} ms"), "500 ms");
    }
}

/// <summary>Whether facts between modules arrive: the age of the oldest due delivery, and those parked.</summary>
internal sealed class OutboxProbe(Database database, TimeProvider time) : IHealthProbe
{
    private const string Look =
        """
        select
            (select min(due_at) from kernel.outbox_deliveries where state = 'waiting' and tries = 0) as oldest,
            (select count(*)::int from kernel.outbox_deliveries where state = 'parked') as parked
        """;

    public string Name => "kernel.health.outbox";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var row = (await database.FindAsync<OutboxRow>(Look, null, cancel))!;
        var age = row.Oldest is { } oldest ? time.GetUtcNow() - oldest : TimeSpan.Zero;
        var state = age > TimeSpan.FromMinutes(10) ? HealthState.Failed : age > TimeSpan.FromMinutes(1) || row.Parked > 0 ? HealthState.Degraded : HealthState.Good;
        var seconds = Math.Max(0, age.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        return new(state, $"{seconds} s, {row.Parked} parked", "60 s, 0", row.Parked, seconds) { ValueKey = "kernel.health.outbox.value" };
    }

    private sealed class OutboxRow
    {
        public DateTimeOffset? Oldest { get; set; }

        public int Parked { get; set; }
    }
}

/// <summary>Whether the audit trail is sealed in time.</summary>
internal sealed class SealerProbe(Database database, TimeProvider time) : IHealthProbe
{
    private const string Oldest =
        """
        select min(e.at) from audit.entries e
        where e.at > @Since and not exists (select 1 from audit.seals s where s.entry_id = e.id)
        """;

    public string Name => "kernel.health.sealer";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var oldest = await database.FindAsync<DateTimeOffset?>(Oldest, new { Since = now.AddDays(-1) }, cancel);
        var lag = oldest is { } at ? now - at : TimeSpan.Zero;
        var state = lag > TimeSpan.FromMinutes(5) ? HealthState.Failed : lag > TimeSpan.FromSeconds(10) ? HealthState.Degraded : HealthState.Good;
        return new(state, string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, lag.TotalSeconds):0} s"), "10 s");
    }
}

/// <summary>Whether this machine and the database agree on the time.</summary>
internal sealed class ClockProbe(Database database, TimeProvider time) : IHealthProbe
{
    public string Name => "kernel.health.clock";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var before = time.GetUtcNow();
        var there = await database.FindAsync<DateTimeOffset>("select clock_timestamp()", null, cancel);
        var after = time.GetUtcNow();
        var apart = (there < before ? before - there : there > after ? there - after : TimeSpan.Zero).TotalSeconds;
        var state = apart > 60 ? HealthState.Failed : apart > 5 ? HealthState.Degraded : HealthState.Good;
        return new(state, string.Create(CultureInfo.InvariantCulture, $"{apart:0.0} s"), "5 s");
    }
}

/// <summary>Jobs whose latest run failed.</summary>
internal sealed class JobsProbe(Database database, ModuleSet modules) : IHealthProbe
{
    private const string Failing =
        """
        select l.job
        from unnest(@Names) as n (job)
        cross join lateral (select r.job, r.state from jobs.runs r where r.job = n.job and r.state <> 'running' order by r.fire_time desc limit 1) l
        where l.state = 'failed'
        order by l.job
        """;

    public string Name => "kernel.health.jobs";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var names = modules.Modules.SelectMany(m => m.Jobs).Select(j => j.Name).ToArray();
        var failing = await database.QueryAsync<string>(Failing, new { Names = names }, cancel);
        return new(failing.Count > 0 ? HealthState.Degraded : HealthState.Good, failing.Count == 0 ? "0" : string.Join(", ", failing), "0", string.Join(", ", failing));
    }
}
