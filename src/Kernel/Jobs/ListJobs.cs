using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Quartz;

namespace Appliance.Kernel.Jobs;

/// <summary>A job as listed.</summary>
/// <param name="Name">Stable: <c>watch/fetch-feeds</c>.</param>
/// <param name="Schedule">As text: <c>cron …</c> (UTC) or <c>every 00:05:00</c>.</param>
/// <param name="NextRun">When it runs next, UTC.</param>
/// <param name="Last">Its latest run.</param>
/// <param name="LastDone">When it last ended well.</param>
internal sealed record JobLine(string Name, string Schedule, DateTimeOffset? NextRun, RunLine? Last, DateTimeOffset? LastDone);

/// <summary>A run as listed.</summary>
internal sealed class RunLine
{
    public Guid Id { get; set; }

    public string Job { get; set; } = "";

    public DateTimeOffset FireTime { get; set; }

    /// <summary>running, done, failed, interrupted.</summary>
    public string State { get; set; } = "";

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public string Message { get; set; } = "";

    /// <summary>How long it took, once it ended.</summary>
    public TimeSpan? Took => EndedAt - StartedAt;
}

/// <summary>All jobs of the modules that are switched on, with their latest run.</summary>
internal sealed class ListJobs(Database database, ModuleSet modules) : Query<Done, IReadOnlyList<JobLine>>
{
    private const string Next = "select trigger_name as name, next_fire_time from jobs.qrtz_triggers where next_fire_time is not null";

    private const string Last =
        """
        select l.*
        from unnest(@Names) as n (job)
        cross join lateral (select id, job, fire_time, state, started_at, ended_at, message from jobs.runs r where r.job = n.job order by r.fire_time desc limit 1) l
        """;

    private const string LastDone = "select job, max(ended_at) as at from jobs.runs where state = 'done' and job = any(@Names) group by job";

    public override Permission Permission => KernelPermissions.ReadJobs;

    protected override async Task<Outcome<IReadOnlyList<JobLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var jobs = modules.Modules.SelectMany(m => m.Jobs).ToList();
        var names = new { Names = jobs.Select(j => j.Name).ToArray() };
        // Quartz stores UTC ticks.
        var next = (await database.QueryAsync<NextRow>(Next, null, cancel)).ToLookup(r => r.Name, r => new DateTimeOffset(r.NextFireTime, TimeSpan.Zero));
        var last = (await database.QueryAsync<RunLine>(Last, names, cancel)).ToDictionary(r => r.Job);
        var done = (await database.QueryAsync<DoneRow>(LastDone, names, cancel)).ToDictionary(r => r.Job, r => r.At);
        return jobs.Select(j => new JobLine(
            j.Name,
            JobSchedules.TextOf(j.Schedule),
            next[j.Name].Cast<DateTimeOffset?>().Min(),
            last.GetValueOrDefault(j.Name),
            done.TryGetValue(j.Name, out var at) ? at : null)).ToArray();
    }

    private sealed class NextRow
    {
        public string Name { get; set; } = "";

        public long NextFireTime { get; set; }
    }

    private sealed class DoneRow
    {
        public string Job { get; set; } = "";

        public DateTimeOffset At { get; set; }
    }
}

/// <summary>Which runs to list.</summary>
/// <param name="Job">Of one job, or null for all.</param>
/// <param name="Before">Started before; null for the newest.</param>
/// <param name="Limit">At most 200.</param>
internal sealed record RunFilter(string? Job = null, DateTimeOffset? Before = null, int Limit = 50);

/// <summary>The runs of one job or of all, the newest first.</summary>
internal sealed class ListRuns(Database database) : Query<RunFilter, IReadOnlyList<RunLine>>
{
    private const string Newest =
        """
        select id, job, fire_time, state, started_at, ended_at, message
        from jobs.runs
        where (@Job::text is null or job = @Job) and (@Before::timestamptz is null or started_at < @Before)
        order by started_at desc
        limit @Limit
        """;

    public override Permission Permission => KernelPermissions.ReadJobs;

    protected override async Task<Outcome<IReadOnlyList<RunLine>>> HandleAsync(Viewer viewer, RunFilter request, CancellationToken cancel) =>
        (await database.QueryAsync<RunLine>(Newest, new { request.Job, request.Before, Limit = Math.Clamp(request.Limit, 1, 200) }, cancel)).ToArray();
}

/// <summary>Starts a job now, besides its schedule.</summary>
internal sealed class RunJobNow(Database database, ISchedulerFactory schedulers, ModuleSet modules) : Act<string, Done>(database)
{
    public override Permission Permission => KernelPermissions.RunJobs;

    protected override Task<Outcome<Done>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        if (!modules.Modules.SelectMany(m => m.Jobs).Any(j => j.Name == request))
            return Task.FromResult<Outcome<Done>>(Refuse.NotFound("kernel.job.unknown", request));
        work.Audit("kernel.job.started", $"job/{request}");
        return Task.FromResult<Outcome<Done>>(default(Done));
    }

    protected override async Task CommittedAsync(string request, Done answer, CancellationToken cancel) =>
        await (await schedulers.GetScheduler(cancel)).TriggerJob(new JobKey(request), cancellationToken: cancel);
}
