using System.Globalization;
using Appliance.Contracts;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Appliance.Ui;

/// <summary>Selecting rows and acting on them: on those chosen, on the one under the cursor, or on all that match.</summary>
public sealed partial class DataList<TRow>
{
    private readonly HashSet<string> _selected = new(StringComparer.Ordinal);
    private ActReport? _report;
    private BulkState? _ended;
    private Guid? _run;
    private bool _acting;
    private bool _everything;
    private Dialog? _menu;
    private string? _menuRow;
    private const int MostLeftShown = 100;

    /// <summary>Offers check boxes and the keys x, Shift+x, * a, * m, * n.</summary>
    [Parameter] public bool Selectable { get; set; }

    /// <summary>What rows of one kind share, the signature of alerts for example: the key * 1 selects all shown that share it with the row under the cursor.</summary>
    [Parameter] public Func<TRow, string>? Alike { get; set; }

    /// <summary>Acts on rows by key and in the bulk bar.</summary>
    [Parameter] public IReadOnlyList<RowAction<TRow>> Actions { get; set; } = [];

    /// <summary>Raised when an act on many that began here has ended, after the rows were read again.</summary>
    [Parameter] public EventCallback BulkEnded { get; set; }

    [CascadingParameter] private Viewer? BulkViewer { get; set; }

    /// <summary>More in the bulk bar.</summary>
    [Parameter] public RenderFragment<Selection<TRow>>? Bulk { get; set; }

    private bool OffersEverything => _rows.Count > 0 && _selected.Count == _rows.Count && Actions.Any(a => a.OnAll is not null)
        && _outcome is { Succeeded: true } && (_outcome.Value.Next is not null || _after is not null);

    /// <summary>Selects nothing.</summary>
    public void ClearSelection()
    {
        _selected.Clear();
        _everything = false;
        StateHasChanged();
    }

    /// <summary>Called by the script: an action's key was pressed on a row.</summary>
    [JSInvokable]
    public Task OnRowKey(string keys, string row) =>
        Actions.FirstOrDefault(a => a.Keys == keys) is { } action ? InvokeAsync(() => RunAsync(action, row)) : Task.CompletedTask;

    /// <summary>Called by the script: the acts on a row were asked for by key, or those on the rows chosen.</summary>
    [JSInvokable]
    public Task OnRowMenu(string row) => InvokeAsync(() =>
    {
        _menuRow = row;
        _menu?.Open();
    });

    /// <summary>Called by the script: rows were selected or not, by key or range.</summary>
    [JSInvokable]
    public Task OnSelect(string[] keys, bool selected) => InvokeAsync(() =>
    {
        _everything = false;
        foreach (var key in keys.Where(k => _rows.Any(r => Key(r) == k)))
        {
            if (selected)
                _selected.Add(key);
            else
                _selected.Remove(key);
        }

        StateHasChanged();
    });

    /// <summary>Called by the script: everything that matches was asked for by key.</summary>
    [JSInvokable]
    public Task OnSelectEverything() => InvokeAsync(() =>
    {
        _selected.UnionWith(_rows.Select(Key));
        _everything = OffersEverything;
        StateHasChanged();
    });

    private async Task RunFromMenuAsync(RowAction<TRow> action)
    {
        if (_menu is not null)
            await _menu.CloseAsync();
        await RunAsync(action, _menuRow);
    }

    private async Task RunAsync(RowAction<TRow> action, string? row)
    {
        var chosen = _selected.Count > 0 ? Chosen() : [.. _rows.Where(r => Key(r) == row)];
        if (chosen.Count == 0 || _acting || (_everything && action.OnAll is null))
            return;
        var question = _everything ? T["ui.bulk.confirm", Matching()] : action.Confirm;
        if (question is not null && !await Dialogs.ConfirmAsync(action.Text, question, action.Text, action.Kind == "danger"))
            return;
        _acting = true;
        try
        {
            if (_everything)
                await OrderAsync(await action.OnAll!());
            else if (action.OnMany is { } many)
                await OrderAsync(await many(chosen));
            else
                await ActAsync(action, chosen);
        }
        finally
        {
            _acting = false;
            StateHasChanged();
        }
    }

    private async Task ActAsync(RowAction<TRow> action, List<TRow> chosen)
    {
        var report = await action.Act(chosen, _gone.Token);
        if (ReferenceEquals(report, ActReport.Nothing))
            return;
        Show(report.Left.Count > 0 ? report : null);
        Toasts.Say(report.Undo is { } undo ? report with { Undo = () => UndoAsync(undo) } : report, T);
        _selected.Clear();
        if (_gone.IsCancellationRequested)
            return;
        await ReadAsync();
        await Receiver.DrawAsync(action.Act);
    }

    // The host works it, whether or not anybody watches; the line at the foot of every page tells how far it is.
    private async Task OrderAsync(BulkOrder? order)
    {
        if (order is null || BulkViewer is null)
            return;
        var begun = await BulkActs.StartAsync(BulkViewer, order, CancellationToken.None);
        if (!begun.TryGet(out var run))
        {
            Toasts.Say(ActReport.Refused(begun.Refusals), T);
            return;
        }

        Show(null);
        _run = run.Id;
        _selected.Clear();
        _everything = false;
        // A short one may have ended before the answer was here.
        if (BulkWatch.EndOf(run.Id) is { } ended)
            await AfterBulkAsync(ended);
    }

    private void OnBulkEnded(BulkState ended) => _ = InvokeAsync(async () =>
    {
        if (!_gone.IsCancellationRequested && Actions.Any(a => a.OnAll is not null || a.OnMany is not null))
            await AfterBulkAsync(ended);
    });

    private async Task AfterBulkAsync(BulkState ended)
    {
        if (ended.Id == _run && ended.Left > 0 && (await BulkActs.LeftAsync(BulkViewer!, ended.Id, null, MostLeftShown, _gone.Token)).TryGet(out var left))
        {
            Show(ActReport.Done("") with { Left = [.. left.Items.Select(l => new ItemLeft(l.Text.Length > 0 ? l.Text : T["ui.bulk.hidden"], l.Reason, l.Href))] });
            _ended = ended;
        }

        await ReloadAsync();
        await BulkEnded.InvokeAsync();
    }

    private void Show(ActReport? report) => (_report, _ended) = (report, null);

    private async Task<ActReport> UndoAsync(Func<Task<ActReport>> undo)
    {
        var report = await undo();
        if (!_gone.IsCancellationRequested)
            await InvokeAsync(ReloadAsync);
        return report;
    }

    private List<TRow> Chosen() => [.. _rows.Where(r => _selected.Contains(Key(r)))];

    private void Toggle(string key)
    {
        _everything = false;
        if (!_selected.Remove(key))
            _selected.Add(key);
    }

    private void ToggleAll()
    {
        _everything = false;
        if (_selected.Count == _rows.Count)
            _selected.Clear();
        else
            _selected.UnionWith(_rows.Select(Key));
    }

    private string Matching() => _outcome!.Value switch
    {
        { Total: { } total, TotalIsCapped: false } => total.ToString("N0", CultureInfo.CurrentCulture),
        { Total: { } total } => T["ui.bulk.more-than", total],
        _ => "",
    };
}
