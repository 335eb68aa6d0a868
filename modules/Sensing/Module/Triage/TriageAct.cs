using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>
/// What the acts on groups have in common: lock, sort out the groups whose state forbids it, keep how the others were, change them in one statement,
/// write audit. A refusal of one group never stops the others.
/// </summary>
internal abstract class TriageAct<TRequest>(Database database, SensingBell bell) : Act<TRequest, TriageAnswer>(database)
{
    private const string Remember =
        $"""
        insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action, note, state_before, before)
        select gen_random_uuid(), m.id, @act, @now, @actorId, @actorName, @action, @note, m.state,
            jsonb_build_object('state', m.state, 'live', m.live, 'verdict', m.verdict, 'reason', m.reason, 'closed_by_rule', m.closed_by_rule,
                'snoozed_until', m.snoozed_until, 'owner_id', m.owner_id, 'owner_name', m.owner_name)
        from sensing.alert_groups m
        where m.id = any(@ids) and {Visible.RowsOfConstituents}
        """;

    public override Permission Permission => Permissions.Triage;

    /// <summary>Groups touched at most.</summary>
    protected virtual int Most => GroupSelection.Limit;

    /// <summary>Past tense, as kept in the history: <c>closed</c>.</summary>
    protected abstract string Action { get; }

    protected abstract GroupSelection SelectionOf(TRequest request);

    /// <summary>What is wrong with the request as a whole.</summary>
    protected virtual Refusal? Check(Work work, TRequest request) => null;

    /// <summary>Why this group cannot be changed, or null.</summary>
    protected abstract Refusal? Forbids(LockedGroup group);

    /// <summary>What is to be asked before the groups are judged; most acts know all they need.</summary>
    protected virtual Task<Outcome<TriagePlan>> PlanAsync(Work work, TRequest request, CancellationToken cancel) =>
        Task.FromResult<Outcome<TriagePlan>>(new TriagePlan(Forbids, Note(request)));

    /// <summary>Changes the groups, all of them allowed.</summary>
    protected abstract Task ChangeAsync(Work work, TRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel);

    /// <summary>One line for the history.</summary>
    protected virtual string Note(TRequest request) => "";

    protected override async Task<Outcome<TriageAnswer>> HandleAsync(Work work, TRequest request, CancellationToken cancel)
    {
        if (Check(work, request) is { } wrong)
            return wrong;
        var planned = await PlanAsync(work, request, cancel);
        if (!planned.TryGet(out var plan))
            return Outcome<TriageAnswer>.Refused(planned.Refusals);
        var selection = SelectionOf(request);
        var locked = await selection.LockAsync(work, Most, cancel);
        if (!locked.TryGet(out var groups))
            return Outcome<TriageAnswer>.Refused(locked.Refusals);
        var results = groups.Select(g => new GroupResult(g.Id, plan.Forbids(g))).ToList();
        results.AddRange(selection.Ids.Except(groups.Select(g => g.Id)).Select(id => new GroupResult(id, Refuse.NotFound("sensing.refused.no-group"))));
        var refused = results.Where(r => r.Refusal is not null).Select(r => r.Id).ToHashSet();
        var allowed = groups.Where(g => !refused.Contains(g.Id)).ToList();
        if (allowed.Count == 0 && selection.EachTold)
            return new TriageAnswer(Guid.Empty, results);
        if (allowed.Count == 0)
            return results.FirstOrDefault()?.Refusal ?? Refuse.NotFound("sensing.refused.none-matches");
        var act = Guid.CreateVersion7();
        var ids = allowed.Select(g => g.Id).ToArray();
        await work.ExecuteAsync(
            Remember,
            Visible.With(work.Viewer, new { act, now = work.Now, actorId = work.Viewer.Id.Value, actorName = work.Viewer.Name, action = Action, note = plan.Note, ids }),
            cancel);
        await ChangeAsync(work, request, allowed, cancel);
        work.Audit(
            $"sensing.alert-group.{Action}",
            ids.Length == 1 ? $"alert-group/{ids[0]}" : $"triage/{act}",
            new { act, groups = ids.Length, note = plan.Note, first = ids.Take(20) });
        return new TriageAnswer(act, results);
    }

    protected override Task CommittedAsync(TRequest request, TriageAnswer answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }
}

/// <summary>What an act on groups knows before it looks at them.</summary>
/// <param name="Forbids">Why a group cannot be changed, or null.</param>
/// <param name="Note">One line for the history.</param>
internal sealed record TriagePlan(Func<LockedGroup, Refusal?> Forbids, string Note);
