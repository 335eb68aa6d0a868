using Appliance.Contracts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Queue;

namespace Appliance.Ticketing.Changes;

/// <summary>The same change on all incidents that match. Each part stands among the acts that can be taken back, like a change of several.</summary>
internal sealed class ChangeMany(Database database, MatchingIncidents matching, ChangeIncidents change, UndoAct undo, TimeProvider time) : BulkAct<QueueWanted, IncidentChange>
{
    private const string Names = $"select m.id, m.number, m.title from ticketing.incidents m where m.id = any(@Ids) and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Edit;

    public override async Task<BulkPart> UndoAsync(Work work, BulkUndo part, CancellationToken cancel)
    {
        // The undo passes over what its viewer may no longer see; here every item is told of.
        var seen = (await work.QueryAsync<NameRow>(Names, Visible.With(work.Viewer, new { Ids = part.Items.ToArray() }), cancel)).Select(r => r.Id).ToHashSet();
        var back = PartOf(await undo.RunWithinAsync(work, part.Token, cancel), part.Items, complete: false);
        return back with { Left = [.. back.Left, .. part.Items.Where(i => !seen.Contains(i)).Select(i => new BulkRefused(i, Refuse.NotFound("ticketing.refused.no-incident")))] };
    }

    public override async Task<IReadOnlyList<BulkName>> NamesAsync(Viewer viewer, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        [.. (await database.QueryAsync<NameRow>(Names, Visible.With(viewer, new { Ids = items.ToArray() }), cancel)).Select(r => new BulkName(r.Id, $"{r.Number} {r.Title}", $"/tickets/{r.Number}"))];

    protected override IEnumerable<Refusal> Faults(IncidentChange argument) => argument.Faults(time.GetUtcNow());

    protected override Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, QueueWanted query, BulkBound bound, CancellationToken cancel) => matching.RunAsync(viewer, new(query, bound), cancel);

    protected override async Task<BulkPart> DoAsync(Work work, IncidentChange argument, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        PartOf(await change.RunWithinAsync(work, new([.. items.Select(i => new IncidentId(i))], argument), cancel), items, complete: true);

    /// <param name="complete">True where a refusal of all names a reason for each, in the order they were asked for.</param>
    private static BulkPart PartOf(Outcome<ManyAnswer> outcome, IReadOnlyList<Guid> items, bool complete)
    {
        if (outcome.TryGet(out var answer))
            return new(answer.Act, [.. answer.Left.Select(l => new BulkRefused(l.Incident.Value, l.Reason))]);
        var each = complete && outcome.Refusals.Count == items.Count;
        return new(Guid.Empty, [.. items.Select((item, at) => new BulkRefused(item, outcome.Refusals[each ? at : 0]))]);
    }

    private sealed class NameRow
    {
        public Guid Id { get; set; }

        public string Number { get; set; } = "";

        public string Title { get; set; } = "";
    }
}
