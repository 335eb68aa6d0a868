using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Bulk;

internal sealed partial class BulkStep
{
    /// <summary>Ids of one choosing: a few hundred milliseconds, so that others' acts do not wait for it.</summary>
    private const int ChosenAtOnce = 10_000;

    /// <summary>Items of one act; what matches beyond it stays as it is, and is chosen by the next.</summary>
    internal const int Most = 1_000_000;

    private const string InsertItems = "insert into kernel.bulk_items (run_id, item) select @Id, i from unnest(@Items) as i";

    private const string NoteChosen = "update kernel.bulk_runs set total = total + @Count, chosen_to = @To, state = @State, worked_at = @Now where id = @Id";

    private const string Items = "select item from kernel.bulk_items where run_id = @Id and item > @After order by item limit @Size";

    private const string NoteLeft =
        """
        insert into kernel.bulk_items (run_id, item, reason)
        select @Id, l.item, l.reason::jsonb from unnest(@Items, @Reasons) as l (item, reason)
        on conflict (run_id, item) do update set reason = excluded.reason
        """;

    private const string NotePart = "insert into kernel.bulk_parts (run_id, part, after, upto, token, done) values (@Id, @Part, @After, @Upto, @Token, @Done)";

    private const string NoteProgress =
        "update kernel.bulk_runs set done = done + @Done, left_over = left_over + @Left, worked_to = @Upto, parts = @Part, worked_at = @Now where id = @Id";

    private const string LastPart = "select part, after, upto, token from kernel.bulk_parts where run_id = @Of and undone_by is null order by part desc limit 1 for update";

    private const string DoneItems = "select item from kernel.bulk_items where run_id = @Of and item > @After and item <= @Upto and reason is null order by item";

    private const string NoteUndone = "update kernel.bulk_parts set undone_by = @Id where run_id = @Of and part = @Part";

    private async Task ChooseAsync(Work work, BulkRow run, IBulkAct act, CancellationToken cancel)
    {
        var limit = Math.Min(ChosenAtOnce, Most - run.Total);
        var chosen = await act.ChooseAsync(work.Viewer, BulkRow.Json(run.Query!), new(run.StartedAt, run.ChosenTo, limit), cancel);
        if (!chosen.TryGet(out var items))
        {
            await EndAsync(work, run, BulkStage.Ended, chosen.Refusals[0], cancel);
            return;
        }

        await work.ExecuteAsync(InsertItems, new { run.Id, Items = items.ToArray() }, cancel);
        var last = items.Count < limit || run.Total + items.Count >= Most;
        await work.ExecuteAsync(NoteChosen, new { run.Id, items.Count, To = items.Count > 0 ? items[^1] : run.ChosenTo, State = last ? "running" : "choosing", work.Now }, cancel);
        if (last && run.Total + items.Count == 0)
            await EndAsync(work, run, BulkStage.Done, null, cancel);
    }

    private async Task DoAsync(Work work, BulkRow run, IBulkAct act, CancellationToken cancel)
    {
        var size = _alone.TryGetValue(run.Id, out var alone) ? 1 : act.PartSize;
        var items = await work.QueryAsync<Guid>(Items, new { run.Id, After = run.WorkedTo, Size = size }, cancel);
        var part = await act.DoAsync(work, BulkRow.Json(run.Argument), items, cancel);
        if (size == 1)
            NoteAlone(run.Id, alone);
        await NoteAsync(work, run, items, part, cancel);
    }

    private async Task NoteAsync(Work work, BulkRow run, IReadOnlyList<Guid> items, BulkPart part, CancellationToken cancel)
    {
        var left = await NoteLeftAsync(work, run, items, part.Left, cancel);
        var progress = new { run.Id, Part = run.Parts + 1, After = run.WorkedTo, Upto = items[^1], part.Token, Done = items.Count - left, Left = left, work.Now };
        if (progress.Done > 0)
            await work.ExecuteAsync(NotePart, progress, cancel);
        await work.ExecuteAsync(NoteProgress, progress, cancel);
        if (run.Done + run.LeftOver + items.Count >= run.Total)
            await EndAsync(work, run, BulkStage.Done, null, cancel);
    }

    private async Task TakeBackAsync(Work work, BulkRow run, Guid of, IBulkAct act, CancellationToken cancel)
    {
        if (await work.FindAsync<PartRow>(LastPart, new { Of = of }, cancel) is not { } part)
        {
            await EndAsync(work, run, BulkStage.Done, null, cancel);
            return;
        }

        var items = await work.QueryAsync<Guid>(DoneItems, new { Of = of, part.After, part.Upto }, cancel);
        var answer = await act.UndoAsync(work, new(part.Token, items), cancel);
        await NoteUndoneAsync(work, run, of, part, items, answer.Left, cancel);
    }

    private async Task NoteUndoneAsync(Work work, BulkRow run, Guid of, PartRow part, IReadOnlyList<Guid> items, IReadOnlyList<BulkRefused> refused, CancellationToken cancel)
    {
        var left = await NoteLeftAsync(work, run, items, refused, cancel);
        await work.ExecuteAsync(NoteUndone, new { run.Id, Of = of, part.Part }, cancel);
        await work.ExecuteAsync(NoteProgress, new { run.Id, Part = run.Parts + 1, Upto = run.WorkedTo, Done = items.Count - left, Left = left, work.Now }, cancel);
        if (run.Done + run.LeftOver + items.Count >= run.Total)
            await EndAsync(work, run, BulkStage.Done, null, cancel);
    }

    private static async Task<int> NoteLeftAsync(Work work, BulkRow run, IReadOnlyList<Guid> items, IReadOnlyList<BulkRefused> refused, CancellationToken cancel)
    {
        var asked = items.ToHashSet();
        var left = refused.Where(l => asked.Contains(l.Item)).DistinctBy(l => l.Item).ToList();
        if (left.Count > 0)
            await work.ExecuteAsync(NoteLeft, new { run.Id, Items = left.Select(l => l.Item).ToArray(), Reasons = left.Select(l => KeptRefusal.Write(l.Reason)).ToArray() }, cancel);
        return left.Count;
    }

    private async Task SkipItemAsync(Work work, BulkRow run, CancellationToken cancel)
    {
        var items = await work.QueryAsync<Guid>(Items, new { run.Id, After = run.WorkedTo, Size = 1 }, cancel);
        NoteAlone(run.Id, _alone.GetValueOrDefault(run.Id));
        await NoteAsync(work, run, items, new(Guid.Empty, [new(items[0], s_fault)]), cancel);
    }

    private async Task SkipPartAsync(Work work, BulkRow run, Guid of, CancellationToken cancel)
    {
        if (await work.FindAsync<PartRow>(LastPart, new { Of = of }, cancel) is not { } part)
            return;
        var items = await work.QueryAsync<Guid>(DoneItems, new { Of = of, part.After, part.Upto }, cancel);
        await NoteUndoneAsync(work, run, of, part, items, [.. items.Select(i => new BulkRefused(i, s_fault))], cancel);
    }

    // Counted in memory: after a restart the part is tried whole once more.
    private void NoteAlone(Guid run, int before)
    {
        if (before > 1)
            _alone[run] = before - 1;
        else
            _alone.TryRemove(run, out _);
    }

    private sealed class PartRow
    {
        public int Part { get; set; }

        public Guid After { get; set; }

        public Guid Upto { get; set; }

        public Guid Token { get; set; }
    }
}
