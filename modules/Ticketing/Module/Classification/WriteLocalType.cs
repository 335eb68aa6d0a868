using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Ticketing.Classification;

/// <summary>A type of the team's own, new or with other names.</summary>
/// <param name="Names">By language; at least one.</param>
/// <param name="Code">Of a new one: class, type and its own part.</param>
/// <param name="Type">The one that is changed; null for a new one.</param>
/// <param name="Version">The version that its editor saw.</param>
internal sealed record LocalTypeDraft(IReadOnlyDictionary<string, string> Names, string Code = "", Guid? Type = null, int Version = 0);

/// <summary>A local type and its version.</summary>
internal sealed record LocalTypeRef(Guid Id, string Code, int Version);

/// <summary>Adds a type below one of the taxonomy, or names one anew. Its code stays, since incidents carry it.</summary>
internal sealed class WriteLocalType(Database database, LocalTypes types) : Act<LocalTypeDraft, LocalTypeRef>(database)
{
    private const int LongestName = 120;

    private const string Count = "select count(*) from ticketing.local_types";

    private const string Insert =
        """
        insert into ticketing.local_types (id, code, names, changed_at, changed_by)
        values (@Id, @Code, @Names::jsonb, @Now, @By)
        on conflict (code) do nothing
        """;

    private const string Update = "update ticketing.local_types set names = @Names::jsonb, version = version + 1, changed_at = @Now, changed_by = @By where id = @Id";

    public override Permission Permission => Permissions.Types;

    protected override async Task<Outcome<LocalTypeRef>> HandleAsync(Work work, LocalTypeDraft request, CancellationToken cancel)
    {
        var found = request.Type is { } id ? await RetireLocalType.LockAsync(work, id, cancel) : null;
        if (request.Type is not null && found is null)
            return Refuse.NotFound("ticketing.refused.no-type");
        if (found is not null && found.Version != request.Version)
            return Refuse.Changed("ticketing.refused.type-changed", found.ChangedBy, found.ChangedAt.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        var code = found?.Code ?? (request.Code ?? "").Trim().ToLowerInvariant();
        var names = (request.Names ?? new Dictionary<string, string>()).Where(n => !string.IsNullOrWhiteSpace(n.Value)).ToDictionary(n => n.Key, n => n.Value.Trim());
        var faults = new List<Refusal>();
        if (!Rsit.IsLocal(code))
            faults.Add(Refuse.Invalid("ticketing.refused.type-code", nameof(request.Code), code));
        if (names.Count == 0 || names.Any(n => !Languages.All.Contains(n.Key) || n.Value.Length > LongestName || n.Value.Any(char.IsControl)))
            faults.Add(Refuse.Invalid("ticketing.refused.type-names", nameof(request.Names), LongestName));
        if (faults.Count > 0)
            return Outcome<LocalTypeRef>.Refused(faults);
        if (found is null && await work.FindAsync<long>(Count, null, cancel) >= LocalTypes.Most)
            return Refuse.Conflict("ticketing.refused.types-many", LocalTypes.Most);
        var own = new { Id = found?.Id ?? Guid.CreateVersion7(), Code = code, Names = JsonSerializer.Serialize(names, OutboxJson.Options), work.Now, By = work.Viewer.Name };
        if (await work.ExecuteAsync(found is null ? Insert : Update, own, cancel) == 0)
            return Refuse.Conflict("ticketing.refused.type-exists", code);
        work.Audit("ticketing.type.written", $"incident-type/{own.Id}", new { code, version = (found?.Version ?? 0) + 1, names });
        return new LocalTypeRef(own.Id, code, (found?.Version ?? 0) + 1);
    }

    protected override Task CommittedAsync(LocalTypeDraft request, LocalTypeRef answer, CancellationToken cancel) => types.RefreshAsync(cancel);
}
