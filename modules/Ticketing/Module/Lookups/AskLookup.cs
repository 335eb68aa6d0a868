using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Lookups;

/// <summary>Asks outside about a trace of an incident.</summary>
/// <param name="Kind">rdap or dns; null for all that the incident's PAP allows.</param>
internal sealed record LookupRequest(IncidentId Incident, string Type, string Value, string? Kind = null);

/// <summary>Puts questions before <see cref="LookupWorker"/>. What its PAP does not allow is refused, by whoever it is asked; an answer that is known already is taken from here, and nothing leaves.</summary>
internal sealed class AskLookup(Database database, LookupBell bell, TicketingOptions options) : Act<LookupRequest, int>(database)
{
    private const string Trace = $"select count(*) from ticketing.observables o where o.incident_id in {Members.OfId} and o.type = @Type and o.value = @Value";

    internal const string Put =
        """
        -- every row: an answer that another incident has got already spares the question, and shows nothing of that incident
        insert into ticketing.lookups as l (incident_id, kind, type, value, state, asked_at, asked_by, asked_name, next_at, answered_at, server, answer)
        select @Id, @Kind, @Type, @Value, coalesce(k.state, 'queued'), @Now, @By, @Name, @Now, k.answered_at, coalesce(k.server, ''), k.answer
        from (select 1) one
        left join lateral (
            select c.state, c.answered_at, c.server, c.answer from ticketing.lookups c
            where c.kind = @Kind and c.type = @Type and c.value = @Value and c.state in ('answered', 'absent') and c.answered_at > @Fresh
            order by c.answered_at desc limit 1) k on true
        on conflict (incident_id, kind, type, value) do update set state = excluded.state, asked_at = excluded.asked_at, asked_by = excluded.asked_by, asked_name = excluded.asked_name,
            next_at = excluded.next_at, answered_at = coalesce(excluded.answered_at, l.answered_at), server = excluded.server, answer = coalesce(excluded.answer, l.answer), tries = 0, reason = ''
        where l.state <> 'queued'
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<int>> HandleAsync(Work work, LookupRequest request, CancellationToken cancel)
    {
        if (await IncidentRow.LockAsync(work, request.Incident, cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (!options.Lookups.Enabled)
            return Refuse.Conflict("ticketing.refused.lookups-off");
        var trace = new { incident.Id, request.Type, request.Value };
        if (await work.FindAsync<long>(Trace, Visible.With(work.Viewer, trace), cancel) == 0)
            return Refuse.NotFound("ticketing.refused.no-trace");
        if (LookupSubject.Of(request.Type, request.Value) is not { } subject)
            return Refuse.Conflict("ticketing.refused.lookup-nothing", request.Value);
        var wanted = subject.Kinds.Where(k => request.Kind is null || k.Id == request.Kind).ToList();
        if (wanted.Count == 0)
            return Refuse.Invalid("ticketing.refused.lookup-kind", nameof(request.Kind));
        var pap = (await Members.MarkingAsync(work, incident, cancel)).Pap;
        var allowed = wanted.Where(k => pap <= k.Most).ToList();
        if (allowed.Count == 0)
            return Refuse.Conflict("ticketing.refused.lookup-pap", $"PAP:{pap.ToString().ToUpperInvariant()}");
        var fresh = work.Now.AddHours(-options.Lookups.KeepHours);
        foreach (var kind in allowed)
            await work.ExecuteAsync(Put, new { incident.Id, Kind = kind.Id, request.Type, request.Value, work.Now, By = work.Viewer.Id.Value, Name = work.Viewer.Name, Fresh = fresh }, cancel);
        work.Audit("ticketing.lookup.asked", incident.Subject, new { request.Type, request.Value, kinds = allowed.Select(static k => k.Id).ToArray() });
        return allowed.Count;
    }

    protected override Task CommittedAsync(LookupRequest request, int answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }
}
