using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Desk;

/// <summary>What to do with some items.</summary>
/// <param name="State">kept, ignored, or new to take a decision back.</param>
internal sealed record ItemDecision(IReadOnlyList<Guid> Items, string State);

/// <summary>Keeps or ignores items for the whole team, or puts them back. Answers how many changed.</summary>
internal sealed class DecideItems(Database database) : Act<ItemDecision, int>(database)
{
    private const string Update =
        $"""
        update watch.items m
        set state = @State, decided_by = case when @State = 'new' then null else @By end, decided_at = case when @State = 'new' then null else @Now end
        where m.id = any(@Items) and m.state <> 'advisory' and m.state <> @State and {Visible.Rows}
        returning m.id
        """;

    public override Permission Permission => Permissions.DecideItems;

    protected override async Task<Outcome<int>> HandleAsync(Work work, ItemDecision request, CancellationToken cancel)
    {
        if (request.State is not ("kept" or "ignored" or "new"))
            return Refuse.Invalid("watch.refused.item-state", nameof(request.State), request.State);
        if (request.Items.Count > 1_000)
            return Refuse.Invalid("watch.refused.too-many-items", nameof(request.Items), 1_000);
        var changed = await work.QueryAsync<Guid>(Update, Visible.With(work.Viewer, new { request.State, By = work.Viewer.Name, work.Now, Items = request.Items.ToArray() }), cancel);
        if (changed.Count == 0)
            return Refuse.Conflict("watch.refused.nothing-decided");
        foreach (var item in changed)
            work.Audit($"watch.item.{(request.State == "new" ? "put-back" : request.State)}", $"item/{item}");
        return changed.Count;
    }
}
