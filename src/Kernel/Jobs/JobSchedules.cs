using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Quartz;

namespace Appliance.Kernel.Jobs;

/// <summary>Brings the stored schedules in line with what the modules describe: adds what is absent, changes what changed, removes what is gone, touches nothing else.</summary>
internal sealed class JobSchedules(ISchedulerFactory schedulers, Database database, ModuleSet modules, TimeProvider time, ILogger<JobSchedules> log) : IHostedService
{
    private const string Interrupt =
        "update jobs.runs set state = 'interrupted', ended_at = @Now, message = 'the host ended while it ran' where state = 'running'";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // This host holds the lock: whatever still says running belongs to one that died.
        var died = await database.ExecuteAsync(Interrupt, new { Now = time.GetUtcNow() }, cancellationToken);
        if (died > 0)
            KernelLog.RunsInterrupted(log, died);
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        var wanted = modules.Modules.SelectMany(m => m.Jobs).ToDictionary(j => j.Name);
        foreach (var key in await scheduler.GetJobKeys(Quartz.GroupMatcher<JobKey>.AnyGroup(), cancellationToken))
            if (!wanted.ContainsKey(key.Name))
                await scheduler.DeleteJob(key, cancellationToken);
        foreach (var job in wanted.Values)
            await EnsureAsync(scheduler, job, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A schedule as text: compared with the stored one, and shown.</summary>
    internal static string TextOf(JobSchedule schedule) => schedule.Cron is { } cron ? $"cron {cron}" : $"every {schedule.Every:c}";

    /// <summary>What the module describes as the scheduler takes it.</summary>
    internal static void AddQuartz(IServiceCollection services)
    {
        services.AddQuartz(q =>
        {
            q.ConfigureScheduler(o =>
            {
                o.InstanceName = "cirt";
                o.ShutdownJobInterruption = ShutdownJobInterruption.Always;
            });
            q.UseDefaultThreadPool(6);
            q.UsePersistentStore(p =>
            {
                p.UsePostgres(d => d.DataSourceFactory = s => s.GetRequiredService<NpgsqlDataSource>());
                p.ConfigureStore(o =>
                {
                    o.TablePrefix = "jobs.qrtz_";
                    o.StoreJobDataAsStrings = true;
                    o.UseBackgroundThreads = true;
                });
            });
        });
        services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
    }

    private static async Task EnsureAsync(IScheduler scheduler, JobRegistration job, CancellationToken cancel)
    {
        var (key, text) = (new JobKey(job.Name), TextOf(job.Schedule));
        var trigger = TriggerBuilder.Create()
            .WithIdentity(job.Name)
            .ForJob(key)
            .WithDescription(text)
            .WithSchedule(ScheduleOf(job.Schedule))
            .Build();
        var stored = await scheduler.GetTrigger(trigger.Key, cancel);
        if (stored?.Description == text)
            return;
        if (stored is not null)
        {
            await scheduler.RescheduleJob(trigger.Key, trigger, cancel);
            return;
        }
        await scheduler.DeleteJob(key, cancel);
        var detail = JobBuilder.Create<JobRun>().WithIdentity(key).StoreDurably().Build();
        await scheduler.ScheduleJob(detail, trigger, cancellationToken: cancel);
    }

    /// <summary>After a time without host a cron job runs once for all it missed; an interval starts anew.</summary>
    private static IScheduleBuilder ScheduleOf(JobSchedule schedule) => schedule switch
    {
        { Cron: { } cron } => CronScheduleBuilder.Create(cron).InTimeZone(TimeZoneInfo.Utc).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed),
        { Every: { } every } => SimpleScheduleBuilder.Create().WithInterval(every).RepeatForever().WithMisfireInstruction(SimpleTriggerMisfireInstruction.NowWithExistingCount),
        _ => throw new ArgumentException("a schedule needs a cron expression or an interval", nameof(schedule)),
    };
}
