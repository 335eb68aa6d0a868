using System.Diagnostics;
using Appliance.Contracts;
using Appliance.Sensing.Filter;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Pipeline;
using Appliance.Sensing.Triage;
using Appliance.Ui;
using Microsoft.AspNetCore.Components;

namespace Appliance.Sensing.Pages;

/// <summary>The inbox: alert groups, the most urgent first, decided by key.</summary>
public sealed partial class InboxPage
{
    private static readonly (int Hours, string Key)[] s_windows =
        [(1, "sensing.window.hour"), (24, "sensing.window.day"), (24 * 7, "sensing.window.week"), (24 * 30, "sensing.window.month"), (24 * 365, "sensing.window.year")];

    private static readonly string[] s_exported = ["view", "hours", "q"];

    private readonly CancellationTokenSource _gone = new();
    // Kept: what still runs when the page goes may ask for the token after its source was disposed.
    private CancellationToken _cancel;
    private IReadOnlyList<RowAction<InboxRow>> _actions = [];
    private IReadOnlyList<FilterTab> _tabs = [];
    private IReadOnlyList<Bucket> _buckets = [];
    private IReadOnlyList<Series> _series = [];
    // Absent while the groups are gathered.
    private DataList<InboxRow>? _list;
    private CloseDialog _closing = default!;
    private AssignDialog _assigning = default!;
    private SnoozeDialog _snoozing = default!;
    private SuppressDialog _suppressing = default!;
    private IReadOnlyList<FilterTab> _ways = [];
    private InboxCounts? _counts;
    private InboxRow? _shown;
    private InboxFilter? _drawn;
    private string? _queryError;
    private DateTimeOffset _loadedAt;
    private long _milliseconds;
    private IReadOnlyList<string> _columns = [];

    [CascadingParameter] private Viewer Viewer { get; set; } = default!;

    /// <summary>The tab.</summary>
    [SupplyParameterFromQuery(Name = "view")] public string? View { get; set; }

    /// <summary>The words of the query bar.</summary>
    [SupplyParameterFromQuery(Name = "q")] public string? Q { get; set; }

    /// <summary>The window.</summary>
    [SupplyParameterFromQuery(Name = "hours")] public int? Hours { get; set; }

    /// <summary>What the groups are gathered by.</summary>
    [SupplyParameterFromQuery(Name = "by")] public string? By { get; set; }

    private string Way => ListBundles.Ways.Contains(By ?? "", StringComparer.Ordinal) ? By ?? "" : "";

    private string ViewName => InboxFilter.Views.Contains(View ?? "", StringComparer.Ordinal) ? View! : "inbox";

    private int Window => Hours is > 0 and <= InboxFilter.LongestWindowHours ? Hours.Value : 24;

    private InboxFilter Filter => new(ViewName, Window, string.IsNullOrWhiteSpace(Q) ? null : Q);

    /// <inheritdoc/>
    public void Dispose()
    {
        _gone.Cancel();
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        _cancel = _gone.Token;
        // The first page may have been read for the prerendered document, a moment before this circuit began.
        _loadedAt = Clock.GetUtcNow().AddSeconds(-10);
        _columns =
        [
            T["sensing.column.severity"], T["sensing.column.score"], T["sensing.column.count"], T["sensing.column.signature"],
            $"{T["sensing.column.source"]} / {T["sensing.column.destination"]}", T["sensing.column.last"],
        ];
        _series =
        [
            new(T["sensing.severity.4"], "informational"),
            new(T["sensing.severity.3"], "low"),
            new(T["sensing.severity.2"], "medium"),
            new(T["sensing.severity.1"], "high"),
        ];
        _ways = [.. ListBundles.Ways.Select(w => new FilterTab(w, T[$"sensing.by.{(w.Length == 0 ? "group" : w)}"]))];
        _actions =
        [
            new("s", T["sensing.act.escalate"], (rows, ct) => ActAsync(s => Escalate.RunAsync(Viewer, new(s), ct), rows, T["sensing.done.escalated"], undo: false), "primary"),
            new("e", T["sensing.act.close"], (rows, ct) => ActAsync(s => Close.RunAsync(Viewer, new(s), ct), rows, T["sensing.done.closed"]))
                { OnAll = () => AllAsync("close", new CloseManyArgument(), "closed") },
            new("Shift+e", T["sensing.act.close-reason"], (rows, _) => CloseWithReasonAsync(rows)),
            new("z", T["sensing.act.snooze"], (rows, ct) => ActAsync(s => Snooze.RunAsync(Viewer, new(s), ct), rows, T["sensing.done.snoozed"]))
                { OnAll = () => AllAsync("snooze", new SnoozeManyArgument(), "snoozed") },
            new("a", T["sensing.act.assign"], (rows, ct) => ActAsync(s => Assign.RunAsync(Viewer, new(s), ct), rows, T["sensing.done.assigned"]))
                { OnAll = () => AllAsync("assign", new AssignManyArgument(), "assigned") },
            new("Shift+a", T["sensing.act.assign-to"], (rows, ct) => GiveAsync(rows, ct)) { OnAll = GiveAllAsync },
            new("Shift+z", T["sensing.act.snooze-until"], (rows, _) => SnoozeForAsync(rows)),
            new("r", T["sensing.act.reopen"], (rows, ct) => ActAsync(s => Reopen.RunAsync(Viewer, new(s), ct), rows, T["sensing.done.reopened"])),
        ];
        if (Viewer.May(Permissions.Rules))
            _actions = [.. _actions, new("m", T["sensing.act.suppress"], (rows, _) => SuppressAsync(rows[0]))];
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_drawn == Filter)
            return;
        _drawn = Filter;
        _queryError = FilterTerms.Parse(Q) is { Succeeded: false } wrong ? T[wrong.Refusals[0].Key, wrong.Refusals[0].Arguments] : null;
        await DrawAsync();
    }

    private async Task<Outcome<Page<InboxRow>>> LoadAsync(ListRequest request, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var at = Clock.GetUtcNow();
        var outcome = await Groups.RunAsync(Viewer, new(Filter, request.After, request.Size), cancel);
        _milliseconds = (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (!outcome.TryGet(out var page))
            return outcome;
        _loadedAt = at;
        StateHasChanged();
        if (_shown is not null)
            _shown = page.Items.FirstOrDefault(g => g.Id == _shown.Id) ?? page.Items.FirstOrDefault();
        return outcome;
    }

    private async Task DrawAsync()
    {
        var outcome = await Counts.RunAsync(Viewer, new(Window, _loadedAt), _cancel);
        if (outcome.TryGet(out var counts))
        {
            _counts = counts;
            _tabs = [.. InboxFilter.Views.Select(v => new FilterTab(v == "inbox" ? "" : v, T[$"sensing.view.{v}"], counts.Of(v)))];
        }
        var hours = await Histogram.RunAsync(Viewer, new(Window), _cancel);
        if (hours.TryGet(out var drawn))
            _buckets = [.. drawn.Select(h => new Bucket(h.Hour, [h.Informational, h.Low, h.Medium, h.High]))];
    }

    private async Task<int> CountNewerAsync(InboxRow? first, CancellationToken cancel)
    {
        if (ViewName != "inbox")
            return 0;
        var outcome = await Counts.RunAsync(Viewer, new(Window, _loadedAt), cancel);
        if (!outcome.TryGet(out var counts))
            return 0;
        // An empty inbox has nothing that could move under the cursor: what comes is shown at once.
        if (first is null && counts.Newer > 0)
        {
            await ReloadAsync();
            return 0;
        }
        return (int)counts.Newer;
    }

    private async Task ReloadAsync()
    {
        if (_list is not null && Way.Length == 0)
            await _list.ReloadAsync();
        await DrawAsync();
        StateHasChanged();
    }

    // The incident's number comes back a moment after the escalation; it changes no place in the list.
    private static bool AwaitsNumber(InboxRow row) => row.State == "escalated" && row.IncidentNumber is null;

    private void OnCursor(InboxRow row) => _shown = row;

    // The end of the span stands in the query, where the person sees it and can take it away.
    private void OnBrush(TimeSpanChoice span)
    {
        var now = Clock.GetUtcNow();
        var hours = Math.Max(1, (int)Math.Ceiling((now - span.From).TotalHours));
        var words = WithoutSpan();
        if (span.To < now)
            words.Add($"before:{span.To.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture)}");
        GoTo(hours, words);
    }

    private void OnReset() => GoTo(24, WithoutSpan());

    private List<string> WithoutSpan() => [.. (Q ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => !w.StartsWith("before:", StringComparison.Ordinal) && !w.StartsWith("after:", StringComparison.Ordinal))];

    private void GoTo(int hours, IReadOnlyCollection<string> words) => Place.NavigateTo(Place.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["hours"] = hours == 24 ? null : hours,
        ["q"] = words.Count == 0 ? null : string.Join(' ', words),
        ["after"] = null,
    }));

    private string WindowHref(int hours) => Place.GetUriWithQueryParameters(new Dictionary<string, object?> { ["hours"] = hours == 24 ? null : hours, ["after"] = null });

    private int Neighbour(int step)
    {
        var at = Array.FindLastIndex(s_windows, w => w.Hours <= Window);
        return s_windows[Math.Clamp(at + step, 0, s_windows.Length - 1)].Hours;
    }

    private async Task<ActReport> ActAsync(Func<GroupSelection, Task<Outcome<TriageAnswer>>> act, IReadOnlyList<InboxRow> rows, string done, bool undo = true)
    {
        var outcome = await act(new GroupSelection([.. rows.Select(r => r.Id)]));
        var report = Words.Report(T, outcome, done, undo ? UndoAsync : null, id => rows.FirstOrDefault(r => r.Id == id)?.Signature ?? "");
        await DrawAsync();
        return report;
    }

    private async Task<ActReport> GiveAsync(IReadOnlyList<InboxRow> rows, CancellationToken cancel) =>
        await _assigning.AskAsync() is { } who
            ? await ActAsync(s => Assign.RunAsync(Viewer, new(s, who.ToMe, who.To is { } to ? new UserId(to) : null), cancel), rows, who.To is null ? T["sensing.done.released"] : T["sensing.done.given", _assigning.NameOf(who)])
            : ActReport.Nothing;

    private async Task<BulkOrder?> GiveAllAsync() =>
        await _assigning.AskAsync() is { } who ? Words.Order("assign", who, new GroupsWanted(Filter), who.To is null ? "released" : "given", "assign-to") : null;

    private Task<BulkOrder?> AllAsync(string act, object argument, string said) => Task.FromResult<BulkOrder?>(Words.Order(act, argument, new GroupsWanted(Filter), said));

    private async Task<ActReport> UndoAsync(Guid act)
    {
        var outcome = await Undo.RunAsync(Viewer, new(act), CancellationToken.None);
        if (!_gone.IsCancellationRequested)
            await DrawAsync();
        return Words.Report(T, outcome, T["sensing.done.undone"], null);
    }

    private Task<ActReport> CloseWithReasonAsync(IReadOnlyList<InboxRow> rows)
    {
        _closing.Open([.. rows.Select(r => r.Id)]);
        return Task.FromResult(ActReport.Done(""));
    }

    private Task<ActReport> SnoozeForAsync(IReadOnlyList<InboxRow> rows)
    {
        _snoozing.Open([.. rows.Select(r => r.Id)]);
        return Task.FromResult(ActReport.Done(""));
    }

    private async Task<ActReport> SuppressAsync(InboxRow row)
    {
        await _suppressing.Open(row);
        return ActReport.Done("");
    }

    private string ByHref(string way) => Place.GetUriWithQueryParameters(new Dictionary<string, object?> { ["by"] = way.Length == 0 ? null : way, ["after"] = null, ["bundles-after"] = null });

    private string NextWay()
    {
        var at = ListBundles.Ways.ToList().IndexOf(Way);
        return ListBundles.Ways[(at + 1) % ListBundles.Ways.Count];
    }

    private string Sentence(PipelineView pipeline) => pipeline.Broken is { } broken
        ? T[$"sensing.pipeline.{broken.Key}.{broken.Finding}", broken.Arguments]
        : T["sensing.inbox.empty-good"];

    private List<DiagnosisStep> Chain(PipelineView pipeline)
    {
        var steps = new List<DiagnosisStep>();
        var broken = false;
        foreach (var step in pipeline.Steps)
        {
            // What lies behind the first broken link is unknown, not broken.
            steps.Add(new(T[$"sensing.pipeline.{step.Key}"], broken && !step.Good ? null : step.Good, T[$"sensing.pipeline.{step.Key}.{step.Finding}", step.Arguments], step.Link));
            broken |= !step.Good;
        }
        return steps;
    }
}
