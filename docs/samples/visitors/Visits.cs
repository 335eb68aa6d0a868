using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Quartz;

namespace Visitors;

/// <summary>A visit as typed.</summary>
public sealed record Visit(string Name, string Host);

/// <summary>A visit as listed.</summary>
public sealed class VisitLine
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public string Host { get; set; } = "";

    public DateTimeOffset CameAt { get; set; }

    public DateTimeOffset? LeftAt { get; set; }
}

/// <summary>The last hundred visits.</summary>
public sealed class ListVisits(Database database) : Query<Done, IReadOnlyList<VisitLine>>
{
    private const string Last = "select id, name, host, came_at, left_at from visitors.visits order by id desc limit 100";

    public override Permission Permission => Rights.Read;

    protected override async Task<Outcome<IReadOnlyList<VisitLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await database.QueryAsync<VisitLine>(Last, null, cancel)).ToArray();
}

/// <summary>Writes down who came.</summary>
public sealed class NoteVisit(Database database) : Act<Visit, Guid>(database)
{
    private const string Insert = "insert into visitors.visits (id, name, host, came_at) values (@Id, @Name, @Host, @Now)";

    public override Permission Permission => Rights.Write;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, Visit request, CancellationToken cancel)
    {
        var name = (request.Name ?? "").Trim();
        if (name.Length is 0 or > 100)
            return Refuse.Invalid("visitors.refused.name", "name");
        var id = Guid.CreateVersion7();
        await work.ExecuteAsync(Insert, new { Id = id, Name = name, Host = (request.Host ?? "").Trim(), work.Now }, cancel);
        work.Audit("visitors.visit.noted", $"visit/{id}", new { name });
        return id;
    }
}

/// <summary>At ten in the evening nobody is left in the rooms.</summary>
public sealed class SendHomeJob(Database database, TimeProvider time) : IJob
{
    private const string Leave = "update visitors.visits set left_at = @Now where left_at is null";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        context.Result = $"{await database.ExecuteAsync(Leave, new { Now = time.GetUtcNow() }, cancellationToken)} sent home";
}
