using System.Text.Json;
using Appliance.Contracts;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Pages.Queue;
using Appliance.Ticketing.Pages.Templates;
using Appliance.Ticketing.Tasks;
using Appliance.Ui;
using Microsoft.AspNetCore.Components;

namespace Appliance.Ticketing.Pages.Incidents;

/// <summary>What the page of an incident remembers and does.</summary>
public sealed partial class IncidentPage
{
    private IReadOnlyList<FilterTab> _filters = [];
    private LoadView<IncidentSheet>? _view;
    private ChangeDialog? _change;
    private SaveTemplateDialog? _template;
    private Dialog? _stepDialog;
    private Dialog? _editor;
    private IncidentForm? _form;
    private IncidentSheet? _stepSheet;
    private IncidentStep? _step;
    private IncidentDraft? _draft;
    private IncidentDraft? _theirs;
    private IncidentId _incident;
    private int _version;
    private string _composer = "";
    private string _linkTo = "";
    private string _reason = "";
    private string _outcome = "";
    private IReadOnlyList<Refusal> _refusals = [];
    private IReadOnlyList<Refusal> _stepRefusals = [];
    private List<Refusal> _stepGeneral = [];
    private IReadOnlyList<string> _openTasks = [];
    private string _openChoice = "";

    /// <summary>The incident's number.</summary>
    [Parameter]
    public string Number { get; set; } = "";

    [CascadingParameter]
    private Viewer Viewer { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "show")]
    private string? Filter { get; set; }

    private bool MayEdit => Viewer.May(new Permission("ticketing.incident.edit"));

    /// <summary>A merged incident is worked on as the one that it is part of.</summary>
    private bool MayChange(IncidentSheet sheet) => MayEdit && sheet.PartOf is null;

    private bool MayMail => Viewer.May(new Permission("ticketing.incident.mail"));

    private bool MayConfirm => Viewer.May(new Permission("ticketing.incident.confirm"));

    /// <inheritdoc/>
    protected override void OnInitialized() => _filters =
    [
        new("", T["ticketing.timeline.all"]),
        new("mail", T["ticketing.timeline.mails"]),
        new("note", T["ticketing.timeline.notes"]),
        new("change", T["ticketing.timeline.changes"]),
    ];

    private static string KindOf(string kind) => kind switch
    {
        "note" => "note",
        "mail-in" or "mail-out" or "report" => "mail",
        "alert" or "opened" => "alert",
        _ => "change",
    };

    private static string IconOf(string kind) => kind switch
    {
        "note" => "edit",
        "mail-in" => "inbox",
        "mail-out" => "send",
        "report" => "mail",
        "alert" => "sense",
        "owner" => "person",
        "evidence" => "file",
        "link" or "merge" or "merged" or "unmerge" or "split" => "link",
        "acknowledged" or "confirmed" => "check",
        "task" or "playbook" => "check",
        "opened" => "flag",
        _ => "info",
    };

    private static string Scheme(string scheme) => scheme == "smime" ? "S/MIME" : "OpenPGP";

    private bool InFilter(TimelineLine item) => (Filter ?? "") switch
    {
        "mail" => KindOf(item.Kind) == "mail",
        "note" => item.Kind == "note",
        "change" => KindOf(item.Kind) is "change" or "alert",
        _ => true,
    };

    private TimelineWords Words => new(T, System.Globalization.CultureInfo.CurrentUICulture);

    /// <summary>What left with a message; of a file with a stricter label, the label stands for its name.</summary>
    private static IEnumerable<(string Name, long Size, string? Sha256)> FilesOf(TimelineLine item) =>
        item.Detail.ValueKind == JsonValueKind.Object && item.Detail.TryGetProperty("files", out var files) && files.ValueKind == JsonValueKind.Array
            ? files.EnumerateArray().Select(f => (f.GetProperty("name").GetString() ?? "", f.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) ? bytes : 0, f.TryGetProperty("sha256", out var hash) ? hash.GetString() : null))
            : [];

    private async Task SnoozeAsync(IncidentSheet sheet)
    {
        if (await _change!.AskAsync("snooze", 1) is not { } change)
            return;
        Toasts.Say(await ChangeAsync(sheet, change, CancellationToken.None), T);
        await _view!.ReloadAsync();
    }

    private async Task<ActReport> ChangeAsync(IncidentSheet sheet, IncidentChange change, CancellationToken cancel) =>
        Shown.Report(await Many.RunAsync(Viewer, new([sheet.Id], change), cancel), change.Wake ? "ticketing.page.woken-n" : "ticketing.page.snoozed-n", T);

    private async Task OpenStepAsync(IncidentSheet sheet, IncidentStep step)
    {
        (_stepSheet, _step, _reason, _outcome, _stepRefusals, _stepGeneral, _openTasks, _openChoice) = (sheet, step, "", sheet.Outcome ?? "", [], [], [], "");
        // Whoever closes an incident says what becomes of what is not done.
        if (step.To == "closed" && (await Tasks.RunAsync(Viewer, sheet.Number, CancellationToken.None)).TryGet(out var tasks))
            _openTasks = [.. tasks.Where(t => !TaskRules.IsEnd(t.State)).Select(t => t.Title)];
        _stepDialog!.Open();
    }

    private async Task<ActReport> MoveAsync(CancellationToken cancel)
    {
        var outcome = await Change.RunAsync(Viewer, new(_stepSheet!.Id, _stepSheet.State, _step!.To, _reason, _outcome.Length > 0 ? _outcome : null, _openChoice.Length > 0 ? _openChoice : null), cancel);
        _stepRefusals = outcome.Refusals;
        _stepGeneral = [.. outcome.Refusals.Where(r => r.Field is null)];
        return ActReport.Of(outcome, T["ticketing.page.moved", T[$"ticketing.state.{_step.To}"]]);
    }

    private async Task MovedAsync(ActReport report)
    {
        if (!report.Succeeded)
            return;
        await _stepDialog!.CloseAsync();
        await _view!.ReloadAsync();
    }

    private void OpenEditor(IncidentSheet sheet)
    {
        (_incident, _version, _theirs, _refusals) = (sheet.Id, sheet.Version, null, []);
        _draft = IncidentDraft.Of(sheet.Fields, sheet.ConstituentNames);
        _editor!.Open();
    }

    private async Task<ActReport> SaveAsync(CancellationToken cancel)
    {
        var outcome = await Edit.RunAsync(Viewer, new(_incident, _version, _draft!.Fields(Viewer.Id)), cancel);
        _refusals = outcome.Refusals;
        if (outcome.Refusals.Any(r => r.Kind == RefusalKind.Conflict) && (await Show.RunAsync(Viewer, Number, cancel)).TryGet(out var now))
            // Both values are on the page now; the next save is made knowing theirs.
            (_theirs, _version) = (IncidentDraft.Of(now.Fields, now.ConstituentNames), now.Version);
        return ActReport.Of(outcome, T["ticketing.page.saved"]);
    }

    private async Task SavedAsync(ActReport report)
    {
        if (!report.Succeeded)
            return;
        await _form!.DropAsync();
        await _editor!.CloseAsync();
        await _view!.ReloadAsync();
    }

    private async Task MailSentAsync()
    {
        _composer = "";
        await _view!.ReloadAsync();
    }

    private async Task LinkedAsync(ActReport report)
    {
        if (!report.Succeeded)
            return;
        _linkTo = "";
        await _view!.ReloadAsync();
    }
}
