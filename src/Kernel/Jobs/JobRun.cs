using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Appliance.Kernel.Jobs;

/// <summary>One run of a module's job. The row of job and fire time is the right to run: whoever cannot insert it does not, so a fire time runs once across a kill.</summary>
[DisallowConcurrentExecution]
internal sealed class JobRun(Database database, ModuleSet modules, IServiceScopeFactory scopes, TimeProvider time, ILogger<JobRun> log) : IJob
{
    private const string Claim =
        """
        insert into jobs.runs (id, job, fire_time, state, started_at) values (@Id, @Job, @FireTime, 'running', @Now)
        on conflict (job, fire_time) do nothing
        """;

    private const string End = "update jobs.runs set state = @State, ended_at = @Now, message = @Message where id = @Id and state = 'running'";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var name = context.JobDetail.Key.Name;
        var job = modules.Modules.SelectMany(m => m.Jobs).FirstOrDefault(j => j.Name == name);
        if (job is null)
            return;
        var id = Guid.CreateVersion7();
        var fireTime = context.ScheduledFireTimeUtc ?? context.FireTimeUtc;
        if (await database.ExecuteAsync(Claim, new { Id = id, Job = name, FireTime = fireTime, Now = time.GetUtcNow() }, cancellationToken) == 0)
        {
            KernelLog.JobRanAlready(log, name, fireTime);
            return;
        }
        var began = time.GetTimestamp();
        var (state, message) = await RunAsync(job, context, cancellationToken);
        Instruments.JobEnded(name, state, time.GetElapsedTime(began));
        await EndAsync(new { Id = id, State = state, Message = message.Length > 2000 ? message[..2000] : message, Now = time.GetUtcNow() }, cancellationToken);
    }

    /// <summary>Written even when the host is stopping, for the run is over; while the database is away it is tried until then, so that no run is left running for ever.</summary>
    private async Task EndAsync(object end, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await database.ExecuteAsync(End, end, CancellationToken.None);
                return;
            }
            catch (Exception fault) when (DatabaseTrouble.Is(fault) && !stopping.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<(string State, string Message)> RunAsync(JobRegistration job, IJobExecutionContext context, CancellationToken cancel)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await ((IJob)scope.ServiceProvider.GetRequiredService(job.JobType)).Execute(context, cancel);
            return ("done", context.Result as string ?? "");
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ("interrupted", "the host was stopping");
        }
        catch (Exception fault)
        {
            // Whatever a job throws ends this run only; the schedule goes on and the page shows it.
            KernelLog.JobFailed(log, job.Name, fault);
            return ("failed", fault.Message);
        }
    }
}
