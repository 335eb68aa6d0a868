using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Changes;

namespace Appliance.Ticketing.Incidents;

/// <summary>One thing that happened to an incident.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="Kind">opened note mail-in mail-out state owner edit alert report confirmed acknowledged link merge merged unmerge snooze wake undo escalated follow-up playbook task evidence.</param>
internal sealed record TimelineEntry(IncidentId Incident, string Kind)
{
    private const string Insert =
        """
        -- every row: the appliance itself says that the incident moved, no person sees the result
        with added as (
            insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name, text, detail, mail_id, event_id)
            values (@Id, @Incident, @Now, @Kind, @Internal, @By, @ByName, @Text, @Detail::jsonb, @Mail, @Event)
            on conflict (event_id) do nothing
            returning incident_id)
        select count(pg_notify(@Channel, i.id::text))::int + (count(pg_notify(@Channel, i.root_id::text)) filter (where i.root_id is not null))::int
        from added a join ticketing.incidents i on i.id = a.incident_id
        """;

    private const string InsertAll =
        """
        -- every row: the appliance itself says that the incidents moved, no person sees the result
        with added as (
            insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name, text, detail)
            select e.id, e.incident, @Now, e.kind, e.internal, @By, @ByName, e.text, e.detail::jsonb
            from unnest(@Ids, @Incidents, @Kinds, @Internals, @Texts, @Details) as e (id, incident, kind, internal, text, detail)
            returning incident_id)
        select count(pg_notify(@Channel, i.id::text))::int + (count(pg_notify(@Channel, i.root_id::text)) filter (where i.root_id is not null))::int
        from (select distinct incident_id from added) a join ticketing.incidents i on i.id = a.incident_id
        """;

    // What came to a merged incident is news of the one that it is part of.
    private const string Touch =
        """
        -- every row: the appliance itself says that the incident moved, no person sees the result
        with moved as (
            update ticketing.incidents m
            set changed_at = @Now, changed_by = @ByName, due_at = coalesce(@Due, m.due_at),
                escalated_at = case when @Due::timestamptz is null then m.escalated_at end
            from ticketing.incidents i
            where i.id = @Id and m.id = coalesce(i.root_id, i.id)
            returning m.id)
        select count(pg_notify(@Channel, id::text))::int from moved
        """;

    /// <summary>What a person or peer wrote.</summary>
    public string Text { get; init; } = "";

    /// <summary>Facts of the change; shown in the reader's language.</summary>
    public object? Detail { get; init; }

    /// <summary>False when people of the constituent may see it too.</summary>
    public bool Internal { get; init; } = true;

    public MailId? Mail { get; init; }

    /// <summary>The fact that caused it: a second delivery adds nothing.</summary>
    public EventId? Event { get; init; }

    /// <summary>Adds the entry; false when it stands there already.</summary>
    public async Task<bool> AddAsync(Work work, CancellationToken cancel)
    {
        var added = await work.FindAsync<int>(
            Insert,
            new
            {
                IncidentWatch.Channel,
                Id = Guid.CreateVersion7(),
                Incident = Incident.Value,
                work.Now,
                Kind,
                Internal,
                By = work.Viewer.Id.Value,
                ByName = work.Viewer.Name,
                Text,
                Detail = JsonSerializer.Serialize(Detail ?? new { }, OutboxJson.Options),
                Mail = Mail?.Value,
                Event = Event?.Value,
            },
            cancel) > 0;
        if (added)
            await OwnerNews.TellAsync(work, [this], cancel);
        return added;
    }

    /// <summary>Adds entries that no fact from elsewhere caused, in one statement.</summary>
    public static async Task AddAllAsync(Work work, IReadOnlyList<TimelineEntry> entries, CancellationToken cancel)
    {
        await work.FindAsync<int>(
            InsertAll,
            new
            {
                IncidentWatch.Channel,
                work.Now,
                By = work.Viewer.Id.Value,
                ByName = work.Viewer.Name,
                Ids = entries.Select(_ => Guid.CreateVersion7()).ToArray(),
                Incidents = entries.Select(e => e.Incident.Value).ToArray(),
                Kinds = entries.Select(e => e.Kind).ToArray(),
                Internals = entries.Select(e => e.Internal).ToArray(),
                Texts = entries.Select(e => e.Text).ToArray(),
                Details = entries.Select(e => JsonSerializer.Serialize(e.Detail ?? new { }, OutboxJson.Options)).ToArray(),
            },
            cancel);
        await OwnerNews.TellAsync(work, entries, cancel);
    }

    /// <summary>Says that the incident moved, and when the next word is due.</summary>
    public static Task TouchAsync(Work work, IncidentId incident, DateTimeOffset? due, CancellationToken cancel) =>
        work.FindAsync<int>(Touch, new { IncidentWatch.Channel, Id = incident.Value, work.Now, ByName = work.Viewer.Name, Due = due }, cancel);
}
