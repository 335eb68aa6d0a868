using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Changes;

/// <summary>The same change on several incidents.</summary>
/// <param name="Incidents">At most 1,000.</param>
/// <param name="Change">What to change.</param>
internal sealed record ManyRequest(IReadOnlyList<IncidentId> Incidents, IncidentChange Change);

/// <summary>What an act on several did.</summary>
/// <param name="Act">By which it is taken back.</param>
/// <param name="Done">How many were changed.</param>
/// <param name="Left">Those left as they are, each with its reason.</param>
internal sealed record ManyAnswer(Guid Act, int Done, IReadOnlyList<LeftIncident> Left);

/// <summary>An incident that an act left as it is.</summary>
internal sealed record LeftIncident(IncidentId Incident, string Number, Refusal Reason);

/// <summary>Changes up to 1,000 incidents in one transaction: those that cannot be changed are left and named, the rest is done and can be taken back at any later time.</summary>
internal sealed class ChangeIncidents(Database database, IncidentClocks clocks, IStaff staff) : Act<ManyRequest, ManyAnswer>(database)
{
    internal const int Most = 1000;

    private const string InsertAct = "insert into ticketing.acts (id, at, by_id, by_name, kind, detail) values (@Act, @Now, @ById, @By, 'change', @Detail::jsonb)";

    private const string InsertItems =
        """
        insert into ticketing.act_items (act_id, incident_id, version, before)
        select @Act, i.id, i.version, i.before::jsonb from unnest(@Ids, @Versions, @Befores) as i (id, version, before)
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<ManyAnswer>> HandleAsync(Work work, ManyRequest request, CancellationToken cancel)
    {
        var ids = request.Incidents.Distinct().ToList();
        if (ids.Count is 0 or > Most)
            return Refuse.Invalid("ticketing.refused.many", nameof(request.Incidents), Most);
        var faults = request.Change.Faults(work.Now).ToList();
        if (request.Change.RsitType is { } type)
            faults.AddRange(await LocalTypes.MissingAsync(work, [type], cancel));
        if (faults.Count > 0)
            return Outcome<ManyAnswer>.Refused(faults);
        var owner = request.Change.Owner is { } wanted && wanted != work.Viewer.Id ? (await staff.WhoMayAsync(work.Viewer, Permissions.Edit, cancel)).FirstOrDefault(s => s.Id == wanted) : null;
        var rows = (await IncidentRow.LockAllAsync(work, ids, cancel)).ToDictionary(r => r.IncidentId);
        var (planned, left) = (new List<PlannedChange>(), new List<LeftIncident>());
        foreach (var id in ids)
        {
            if (!rows.TryGetValue(id, out var row))
                left.Add(new(id, "", Refuse.NotFound("ticketing.refused.no-incident")));
            else if (row.RootId is not null)
                left.Add(new(id, row.Number, Refuse.Conflict("ticketing.refused.merged", row.Number)));
            else if (request.Change.Plan(row, work.Viewer, owner, work.Now, clocks) is var plan && plan.TryGet(out var after))
                planned.Add(new(row, after));
            else
                left.Add(new(id, row.Number, plan.Refusals[0]));
        }
        var open = await OpenTasks.ReadAsync(work, [.. planned.Where(p => p.Row.ClosedAt is null && p.After.ClosedAt is not null).Select(p => p.Row.Id)], cancel);
        foreach (var tasks in open)
        {
            var one = planned.First(p => p.Row.Id == tasks.Key);
            if (OpenTasks.Why(one.Row, tasks, request.Change.OpenTasks) is not { } why)
                continue;
            planned.Remove(one);
            left.Add(new(one.Row.IncidentId, one.Row.Number, why));
        }
        // In the order they were asked for, whatever kept each.
        left = [.. left.OrderBy(l => ids.IndexOf(l.Incident))];
        if (planned.Count == 0)
            return Outcome<ManyAnswer>.Refused([.. left.Select(l => l.Reason)]);
        var act = Guid.CreateVersion7();
        await IncidentChanges.ApplyAsync(work, planned, request.Change.Reason, cancel);
        if (request.Change.OpenTasks == OpenTasks.Skip)
            await OpenTasks.SkipAsync(work, [.. open.SelectMany(t => t)], request.Change.SkipReason(planned[0].After), act, cancel);
        await work.ExecuteAsync(InsertAct, new { Act = act, work.Now, ById = work.Viewer.Id.Value, By = work.Viewer.Name, Detail = JsonSerializer.Serialize(request.Change, OutboxJson.Options) }, cancel);
        await work.ExecuteAsync(
            InsertItems,
            new
            {
                Act = act,
                Ids = planned.Select(p => p.Row.Id).ToArray(),
                Versions = planned.Select(p => p.Row.Version + 1).ToArray(),
                Befores = planned.Select(p => JsonSerializer.Serialize(IncidentSnapshot.Of(p.Row), OutboxJson.Options)).ToArray(),
            },
            cancel);
        return new ManyAnswer(act, planned.Count, left);
    }
}
