using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.DependencyInjection;
using Quartz;

namespace Appliance.Integration.Kernel;

/// <summary>Something happened to a thing.</summary>
[Event("probe.happened")]
public sealed record Happened : EventRecord
{
    public required string Thing { get; init; }

    public required int Number { get; init; }

    public override string Aggregate => $"thing/{Thing}";
}

/// <summary>A module that does nothing but show what the kernel does for it.</summary>
public sealed class ProbeModule(JobSchedule? schedule) : IModule
{
    public ProbeModule()
        : this(null)
    {
    }

    public string Id => "probe";

    public void Describe(IModuleBuilder builder)
    {
        builder.Services.AddSingleton<ProbeSwitch>();
        builder.Permission(new("probe.thing.do"), Role.Analyst, Role.Peer);
        builder.Permission(new("probe.thing.see"), Role.Analyst, Role.Operator);
        builder.Publishes<Happened>();
        builder.Subscribes<Happened, HappenedHandler>("happened");
        if (schedule is not null)
            builder.Job<ProbeJob>("tick", schedule);
    }
}

/// <summary>Lets a test interfere in the middle.</summary>
public sealed class ProbeSwitch
{
    public Func<Happened, Task> InHandler { get; set; } = _ => Task.CompletedTask;

    public Func<CancellationToken, Task> InJob { get; set; } = _ => Task.CompletedTask;
}

/// <summary>Writes down what arrived.</summary>
public sealed class HappenedHandler(ProbeSwitch probe) : IEventHandler<Happened>
{
    public async Task HandleAsync(Happened fact, Work work, CancellationToken cancel)
    {
        await work.ExecuteAsync("insert into probe.seen (event_id, thing, number) values (@Id, @Thing, @Number)", new { Id = fact.EventId.Value, fact.Thing, fact.Number }, cancel);
        await probe.InHandler(fact);
    }
}

/// <summary>Writes down that it ran.</summary>
public sealed class ProbeJob(Database database, ProbeSwitch probe) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        await database.ExecuteAsync("insert into probe.ran (job) values ('tick')", null, cancellationToken);
        await probe.InJob(cancellationToken);
    }
}

/// <summary>Publishes.</summary>
public sealed class MakeItHappen(Database database) : Act<Happened, Done>(database)
{
    public override Permission Permission => new("probe.thing.do");

    protected override Task<Outcome<Done>> HandleAsync(Work work, Happened request, CancellationToken cancel)
    {
        work.Publish(request);
        work.Audit("probe.thing.happened", request.Aggregate);
        return Task.FromResult<Outcome<Done>>(default(Done));
    }
}

/// <summary>A clock that a test moves.</summary>
internal sealed class MovedTime : TimeProvider
{
    private TimeSpan _ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _ahead;

    public override long GetTimestamp() => System.GetTimestamp() + (long)(_ahead.TotalSeconds * TimestampFrequency);

    public void Move(TimeSpan by) => _ahead += by;
}
