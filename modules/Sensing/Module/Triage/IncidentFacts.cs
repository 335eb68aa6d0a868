using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Shows the incident's number at the group it came from.</summary>
internal sealed class IncidentOpenedHandler(SensingBell bell) : IEventHandler<IncidentOpened>
{
    private const string Sql =
        """
        update sensing.alert_groups set incident_id = @incident, incident_number = @number, state = case when state = 'closed' then state else 'escalated' end
        where id = @group
        """;

    public async Task HandleAsync(IncidentOpened fact, Work work, CancellationToken cancel)
    {
        if (fact.FromAlerts is not { } group)
            return;
        if (await work.ExecuteAsync(Sql, new { incident = fact.Incident.Value, number = fact.Number, group = group.Value }, cancel) == 1)
            await GroupNotes.AddAsync(work, group, fact.EventId, "incident-opened", fact.Number, cancel);
        bell.Ring();
    }
}

/// <summary>Closes the group with the incident it led to.</summary>
internal sealed class IncidentClosedHandler(SensingBell bell) : IEventHandler<IncidentClosed>
{
    private const string Sql =
        """
        update sensing.alert_groups set state = 'closed', live = false, verdict = @verdict, reason = @number, snoozed_until = null
        where id = @group and state <> 'closed'
        """;

    public async Task HandleAsync(IncidentClosed fact, Work work, CancellationToken cancel)
    {
        if (fact.FromAlerts is not { } group)
            return;
        var verdict = fact.Outcome switch { "false-positive" => "false", "duplicate" => "duplicate", "out-of-scope" => "benign", _ => "true" };
        if (await work.ExecuteAsync(Sql, new { verdict, number = fact.Number, group = group.Value }, cancel) == 1)
            await GroupNotes.AddAsync(work, group, fact.EventId, "incident-closed", $"{fact.Number}: {fact.Outcome}", cancel);
        bell.Ring();
    }
}

/// <summary>Lines of the history that no person wrote.</summary>
internal static class GroupNotes
{
    private const string Insert =
        """
        insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action, note)
        values (@id, @group, @id, @now, @actor, @name, @action, @note)
        """;

    public static Task AddAsync(Work work, AlertGroupId group, EventId cause, string action, string note, CancellationToken cancel) =>
        work.ExecuteAsync(
            Insert,
            new { id = cause.Value, group = group.Value, now = work.Now, actor = work.Viewer.Id.Value, name = work.Viewer.Name, action, note },
            cancel);
}
