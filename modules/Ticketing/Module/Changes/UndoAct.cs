using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Changes;

/// <summary>Takes an act on several incidents back, at any later time. An incident that was changed since is left as it is and named.</summary>
internal sealed class UndoAct(Database database) : Act<Guid, ManyAnswer>(database)
{
    private const string Find = "select a.kind, a.undone_at, a.undone_by from ticketing.acts a where a.id = @Act for update";

    private const string Items =
        $"""
        select i.incident_id, i.version, i.before::text as before
        from ticketing.act_items i
        join ticketing.incidents m on m.id = i.incident_id
        where i.act_id = @Act and {Visible.RowsOfConstituents}
        order by i.incident_id
        """;

    private const string Mark = "update ticketing.acts set undone_at = @Now, undone_by = @By where id = @Act";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<ManyAnswer>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        await Members.LockMergesAsync(work, cancel);
        var act = await work.FindAsync<ActRow>(Find, new { Act = request }, cancel);
        var items = act is null ? [] : await work.QueryAsync<ItemRow>(Items, Visible.With(work.Viewer, new { Act = request }), cancel);
        if (act is null || items.Count == 0)
            return Refuse.NotFound("ticketing.refused.no-act");
        if (act.UndoneAt is not null)
            return Refuse.Conflict("ticketing.refused.undone", act.UndoneBy ?? "");
        var rows = (await IncidentRow.LockAllAsync(work, [.. items.Select(i => new IncidentId(i.IncidentId))], cancel)).ToDictionary(r => r.Id);
        var left = new List<LeftIncident>();
        var back = new List<(IncidentRow Row, IncidentSnapshot Before)>();
        foreach (var item in items)
        {
            if (!rows.TryGetValue(item.IncidentId, out var row))
                continue;
            if (act.Kind == "merge" ? row.MergeAct == request : row.Version == item.Version)
                back.Add((row, JsonSerializer.Deserialize<IncidentSnapshot>(item.Before, OutboxJson.Options)!));
            else
                left.Add(new(row.IncidentId, row.Number, Refuse.Conflict("ticketing.refused.changed-since", row.Number, row.ChangedBy)));
        }
        if (back.Count == 0)
            return Outcome<ManyAnswer>.Refused([.. left.Select(l => l.Reason)]);
        if (act.Kind == "merge")
            await Members.TakeOutAsync(work, [.. back.Select(b => b.Row)], cancel);
        else
        {
            await IncidentChanges.PutAsync(work, back.Select(b => (b.Row.Id, b.Before)), cancel);
            await OpenTasks.RestoreAsync(work, request, [.. back.Select(b => b.Row.Id)], cancel);
            await TimelineEntry.AddAllAsync(work, [.. back.Select(b => new TimelineEntry(b.Row.IncidentId, "undo") { Detail = new { act = request, state = b.Before.State } })], cancel);
        }
        await work.ExecuteAsync(Mark, new { Act = request, work.Now, By = work.Viewer.Name }, cancel);
        foreach (var (row, _) in back)
            work.Audit("ticketing.act.undone", row.Subject, new { act = request, act.Kind, row.Number });
        return new ManyAnswer(request, back.Count, left);
    }

    private sealed class ActRow
    {
        public string Kind { get; set; } = "";

        public DateTimeOffset? UndoneAt { get; set; }

        public string? UndoneBy { get; set; }
    }

    private sealed class ItemRow
    {
        public Guid IncidentId { get; set; }

        public int Version { get; set; }

        public string Before { get; set; } = "{}";
    }
}
