namespace Appliance.Kernel.Audit;

/// <summary>One line of the audit trail, before it is sealed.</summary>
internal sealed record AuditRow(Guid Id, DateTimeOffset At, Guid ActorId, string ActorName, string Action, string Subject, string Detail)
{
    public const string Insert =
        """
        insert into audit.entries (id, at, actor_id, actor_name, action, subject, detail)
        values (@Id, @At, @ActorId, @ActorName, @Action, @Subject, @Detail::jsonb)
        """;
}
