using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Health;
using Appliance.Kernel.Jobs;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quartz;
using Quartz.Extensibility;
using Xunit;

namespace Appliance.Integration.Kernel;

public sealed class JobTests : IAsyncLifetime
{
    private static readonly DateTimeOffset s_noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private TestModules _modules = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ProbeSwitch Probe => _modules.Services.GetRequiredService<ProbeSwitch>();

    public async ValueTask InitializeAsync() => _modules = await TestModules.StartAsync([new ProbeModule(JobSchedule.At("0 0 12 * * ?"))]);

    public ValueTask DisposeAsync() => _modules.DisposeAsync();

    [Fact]
    public async Task Fire_time_runs_once_however_often_it_fires()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => FireAsync(s_noon)));
        Assert.Equal(1, await RanAsync());
        await FireAsync(s_noon.AddDays(1));
        Assert.Equal(2, await RanAsync());
    }

    [Fact]
    public async Task Fire_time_cut_off_by_a_kill_is_named_so_and_not_run_again()
    {
        var started = new TaskCompletionSource();
        var killed = new TaskCompletionSource();
        Probe.InJob = async _ =>
        {
            started.SetResult();
            await killed.Task;
        };
        var run = FireAsync(s_noon);
        await started.Task;

        // The next host starts over what the killed one left.
        await Schedules().StartAsync(Cancel);
        Probe.InJob = _ => Task.CompletedTask;
        await FireAsync(s_noon);

        Assert.Equal(1, await RanAsync());
        Assert.Equal("interrupted", (await LastAsync()).State);
        killed.SetResult();
        await run;
        Assert.Equal("interrupted", (await LastAsync()).State);
    }

    [Fact]
    public async Task Fault_ends_the_run_and_shows_on_page_and_health()
    {
        Probe.InJob = _ => throw new InvalidOperationException("feed is broken");
        await FireAsync(s_noon);
        Assert.Equal(("failed", "feed is broken"), ((await LastAsync()).State, (await LastAsync()).Message));
        var probe = ActivatorUtilities.CreateInstance<JobsProbe>(_modules.Services);
        Assert.Equal((HealthState.Degraded, "probe/tick"), ((await probe.ReadAsync(Cancel)).State, (await probe.ReadAsync(Cancel)).Value));

        Probe.InJob = _ => Task.CompletedTask;
        await FireAsync(s_noon.AddDays(1));
        Assert.Equal(HealthState.Good, (await probe.ReadAsync(Cancel)).State);
    }

    [Fact]
    public async Task Schedules_are_added_where_absent_changed_where_changed_and_left_alone_else()
    {
        await Schedules().StartAsync(Cancel);
        var before = await TriggersAsync();
        Assert.Contains(before, t => t.Name == "probe/tick" && t.Schedule == "cron 0 0 12 * * ?");

        await Superuser("update jobs.qrtz_triggers set priority = 9");
        await Schedules().StartAsync(Cancel);
        Assert.All(await TriggersAsync(), t => Assert.Equal(9, t.Priority));

        await Superuser("update jobs.qrtz_triggers set description = 'cron of an earlier release' where trigger_name = 'probe/tick'");
        await Superuser("insert into jobs.qrtz_job_details select sched_name, 'gone/job', job_group, description, job_class_name, is_durable, is_nonconcurrent, is_update_data, requests_recovery, job_data from jobs.qrtz_job_details where job_name = 'probe/tick'");
        await Schedules().StartAsync(Cancel);
        var after = await TriggersAsync();
        Assert.Equal(("cron 0 0 12 * * ?", 5), after.Where(t => t.Name == "probe/tick").Select(t => (t.Schedule, t.Priority)).Single());
        Assert.Equal(0, await Superuser<int>("select count(*)::int from jobs.qrtz_job_details where job_name = 'gone/job'"));
    }

    [Fact]
    public async Task Scheduler_fires_a_job_started_by_hand_and_the_list_shows_it()
    {
        await Schedules().StartAsync(Cancel);
        var scheduler = await _modules.Services.GetRequiredService<ISchedulerFactory>().GetScheduler(Cancel);
        await scheduler.Start(Cancel);
        try
        {
            var ran = new TaskCompletionSource();
            Probe.InJob = _ =>
            {
                ran.TrySetResult();
                return Task.CompletedTask;
            };
            var administrator = _modules.Person("Ada", Role.Administrator);
            Assert.True((await _modules.Services.GetRequiredService<RunJobNow>().RunAsync(administrator, "probe/tick", Cancel)).Succeeded);
            await ran.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            await Eventually.TrueAsync(async () => (await LastAsync()).State == "done");
            var line = Assert.Single((await _modules.Services.GetRequiredService<ListJobs>().RunAsync(administrator, default, Cancel)).Value, j => j.Name == "probe/tick");
            Assert.Equal(("done", 12), (line.Last!.State, line.NextRun!.Value.UtcDateTime.Hour));
        }
        finally
        {
            await scheduler.Shutdown(true, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Second_host_on_the_same_database_is_told_who_the_first_is()
    {
        var first = ActivatorUtilities.CreateInstance<HostLock>(_modules.Services);
        var second = ActivatorUtilities.CreateInstance<HostLock>(_modules.Services);
        await first.TakeAsync(Cancel);
        var fault = await Assert.ThrowsAsync<OperatorFault>(() => second.TakeAsync(Cancel));
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", fault.Particulars, StringComparison.Ordinal);
        Assert.Contains($"kill {Environment.ProcessId}", fault.Next, StringComparison.Ordinal);

        await first.ReleaseAsync();
        await second.TakeAsync(Cancel);
        Assert.True(await second.IsHeldAsync(Cancel));

        // A database that restarts takes the lock away; the host notices and takes it again.
        await Superuser("select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.pid <> pg_backend_pid() and l.database = (select oid from pg_database where datname = current_database())");
        Assert.False(await second.IsHeldAsync(Cancel));
        Assert.True(await second.TryTakeAsync(Cancel));
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Retention_deletes_what_is_old_in_steps_and_keeps_the_rest()
    {
        await Superuser("insert into jobs.runs (id, job, fire_time, state, started_at) select gen_random_uuid(), 'x', now() - interval '100 days' - i * interval '1 second', 'done', now() - interval '100 days' from generate_series(1, 12000) i");
        await Superuser("insert into jobs.runs (id, job, fire_time, state, started_at) values (gen_random_uuid(), 'x', now(), 'done', now())");
        var rule = _modules.Services.GetRequiredService<ModuleSet>().Modules.SelectMany(m => m.Retention).Single(r => r.Table == "jobs.runs");
        var deleted = await ActivatorUtilities.CreateInstance<RetentionJob>(_modules.Services).ApplyAsync(rule, Cancel);
        Assert.Equal((12000L, 1), (deleted, await Superuser<int>("select count(*)::int from jobs.runs")));
    }

    [Fact]
    public async Task Every_retention_rule_is_sql_that_the_application_role_may_run()
    {
        var job = ActivatorUtilities.CreateInstance<RetentionJob>(_modules.Services);
        foreach (var rule in _modules.Services.GetRequiredService<ModuleSet>().Modules.SelectMany(m => m.Retention))
            Assert.Equal(0, await job.ApplyAsync(rule, Cancel));
    }

    private JobSchedules Schedules() => _modules.Services.GetRequiredService<JobSchedules>();

    private async Task FireAsync(DateTimeOffset scheduled)
    {
        var run = ActivatorUtilities.CreateInstance<JobRun>(_modules.Services);
        var context = JobExecutionContextBuilder.For(run)
            .WithJob(JobBuilder.Create<JobRun>().WithIdentity("probe/tick").Build())
            .FiredAt(scheduled.AddSeconds(1), scheduled)
            .Build();
        await run.Execute(context, Cancel);
    }

    private async Task<int> RanAsync() => await _modules.Database.FindAsync<int>("select count(*)::int from probe.ran", null, Cancel);

    private async Task<RunLine> LastAsync() =>
        (await _modules.Services.GetRequiredService<ListRuns>().RunAsync(_modules.Person("Ada", Role.Administrator), new("probe/tick"), Cancel)).Value[0];

    private Task<IReadOnlyList<TriggerRow>> TriggersAsync() =>
        _modules.Database.QueryAsync<TriggerRow>("select trigger_name as name, description as schedule, priority from jobs.qrtz_triggers order by 1", null, Cancel);

    private async Task Superuser(string sql) => await Superuser<object>(sql);

    private async Task<T?> Superuser<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_modules.Owner);
        return await connection.ExecuteScalarAsync<T>(sql);
    }

    private sealed record TriggerRow(string Name, string Schedule, int Priority);
}

/// <summary>Waits for what happens soon.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> holds, int seconds = 20)
    {
        for (var i = 0; i < seconds * 20; i++)
        {
            if (await holds())
                return;
            await Task.Delay(50);
        }
        Assert.Fail($"did not happen within {seconds} s");
    }
}
