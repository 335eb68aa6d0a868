namespace Appliance.Kernel.Audit;

/// <summary>One line of the audit trail, before it is sealed.</summary>
internal sealed record AuditRow(Guid Id, DateTimeOffset At, Guid ActorId, string ActorName, string Action, string Subject, string Detail)
{
    // One statement however many rows: an act on a thousand things must not wait a thousand times.
    private const string InsertAll =
        """
        insert into audit.entries (id, at, actor_id, actor_name, action, subject, detail)
        select e.id, e.at, e.actor_id, e.actor_name, e.action, e.subject, e.detail::jsonb
        from unnest(@Ids, @Ats, @ActorIds, @ActorNames, @Actions, @Subjects, @Details) as e (id, at, actor_id, actor_name, action, subject, detail)
        """;

    /// <summary>The statement that adds <paramref name="rows"/>, with its parameters.</summary>
    public static (string Sql, object Parameters) Insert(IReadOnlyList<AuditRow> rows) => (InsertAll, new
    {
        Ids = rows.Select(r => r.Id).ToArray(),
        Ats = rows.Select(r => r.At.UtcDateTime).ToArray(),
        ActorIds = rows.Select(r => r.ActorId).ToArray(),
        ActorNames = rows.Select(r => r.ActorName).ToArray(),
        Actions = rows.Select(r => r.Action).ToArray(),
        Subjects = rows.Select(r => r.Subject).ToArray(),
        Details = rows.Select(r => r.Detail).ToArray(),
    });
}
