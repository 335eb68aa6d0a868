using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Classification;

/// <summary>A local type that is out of use, or in use again.</summary>
internal sealed record LocalTypeRetirement(Guid Type, bool Retired = true);

/// <summary>Takes a local type out of use, or back into it. Incidents that carry it keep it and its name; nothing new is given it.</summary>
internal sealed class RetireLocalType(Database database, LocalTypes types) : Act<LocalTypeRetirement, Done>(database)
{
    private const string Lock = "select t.id, t.code, t.version, t.changed_at, t.changed_by, t.retired_at from ticketing.local_types t where t.id = @Id for update";

    private const string Update = "update ticketing.local_types set retired_at = case when @Retired then @Now end, changed_at = @Now, changed_by = @By where id = @Type";

    public override Permission Permission => Permissions.Types;

    internal static Task<LockedType?> LockAsync(Work work, Guid id, CancellationToken cancel) => work.FindAsync<LockedType>(Lock, new { Id = id }, cancel);

    protected override async Task<Outcome<Done>> HandleAsync(Work work, LocalTypeRetirement request, CancellationToken cancel)
    {
        if (await LockAsync(work, request.Type, cancel) is not { } found)
            return Refuse.NotFound("ticketing.refused.no-type");
        if (found.RetiredAt is not null == request.Retired)
            return Refuse.Conflict("ticketing.refused.same", found.Code);
        await work.ExecuteAsync(Update, new { request.Type, request.Retired, work.Now, By = work.Viewer.Name }, cancel);
        work.Audit(request.Retired ? "ticketing.type.retired" : "ticketing.type.restored", $"incident-type/{request.Type}", new { found.Code });
        return default(Done);
    }

    protected override Task CommittedAsync(LocalTypeRetirement request, Done answer, CancellationToken cancel) => types.RefreshAsync(cancel);

    internal sealed class LockedType
    {
        public Guid Id { get; set; }

        public string Code { get; set; } = "";

        public int Version { get; set; }

        public DateTimeOffset ChangedAt { get; set; }

        public string ChangedBy { get; set; } = "";

        public DateTimeOffset? RetiredAt { get; set; }
    }
}
