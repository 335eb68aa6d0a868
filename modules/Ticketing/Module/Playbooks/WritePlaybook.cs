using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing.Playbooks;

/// <summary>A playbook, new or changed.</summary>
/// <param name="Fields">The whole of it.</param>
/// <param name="Playbook">Null for a new one.</param>
/// <param name="Version">The version that its editor saw.</param>
internal sealed record PlaybookDraft(PlaybookFields Fields, Guid? Playbook = null, int Version = 0);

/// <summary>A playbook and its version.</summary>
internal sealed record PlaybookRef(Guid Id, int Version);

/// <summary>Writes a new playbook, or a new version of one unless someone else did so meanwhile. Tasks that are started already stay as they are.</summary>
internal sealed class WritePlaybook(Database database) : Act<PlaybookDraft, PlaybookRef>(database)
{
    private const string Count = "select count(*) from ticketing.playbooks";

    private const string Insert = "insert into ticketing.playbooks (id, version, changed_at, changed_by) values (@Id, 1, @Now, @By)";

    private const string Update = "update ticketing.playbooks set version = @Version, changed_at = @Now, changed_by = @By where id = @Id";

    private const string Keep = "insert into ticketing.playbook_versions (playbook_id, version, at, by_id, by_name, fields) values (@Id, @Version, @Now, @ById, @By, @Fields::jsonb)";

    public override Permission Permission => Permissions.Playbooks;

    protected override async Task<Outcome<PlaybookRef>> HandleAsync(Work work, PlaybookDraft request, CancellationToken cancel)
    {
        var fields = (request.Fields ?? new()).Tidy();
        var found = request.Playbook is { } wanted ? await PlaybookShelf.LockAsync(work, wanted, cancel) : null;
        if (request.Playbook is not null && found is null)
            return Refuse.NotFound("ticketing.refused.no-playbook");
        if (found is not null && found.Version != request.Version)
            return Refuse.Changed("ticketing.refused.playbook-changed", found.ChangedBy ?? "", (found.ChangedAt ?? work.Now).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        var faults = fields.Faults().ToList();
        faults.AddRange(await LocalTypes.MissingAsync(work, [.. fields.Types.Except(found?.Fields.Types ?? [])], cancel));
        if (faults.Count > 0)
            return Outcome<PlaybookRef>.Refused(faults);
        if (found is null && await work.FindAsync<long>(Count, null, cancel) >= PlaybookShelf.Most)
            return Refuse.Conflict("ticketing.refused.playbooks-many", PlaybookShelf.Most);
        var own = new { Id = found?.Id ?? Guid.CreateVersion7(), Version = (found?.Version ?? 0) + 1, work.Now, By = work.Viewer.Name, ById = work.Viewer.Id.Value, Fields = JsonSerializer.Serialize(fields, OutboxJson.Options) };
        await work.ExecuteAsync(found is null ? Insert : Update, own, cancel);
        await work.ExecuteAsync(Keep, own, cancel);
        work.Audit("ticketing.playbook.written", $"playbook/{own.Id}", new { own.Version, names = fields.Names, steps = fields.Steps.Count, fields.Types, fields.Severities });
        return new PlaybookRef(own.Id, own.Version);
    }
}
