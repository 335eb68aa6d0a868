using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Rules;

namespace Appliance.Sensing.Triage;

/// <summary>One auto-close rule as the page shows it.</summary>
public sealed class AutoCloseRow
{
    public Guid Id { get; init; }
    public int Gid { get; init; }
    public long? Sid { get; init; }
    public string Signature { get; init; } = "";
    public string? Source { get; init; }
    public string? Destination { get; init; }
    public string Reason { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public string AuthorName { get; init; } = "";
    public long Hits { get; init; }
    public DateTimeOffset? LastHitAt { get; init; }
    public bool InForce { get; init; }
    public bool OnSensors { get; init; }
    public string? RemovedBy { get; init; }
    public DateTimeOffset? RemovedAt { get; init; }
}

/// <summary>Asks for all rules of the last year.</summary>
internal sealed record ListAutoCloseRequest;

/// <summary>What is hidden, by whom, why and until when; those in force first.</summary>
internal sealed class ListAutoClose(Database database, TimeProvider time) : Query<ListAutoCloseRequest, IReadOnlyList<AutoCloseRow>>
{
    private const string Sql =
        """
        select id, gid, sid, signature, src::text as source, dst::text as destination, reason, created_at, expires_at, author_name, hits, last_hit_at, on_sensors, removed_by, removed_at,
            removed_at is null and expires_at > @now as in_force
        from sensing.auto_close_rules
        order by in_force desc, created_at desc
        limit 500
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<AutoCloseRow>>> HandleAsync(Viewer viewer, ListAutoCloseRequest request, CancellationToken cancel) =>
        new List<AutoCloseRow>(await database.QueryAsync<AutoCloseRow>(Sql, new { now = time.GetUtcNow() }, cancel));
}

/// <summary>Ends a rule before its date.</summary>
internal sealed record EndAutoCloseRequest(Guid Id);

/// <summary>Ends an auto-close rule. What it closed stays closed; what comes after is shown again.</summary>
internal sealed class EndAutoClose(Database database, SensingBell bell) : Act<EndAutoCloseRequest, Done>(database)
{
    private const string End =
        "update sensing.auto_close_rules set removed_at = @now, removed_by = @name where id = @id and removed_at is null and expires_at > @now";

    private const string LetGo =
        "update sensing.alert_groups set live = false where live and state = 'closed' and closed_by_rule = @id";

    private const string Lift = "update sensing.auto_close_rules set lifted_at = @now where id = @id and on_sensors and lifted_at is null returning true";

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, EndAutoCloseRequest request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(End, new { id = request.Id, now = work.Now, name = work.Viewer.Name }, cancel) == 0)
            return Refuse.Conflict("sensing.refused.rule-ended");
        await work.ExecuteAsync(LetGo, new { id = request.Id }, cancel);
        if (await work.FindAsync<bool>(Lift, new { id = request.Id, now = work.Now }, cancel))
            await Generations.WantAsync(work, cancel);
        work.Audit("sensing.auto-close.ended", $"auto-close/{request.Id}");
        return default(Done);
    }

    protected override Task CommittedAsync(EndAutoCloseRequest request, Done answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }
}
