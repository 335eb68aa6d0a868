using Appliance.Contracts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Reports;

/// <summary>The reports of a view, as an act on all that match keeps it.</summary>
internal sealed record ReportsChoice(string State = "new", string Words = "");

/// <summary>Why many reports are rejected.</summary>
internal sealed record RejectManyArgument(string Reason);

/// <summary>Rejects all reports that match; taking it back makes those new again that nobody decided otherwise since.</summary>
internal sealed class RejectMany(Database database, RejectReport reject, ReturnReports giveBack) : BulkAct<ReportsChoice, RejectManyArgument>
{
    private const string Next =
        $"""
        select m.id from ticketing.reports m
        where {ListReports.Filter} and m.received_at <= @UpTo and m.id > @After
        order by m.id
        limit @Limit
        """;

    private const string StillRejected =
        $"""
        select m.id from ticketing.reports m
        where m.id = any(@Ids) and m.state = 'rejected' and m.decided_by = @By and {Visible.RowsOfConstituents}
        order by m.id
        for update
        """;

    private const string Names = $"select m.id, m.subject from ticketing.reports m where m.id = any(@Ids) and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Triage;

    public override async Task<BulkPart> UndoAsync(Work work, BulkUndo part, CancellationToken cancel)
    {
        var still = (await work.QueryAsync<Guid>(StillRejected, Visible.With(work.Viewer, new { Ids = part.Items.ToArray(), By = work.Viewer.Name }), cancel)).ToHashSet();
        var others = part.Items.Where(i => !still.Contains(i)).Select(i => new BulkRefused(i, Refuse.Conflict("ticketing.refused.decided")));
        if (still.Count == 0)
            return new(part.Token, [.. others]);
        var back = PartOf(await giveBack.RunWithinAsync(work, [.. still], cancel), [.. still.Order()]);
        return new(part.Token, [.. back.Left, .. others]);
    }

    public override async Task<IReadOnlyList<BulkName>> NamesAsync(Viewer viewer, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        [.. (await database.QueryAsync<ReportRow>(Names, Visible.With(viewer, new { Ids = items.ToArray() }), cancel)).Select(r => new BulkName(r.Id, r.Subject, $"/tickets/reports/{r.Id}"))];

    protected override IEnumerable<Refusal> Faults(RejectManyArgument argument) =>
        string.IsNullOrWhiteSpace(argument.Reason) || argument.Reason.Length > 500 ? [Refuse.Invalid("ticketing.refused.reason", "reason")] : [];

    protected override async Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, ReportsChoice query, BulkBound bound, CancellationToken cancel) =>
        (await database.QueryAsync<Guid>(Next, Visible.With(viewer, new { query.State, Words = query.Words.Trim(), bound.UpTo, bound.After, bound.Limit }), cancel)).ToArray();

    protected override async Task<BulkPart> DoAsync(Work work, RejectManyArgument argument, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        PartOf(await reject.RunWithinAsync(work, new(items, argument.Reason), cancel), items);

    // The items come in the order of their ids, and so do the reasons of a refusal of all.
    private static BulkPart PartOf(Outcome<ReportsAnswer> outcome, IReadOnlyList<Guid> items)
    {
        if (outcome.TryGet(out var answer))
            return new(Guid.CreateVersion7(), [.. answer.Left.Select(l => new BulkRefused(l.Report, l.Reason))]);
        var each = outcome.Refusals.Count == items.Count;
        return new(Guid.Empty, [.. items.Select((item, at) => new BulkRefused(item, outcome.Refusals[each ? at : 0]))]);
    }
}
