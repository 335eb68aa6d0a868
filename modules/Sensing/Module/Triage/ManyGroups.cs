using Appliance.Contracts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Inbox;

namespace Appliance.Sensing.Triage;

/// <summary>What the acts on many groups have in common: which groups they are for, what those are called, and the way back.</summary>
internal abstract class ManyGroups<TArgument>(Database database, MatchingGroups matching, UndoTriage undo) : BulkAct<GroupsWanted, TArgument>
    where TArgument : class
{
    private const string Names = $"select m.id, m.signature from sensing.alert_groups m where m.id = any(@ids) and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Triage;

    public override int PartSize => 1000;

    public override async Task<BulkPart> UndoAsync(Work work, BulkUndo part, CancellationToken cancel) =>
        PartOf(await undo.RunWithinAsync(work, new(part.Token, OfMany: true), cancel), part.Items);

    public override async Task<IReadOnlyList<BulkName>> NamesAsync(Viewer viewer, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        [.. (await database.QueryAsync<GroupName>(Names, Visible.With(viewer, new { ids = items.ToArray() }), cancel)).Select(g => new BulkName(g.Id, g.Signature, $"/sense/alerts/{g.Id}"))];

    protected override IEnumerable<Refusal> Faults(GroupsWanted query) => query.Faults();

    protected override Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, GroupsWanted query, BulkBound bound, CancellationToken cancel) =>
        matching.RunAsync(viewer, new(query, bound), cancel);

    protected sealed override async Task<BulkPart> DoAsync(Work work, TArgument argument, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        PartOf(await ActAsync(work, argument, new GroupSelection(items) { EachTold = true }, cancel), items);

    /// <summary>The same handler as for a few.</summary>
    protected abstract Task<Outcome<TriageAnswer>> ActAsync(Work work, TArgument argument, GroupSelection groups, CancellationToken cancel);

    private static BulkPart PartOf(Outcome<TriageAnswer> outcome, IReadOnlyList<Guid> items)
    {
        if (!outcome.TryGet(out var answer))
            return new(Guid.Empty, [.. items.Select(i => new BulkRefused(i, outcome.Refusals[0]))]);
        // What the answer does not name could not be seen by then.
        var told = answer.Results.ToDictionary(r => r.Id, r => r.Refusal);
        return new(answer.ActId, [.. items.Where(i => !told.TryGetValue(i, out var refusal) || refusal is not null).Select(i => new BulkRefused(i, told.GetValueOrDefault(i) ?? Refuse.NotFound("sensing.refused.no-group")))]);
    }
}

/// <summary>How many groups are closed.</summary>
internal sealed record CloseManyArgument(string Verdict = "benign", string? Reason = null);

/// <summary>Closes all groups that match.</summary>
internal sealed class CloseMany(Database database, MatchingGroups matching, UndoTriage undo, CloseAlerts close) : ManyGroups<CloseManyArgument>(database, matching, undo)
{
    protected override Task<Outcome<TriageAnswer>> ActAsync(Work work, CloseManyArgument argument, GroupSelection groups, CancellationToken cancel) =>
        close.RunWithinAsync(work, new(groups, argument.Verdict, argument.Reason), cancel);
}

/// <summary>For how long many groups are put away.</summary>
internal sealed record SnoozeManyArgument(int Hours = 8);

/// <summary>Puts all groups that match away.</summary>
internal sealed class SnoozeMany(Database database, MatchingGroups matching, UndoTriage undo, SnoozeAlerts snooze) : ManyGroups<SnoozeManyArgument>(database, matching, undo)
{
    protected override Task<Outcome<TriageAnswer>> ActAsync(Work work, SnoozeManyArgument argument, GroupSelection groups, CancellationToken cancel) =>
        snooze.RunWithinAsync(work, new(groups, argument.Hours), cancel);
}

/// <summary>Whether many groups are taken, given to a colleague or let go.</summary>
internal sealed record AssignManyArgument(bool ToMe = true, Guid? To = null);

/// <summary>Sets the owner of all groups that match.</summary>
internal sealed class AssignMany(Database database, MatchingGroups matching, UndoTriage undo, AssignAlerts assign) : ManyGroups<AssignManyArgument>(database, matching, undo)
{
    protected override Task<Outcome<TriageAnswer>> ActAsync(Work work, AssignManyArgument argument, GroupSelection groups, CancellationToken cancel) =>
        assign.RunWithinAsync(work, new(groups, argument.ToMe, argument.To is { } to ? new UserId(to) : null), cancel);
}
