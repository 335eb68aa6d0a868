using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Merge;

/// <summary>Incidents that are one.</summary>
/// <param name="Into">Number of the incident that stays.</param>
/// <param name="Incidents">Those that become part of it, at most 200.</param>
internal sealed record MergeRequest(string Into, IReadOnlyList<IncidentId> Incidents);

/// <summary>
/// Merges incidents into one, in one transaction, however much they hold: each keeps its own rows and points at the one that stays.
/// Done twice it changes nothing more; opposite merges at the same time are one after the other; <see cref="UndoAct"/> takes it back at any later time.
/// </summary>
internal sealed class MergeIncidents(Database database) : Act<MergeRequest, ManyAnswer>(database)
{
    internal const int Most = 200;

    private const string Target = $"select coalesce(m.root_id, m.id) from ticketing.incidents m where m.number = upper(@Number) and {Visible.RowsOfConstituents}";

    private const string InsertAct = "insert into ticketing.acts (id, at, by_id, by_name, kind, target_id, detail) values (@Act, @Now, @ById, @By, 'merge', @Into, @Detail::jsonb)";

    private const string InsertItems = "insert into ticketing.act_items (act_id, incident_id, version, before) select @Act, i.id, i.version, i.before::jsonb from unnest(@Ids, @Versions, @Befores) as i (id, version, before)";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<ManyAnswer>> HandleAsync(Work work, MergeRequest request, CancellationToken cancel)
    {
        var ids = (request.Incidents ?? []).Distinct().ToList();
        if (ids.Count is 0 or > Most)
            return Refuse.Invalid("ticketing.refused.many", nameof(request.Incidents), Most);
        await Members.LockMergesAsync(work, cancel);
        var number = (request.Into ?? "").Trim();
        if (await work.FindAsync<Guid?>(Target, Visible.With(work.Viewer, new { Number = number }), cancel) is not { } into)
            return Refuse.Invalid("ticketing.refused.link-number", nameof(request.Into), number);
        var rows = (await IncidentRow.LockAllAsync(work, [.. ids, new IncidentId(into)], cancel)).ToDictionary(r => r.IncidentId);
        if (!rows.TryGetValue(new(into), out var target))
            return Refuse.Invalid("ticketing.refused.link-number", nameof(request.Into), number);
        if (target.ClosedAt is not null)
            return Refuse.Conflict("ticketing.refused.closed", target.Number);
        var (sources, left, already) = (new List<IncidentRow>(), new List<LeftIncident>(), 0);
        foreach (var id in ids)
        {
            var row = rows.GetValueOrDefault(id);
            if (row is { RootId: { } root } && root == target.Id)
                already++;
            else if (Why(row, target) is { } reason)
                left.Add(new(id, row?.Number ?? "", reason));
            else
                sources.Add(row!);
        }
        if (sources.Count == 0 && already == 0)
            return Outcome<ManyAnswer>.Refused([.. left.Select(l => l.Reason)]);
        var act = Guid.CreateVersion7();
        work.Audit("ticketing.incident.merged", target.Subject, new { target.Number, act, from = sources.Select(s => s.Number), already });
        if (sources.Count == 0)
            return new ManyAnswer(target.MergeAct ?? Guid.Empty, 0, left);
        await work.ExecuteAsync(InsertAct, new { Act = act, work.Now, ById = work.Viewer.Id.Value, By = work.Viewer.Name, Into = target.Id, Detail = "{}" }, cancel);
        await work.ExecuteAsync(
            InsertItems,
            new
            {
                Act = act,
                Ids = sources.Select(s => s.Id).ToArray(),
                Versions = sources.Select(s => s.Version + 1).ToArray(),
                Befores = sources.Select(s => JsonSerializer.Serialize(IncidentSnapshot.Of(s), OutboxJson.Options)).ToArray(),
            },
            cancel);
        await Members.PointAsync(work, [.. sources.Select(s => s.Id)], target.Id, act, cancel);
        await TimelineEntry.AddAllAsync(
            work,
            [
                new TimelineEntry(target.IncidentId, "merge") { Detail = new { act, numbers = sources.Select(s => s.Number) } },
                .. sources.Select(s => new TimelineEntry(s.IncidentId, "merged") { Detail = new { act, number = target.Number } }),
            ],
            cancel);
        // What was merged in is news for whoever works on the one that stays.
        await TimelineEntry.TouchAsync(work, target.IncidentId, null, cancel);
        foreach (var source in sources)
            work.Audit("ticketing.incident.merged-into", source.Subject, new { source.Number, into = target.Number, act });
        return new ManyAnswer(act, sources.Count, left);
    }

    /// <summary>Why <paramref name="row"/> cannot become part of <paramref name="target"/>, or null.</summary>
    private static Refusal? Why(IncidentRow? row, IncidentRow target) => row switch
    {
        null => Refuse.NotFound("ticketing.refused.no-incident"),
        _ when row.Id == target.Id => Refuse.Invalid("ticketing.refused.merge-self", null, row.Number),
        { RootId: not null } => Refuse.Conflict("ticketing.refused.merged", row.Number),
        _ when row.Exercise != target.Exercise => Refuse.Conflict("ticketing.refused.merge-exercise", row.Number, target.Number),
        _ => null,
    };
}
