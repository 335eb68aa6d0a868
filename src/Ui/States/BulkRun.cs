using System.Data.Common;
using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>What one part of an act on many did.</summary>
/// <param name="Done">How many were changed.</param>
/// <param name="Left">Those left as they are.</param>
/// <param name="Undo">Takes this part back.</param>
public sealed record BulkPart(int Done, IReadOnlyList<ItemLeft> Left, Func<Task<ActReport>>? Undo = null);

/// <summary>How far an act on many has come, and the way to end it: given to <c>RowAction.ActOnAll</c>.</summary>
/// <param name="changed">Called when it moved on.</param>
public sealed class BulkProgress(Action changed) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Items looked at so far.</summary>
    public int Done { get; private set; }

    /// <summary>Of how many; zero until they were counted.</summary>
    public int Of { get; private set; }

    /// <summary>Ends the run after the part it is at.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Says how far it is.</summary>
    public void Say(int done, int of)
    {
        (Done, Of) = (done, of);
        changed();
    }

    /// <summary>Asks the run to end.</summary>
    public void Stop() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();
}

/// <summary>Acts on many items in parts, so that each part is one short transaction, progress is seen, and a fault in one leaves the others done and told.</summary>
public static class BulkRun
{
    /// <summary>Runs <paramref name="act"/> over <paramref name="items"/>, <paramref name="size"/> at a time; undo takes all parts back, the last first.</summary>
    /// <param name="name">How an item that was left is named, with its page.</param>
    /// <param name="said">The sentence for so many done.</param>
    public static async Task<ActReport> InPartsAsync<T>(IReadOnlyList<T> items, int size, Func<IReadOnlyList<T>, Task<BulkPart>> act, Func<T, (string Text, string? Href)> name, Func<int, string> said, BulkProgress progress)
    {
        var (done, left, undo) = (0, new List<ItemLeft>(), new Stack<Func<Task<ActReport>>>());
        progress.Say(0, items.Count);
        var seen = 0;
        foreach (var part in items.Chunk(size))
        {
            var reason = progress.Stopped.IsCancellationRequested ? Refuse.Conflict("ui.bulk.stopped") : null;
            try
            {
                if (reason is null)
                {
                    var answer = await act(part);
                    done += answer.Done;
                    left.AddRange(answer.Left);
                    if (answer.Undo is not null)
                        undo.Push(answer.Undo);
                }
            }
            catch (Exception fault) when (fault is DbException or TimeoutException)
            {
                // This part was rolled back; those before it are done. The person is told which are left and tries them again.
                reason = Refuse.Conflict("ui.bulk.broken");
            }

            if (reason is not null)
                left.AddRange(part.Select(item => name(item)).Select(n => new ItemLeft(n.Text, reason, n.Href)));
            progress.Say(seen += part.Length, items.Count);
        }

        if (done == 0 && left.Count > 0)
            return new ActReport("", [left[0].Reason]) { Left = left };
        return ActReport.Done(said(done), undo.Count == 0 ? null : () => UndoAsync(undo)) with { Left = left };
    }

    /// <summary>All rows of a list, read as it reads its pages, at most <paramref name="most"/>: what an act on all that match is for, where the module has no query of its own.</summary>
    public static async Task<IReadOnlyList<T>> CollectAsync<T>(Func<ListRequest, CancellationToken, Task<Outcome<Page<T>>>> load, int most)
    {
        var rows = new List<T>();
        string? after = null;
        do
        {
            if (!(await load(new(after, 200), CancellationToken.None)).TryGet(out var page))
                break;
            rows.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null && rows.Count < most);
        return rows.Count > most ? rows[..most] : rows;
    }

    private static async Task<ActReport> UndoAsync(Stack<Func<Task<ActReport>>> parts)
    {
        var last = ActReport.Done("");
        List<Refusal> refusals = [];
        while (parts.TryPop(out var part))
        {
            last = await part();
            refusals.AddRange(last.Refusals);
        }

        return refusals.Count == 0 ? last : ActReport.Refused(refusals[0]);
    }
}
