using System.Globalization;
using Appliance.Contracts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.JSInterop;

namespace Appliance.Ui;

/// <summary>
/// A table read page by page by key. The page it shows stands in the URL; the cursor belongs to the browser (js/list.js), so that j and k
/// answer at once on a slow link; nothing moves under it until the person asks.
/// </summary>
public sealed partial class DataList<TRow>
{
    private readonly List<string?> _trail = [];
    private readonly CancellationTokenSource _gone = new();
    private IReadOnlyList<TRow> _rows = [];
    private Outcome<Page<TRow>>? _outcome;
    private PersistingComponentStateSubscription _persisting;
    private DotNetObjectReference<DataList<TRow>>? _self;
    private ITimer? _timer;
    private ElementReference _root;
    private string? _after;
    private object? _loadedFor;
    private string? _loadedAfter;
    private int _loadedAt;
    private bool _loaded;
    private bool _attached;
    private bool _busy;
    private bool _polling;
    private int _newer;
    private string _hidden = "";

    /// <summary>Name for screen readers.</summary>
    [Parameter, EditorRequired] public string Label { get; set; } = "";

    /// <summary>Reads one page: usually a query's <c>RunAsync</c>.</summary>
    [Parameter, EditorRequired] public Func<ListRequest, CancellationToken, Task<Outcome<Page<TRow>>>> Load { get; set; } = default!;

    /// <summary>What identifies a row.</summary>
    [Parameter, EditorRequired] public Func<TRow, string> Key { get; set; } = default!;

    /// <summary>The <c>th</c> cells.</summary>
    [Parameter, EditorRequired] public RenderFragment Head { get; set; } = default!;

    /// <summary>The <c>td</c> cells of a row. The row's first link is what Enter opens.</summary>
    [Parameter, EditorRequired] public RenderFragment<TRow> Row { get; set; } = default!;

    /// <summary>The filter the rows were read for (any value with equality): a change reads the first page again.</summary>
    [Parameter] public object? For { get; set; }

    /// <summary>Rows a page.</summary>
    [Parameter] public int Size { get; set; } = 50;

    /// <summary>Shown instead of the table when there is nothing: a <c>StateView</c> with a diagnosis.</summary>
    [Parameter] public RenderFragment? Empty { get; set; }

    /// <summary>More in the foot: what is hidden and by which rule.</summary>
    [Parameter] public RenderFragment? Foot { get; set; }

    /// <summary>CSS class of a row, for example <c>row-late</c>.</summary>
    [Parameter] public Func<TRow, string?>? RowClass { get; set; }

    /// <summary>Raised when the cursor rests on a row: for a preview pane.</summary>
    [Parameter] public EventCallback<TRow> CursorChanged { get; set; }

    /// <summary>How many rows are newer than the first one shown; asked every <see cref="PollSeconds"/>, shown as a pill.</summary>
    [Parameter] public Func<TRow?, CancellationToken, Task<int>>? CountNewer { get; set; }

    /// <summary>Rows that will be complete by themselves a moment later: while one is shown, the page is read again every <see cref="PollSeconds"/>.</summary>
    [Parameter] public Func<TRow, bool>? Settles { get; set; }

    [CascadingParameter(Name = Layout.MainLayout.Recovery)]
    private int Recoveries { get; set; }

    /// <summary>Seconds between two askings.</summary>
    [Parameter] public int PollSeconds { get; set; } = 10;

    /// <summary>Tells several lists of one page apart; part of the URL parameter.</summary>
    [Parameter] public string Name { get; set; } = "";

    /// <summary>Names of the columns in the order of <see cref="Head"/>: offers to hide some. What is hidden stands in the URL and is remembered for the person.</summary>
    [Parameter] public IReadOnlyList<string> Columns { get; set; } = [];

    /// <summary>Path of the export endpoints without extension, for example <c>/api/v1/sensing/groups</c>: offers CSV and JSON of what matches.</summary>
    [Parameter] public string? Export { get; set; }

    /// <summary>The page's query parameters that the export takes.</summary>
    [Parameter] public IReadOnlyList<string> ExportTakes { get; set; } = ["view", "q"];

    private string HideParameter => Name.Length == 0 ? "hide" : $"{Name}-hide";

    private string AfterParameter => Name.Length == 0 ? "after" : $"{Name}-after";

    private string StateKey => $"list:{Name}:{typeof(TRow).FullName}:{new Uri(Place.Uri).PathAndQuery}";

    /// <summary>Reads the page again; selection and cursor stay on rows that are still there.</summary>
    public async Task ReloadAsync()
    {
        await ReadAsync();
        StateHasChanged();
    }

    /// <summary>Reads the page again because something changed elsewhere: rows that are shown are drawn anew in their places and those that left go. Newcomers are counted, and put under nobody's hand.</summary>
    public async Task RefreshAsync()
    {
        var shown = _outcome;
        if (shown is not { Succeeded: true } || _busy || _acting)
            return;
        var (loadingFor, loadingAfter) = (For, _after);
        var outcome = await Load(new(loadingAfter, Size), _gone.Token);
        // What was read on purpose meanwhile is newer.
        if (!ReferenceEquals(shown, _outcome) || !Equals(loadingFor, For) || loadingAfter != _after || !outcome.TryGet(out var page))
            return;
        var fresh = page.Items.ToDictionary(Key, StringComparer.Ordinal);
        var newcomers = page.Items.Select(Key).Except(_rows.Select(Key), StringComparer.Ordinal).Count();
        if (newcomers == page.Items.Count)
        {
            Take(outcome);
            StateHasChanged();
            return;
        }

        // Newcomers push as many from the end of the page; those are still there.
        var last = _rows.Count;
        for (var pushed = page.Next is null ? 0 : newcomers; pushed > 0 && last > 0 && !fresh.ContainsKey(Key(_rows[last - 1])); pushed--)
            last--;
        _rows = [.. _rows.Take(last).Where(r => fresh.ContainsKey(Key(r))).Select(r => fresh[Key(r)]), .. _rows.Skip(last)];
        _outcome = outcome;
        _newer = loadingAfter is null ? newcomers : 0;
        _selected.IntersectWith(_rows.Select(Key));
        StateHasChanged();
    }

    /// <summary>Called by the script: the cursor rests on a row.</summary>
    [JSInvokable]
    public Task OnCursor(string key) =>
        _rows.FirstOrDefault(r => Key(r) == key) is { } row ? InvokeAsync(() => CursorChanged.InvokeAsync(row)) : Task.CompletedTask;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        if (Persisted.TryTakeFromJson<string>(StateKey, out var name) && Handover.Take<Outcome<Page<TRow>>>(name) is { } taken)
        {
            _after = AfterInUrl();
            Take(taken);
        }

        _persisting = Persisted.RegisterOnPersisting(
            () =>
            {
                if (_outcome is not null)
                    Persisted.PersistAsJson(StateKey, Handover.Keep(_outcome));
                return Task.CompletedTask;
            },
            RenderMode.InteractiveServer);
        Place.LocationChanged += OnLocation;
        BulkWatch.Ended += OnBulkEnded;
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        _after = AfterInUrl();
        // What could not be read while the box was in trouble is read again when it is over.
        var recovered = Recoveries != _loadedAt && _outcome is { Succeeded: false };
        _loadedAt = Recoveries;
        if (_loaded && Equals(For, _loadedFor) && _after == _loadedAfter && !recovered)
            return;
        if (_loaded && !Equals(For, _loadedFor))
        {
            _selected.Clear();
            _trail.Clear();
        }

        await ReadAsync();
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender && (CountNewer is not null || Settles is not null))
            _timer = Clock.CreateTimer(_ => _ = InvokeAsync(PollAsync), null, TimeSpan.FromSeconds(PollSeconds), TimeSpan.FromSeconds(PollSeconds));
        if (_attached)
            return;
        _attached = true;
        _self = DotNetObjectReference.Create(this);
        await Script.CallAsync("list", "attach", _root, _self, CursorChanged.HasDelegate);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Place.LocationChanged -= OnLocation;
        BulkWatch.Ended -= OnBulkEnded;
        _persisting.Dispose();
        await _gone.CancelAsync();
        if (_timer is not null)
            await _timer.DisposeAsync();
        if (_attached)
            await Script.CallAsync("list", "detach", _root);
        _self?.Dispose();
    }

    private void OnLocation(object? sender, Microsoft.AspNetCore.Components.Routing.LocationChangedEventArgs e) => _ = InvokeAsync(async () =>
    {
        var after = AfterInUrl();
        if (_gone.IsCancellationRequested || after == _loadedAfter)
            return;
        if (_trail.Count > 0 && _trail[^1] == after)
            _trail.RemoveAt(_trail.Count - 1);
        else if (after is not null)
            _trail.Add(_loadedAfter);
        else
            _trail.Clear();
        _after = after;
        _selected.Clear();
        await ReadAsync();
        StateHasChanged();
    });

    private async Task ReadAsync()
    {
        _busy = true;
        var (loadingFor, loadingAfter) = (For, _after);
        (_loadedFor, _loadedAfter, _loaded) = (loadingFor, loadingAfter, true);
        var outcome = await Load(new(loadingAfter, Size), _gone.Token);
        // An answer that was overtaken by another filter or page is dropped.
        if (!Equals(loadingFor, _loadedFor) || loadingAfter != _loadedAfter)
            return;
        Take(outcome);
    }

    private void Take(Outcome<Page<TRow>> outcome)
    {
        (_loadedFor, _loadedAfter, _loaded, _busy, _newer) = (For, _after, true, false, 0);
        _outcome = outcome;
        _rows = outcome.TryGet(out var page) ? page.Items : [];
        _selected.IntersectWith(_rows.Select(Key));
    }

    private async Task PollAsync()
    {
        if (_polling || _outcome is not { Succeeded: true } || _gone.IsCancellationRequested)
            return;
        _polling = true;
        try
        {
            if (Settles is not null && _rows.Any(Settles))
                await ReloadAsync();
            await CountAsync();
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            _newer = 0;
        }
        finally
        {
            _polling = false;
        }
    }

    private async Task CountAsync()
    {
        if (CountNewer is null || _after is not null)
            return;
        var newer = await CountNewer(_rows.Count > 0 ? _rows[0] : default, _gone.Token);
        if (newer == _newer)
            return;
        _newer = newer;
        StateHasChanged();
    }

    private Task LoadNewestAsync() => ReloadAsync();

    // Not in the reader's culture: Arabic writes a mark before the minus sign.
    private string RowCount() => (_outcome!.Value is { Total: { } total, TotalIsCapped: false } ? total + 1 : -1).ToString(CultureInfo.InvariantCulture);

    private string Count() => _outcome!.Value switch
    {
        { Total: { } total, TotalIsCapped: true } => T["ui.list.count-capped", _rows.Count, total],
        { Total: { } total } => T["ui.list.count", _rows.Count, total],
        _ => T["ui.list.count-page", _rows.Count],
    };

    private string? AfterInUrl()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Place.Uri).Query);
        return query.TryGetValue(AfterParameter, out var after) && after.ToString() is { Length: > 0 } key ? key : null;
    }

    private string PageHref(string? after) => Place.GetUriWithQueryParameter(AfterParameter, after);
}
