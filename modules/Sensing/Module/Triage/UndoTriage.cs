using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Takes back one's own act.</summary>
/// <param name="ActId">Its name.</param>
/// <param name="OfMany">True for a part of an act on many, which says itself how long it can be taken back, and is told group by group.</param>
internal sealed record UndoTriageRequest(Guid ActId, bool OfMany = false);

/// <summary>Puts groups back as they were, within thirty seconds (acts on many: within a day), by the person who acted, where nobody has touched them since.</summary>
internal sealed class UndoTriage(Database database, SensingBell bell) : Act<UndoTriageRequest, TriageAnswer>(database)
{
    /// <summary>How long an act can be taken back.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private const string Find =
        $"""
        select m.id, h.action, h.at,
            exists (select 1 from sensing.group_history l where l.group_id = m.id and l.act_id <> @act and l.at >= h.at) as touched,
            (h.before->>'live')::boolean and not m.live and exists (
                select 1 from sensing.alert_groups o
                where o.live and o.id <> m.id and o.gid = m.gid and o.sid = m.sid and o.exercise = m.exercise
                  and o.src is not distinct from m.src and o.dst is not distinct from m.dst) as taken
        from sensing.group_history h
        join sensing.alert_groups m on m.id = h.group_id
        where h.act_id = @act and h.actor_id = @viewer_id and {Visible.RowsOfConstituents}
        order by m.id
        for update of m
        """;

    private const string Restore =
        """
        update sensing.alert_groups g set
            state = h.before->>'state',
            live = (h.before->>'live')::boolean,
            verdict = h.before->>'verdict',
            reason = h.before->>'reason',
            closed_by_rule = (h.before->>'closed_by_rule')::uuid,
            snoozed_until = (h.before->>'snoozed_until')::timestamptz,
            owner_id = (h.before->>'owner_id')::uuid,
            owner_name = h.before->>'owner_name'
        from sensing.group_history h
        where h.act_id = @act and h.group_id = g.id and g.id = any(@ids)
        """;

    private const string Note =
        """
        insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action)
        select gen_random_uuid(), id, @undo, @now, @actorId, @actorName, 'undone' from unnest(@ids) as t (id)
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<TriageAnswer>> HandleAsync(Work work, UndoTriageRequest request, CancellationToken cancel)
    {
        var rows = await work.QueryAsync<UndoRow>(Find, Visible.With(work.Viewer, new { act = request.ActId }), cancel);
        if (rows.Count == 0)
            return Refuse.NotFound("sensing.refused.nothing-to-undo");
        if (rows[0].Action is "escalated")
            return Refuse.Conflict("sensing.refused.undo-escalation");
        if (work.Now - rows[0].At > Window && !request.OfMany)
            return Refuse.Conflict("sensing.refused.undo-late", (int)Window.TotalSeconds);
        var results = rows.Select(r => new GroupResult(
            r.Id,
            r.Touched ? Refuse.Conflict("sensing.refused.touched-since") : r.Taken ? Refuse.Conflict("sensing.refused.newer-group") : null)).ToList();
        var ids = results.Where(r => r.Refusal is null).Select(r => r.Id).ToArray();
        if (ids.Length == 0 && request.OfMany)
            return new TriageAnswer(Guid.Empty, results);
        if (ids.Length == 0)
            return results[0].Refusal!;
        var undo = Guid.CreateVersion7();
        await work.ExecuteAsync(Restore, new { act = request.ActId, ids }, cancel);
        await work.ExecuteAsync(Note, new { undo, now = work.Now, actorId = work.Viewer.Id.Value, actorName = work.Viewer.Name, ids }, cancel);
        work.Audit("sensing.alert-group.undone", ids.Length == 1 ? $"alert-group/{ids[0]}" : $"triage/{request.ActId}", new { act = request.ActId, groups = ids.Length });
        return new TriageAnswer(undo, results);
    }

    protected override Task CommittedAsync(UndoTriageRequest request, TriageAnswer answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }

    private sealed class UndoRow
    {
        public Guid Id { get; init; }
        public string Action { get; init; } = "";
        public DateTimeOffset At { get; init; }
        public bool Touched { get; init; }
        public bool Taken { get; init; }
    }
}
