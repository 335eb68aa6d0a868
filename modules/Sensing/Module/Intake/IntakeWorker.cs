using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Grouping;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Intake;

/// <summary>Reads all sensors' folders while the host serves: two streams of our sensor, one of a stock Suricata.</summary>
internal sealed class IntakeWorker(SensorFolders folders, IServiceProvider services, ILogger<IntakeWorker> log) : BackgroundService
{
    private const string ExerciseJobs = "update sensing.captures set exercise = exercise where exercise and state in ('queued', 'running') and job_id is not null returning job_id";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var context = ActivatorUtilities.CreateInstance<IntakeContext>(services, (ILogger)log);
        var sensors = await RegisterAsync(context, stoppingToken);
        await Task.WhenAll(sensors.SelectMany(s => Streams(s, context)).Select(s => s.RunAsync(stoppingToken)));
    }

    /// <summary>The streams of one sensor, each with its own buffers: they share nothing but the database.</summary>
    internal IEnumerable<IntakeStream> Streams(SensorFolder sensor, IntakeContext context)
    {
        if (!sensor.IsOurs)
            return [Stream(sensor, "eve", new TailSource(sensor, context.Time, log), context)];
        var mirror = new SpoolMirror(sensor, log);
        return new[] { "alerts", "events" }.Select(stream => Stream(sensor, stream, new SegmentSource(sensor, stream, mirror, log), context));
    }

    private IntakeStream Stream(SensorFolder sensor, string stream, IEveSource source, IntakeContext context)
    {
        var constituency = services.GetService<IConstituency>();
        var transaction = new IntakeTransaction(context.Database, new AlertGrouping(new AutoClosing(), constituency), new SensorAnswers(), new Assets(constituency), new FactsTable(constituency));
        return new(sensor, stream, source, transaction, context);
    }

    private async Task<IReadOnlyList<SensorFolder>> RegisterAsync(IntakeContext context, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                var sensors = await folders.RegisterAsync(cancel);
                foreach (var job in await context.Database.QueryAsync<Guid>(ExerciseJobs, null, cancel))
                    context.Exercises.Add(job);
                return sensors;
            }
            catch (Npgsql.NpgsqlException fault)
            {
                Log.IntakeInterrupted(log, "-", "-", fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(2), cancel);
            }
        }
    }
}
