using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Audit;

/// <summary>Which entries to read.</summary>
/// <param name="Subject">About one thing: <c>incident/…</c>; null for all.</param>
/// <param name="Action">Beginning of the action: <c>kernel.user.</c>; null for all.</param>
/// <param name="Actor">By one person; null for all.</param>
/// <param name="After">Key of the page before, or null.</param>
/// <param name="Limit">At most 200.</param>
internal sealed record AuditFilter(string? Subject = null, string? Action = null, UserId? Actor = null, string? After = null, int Limit = 100);

/// <summary>An entry of the audit trail.</summary>
internal sealed class AuditLine
{
    public Guid Id { get; set; }

    public DateTimeOffset At { get; set; }

    public UserId ActorId { get; set; }

    public string ActorName { get; set; } = "";

    public string Action { get; set; } = "";

    public string Subject { get; set; } = "";

    /// <summary>JSON.</summary>
    public string Detail { get; set; } = "";

    /// <summary>Its place in the hash chain, once sealed.</summary>
    public long? Seal { get; set; }
}

/// <summary>The audit trail, the newest first, by key.</summary>
internal sealed class ReadAudit(Database database) : Query<AuditFilter, Page<AuditLine>>
{
    private const string Newest =
        """
        select e.id, e.at, e.actor_id, e.actor_name, e.action, e.subject, e.detail::text as detail, s.seq as seal
        from audit.entries e
        left join audit.seals s on s.entry_id = e.id
        where (@Subject::text is null or e.subject = @Subject)
          and (@Action::text is null or starts_with(e.action, @Action))
          and (@Actor::uuid is null or e.actor_id = @Actor)
          and (@At::timestamptz is null or (e.at, e.id) < (@At, @Id))
        order by e.at desc, e.id desc
        limit @Limit
        """;

    public override Permission Permission => KernelPermissions.ReadAudit;

    protected override async Task<Outcome<Page<AuditLine>>> HandleAsync(Viewer viewer, AuditFilter request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 200);
        DateTimeOffset? at = null;
        var id = Guid.Empty;
        if (request.After is { } after)
        {
            var parts = after.Split('_');
            if (parts.Length != 2 || !long.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out var ticks) || ticks < 0 || ticks > DateTimeOffset.MaxValue.Ticks || !Guid.TryParse(parts[1], out id))
                return Refuse.Invalid("kernel.page.key", "after");
            at = new DateTimeOffset(ticks, TimeSpan.Zero);
        }
        var rows = await database.QueryAsync<AuditLine>(Newest, new { request.Subject, request.Action, Actor = request.Actor?.Value, At = at, Id = id, Limit = limit + 1 }, cancel);
        var more = rows.Count > limit;
        var last = more ? rows[limit - 1] : null;
        return new Page<AuditLine>([.. rows.Take(limit)], last is null ? null : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{last.At.UtcTicks}_{last.Id}"));
    }
}

/// <summary>Recomputes the hash chain for the audit page.</summary>
internal sealed class VerifyAudit(AuditChain chain) : Query<Done, ChainState>
{
    public override Permission Permission => KernelPermissions.ReadAudit;

    protected override async Task<Outcome<ChainState>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) => await chain.VerifyAsync(cancel);
}
