using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Reports;

namespace Appliance.Ticketing;

/// <summary>Acts on several incidents and reports, and the way back.</summary>
internal static partial class TicketingApi
{
    private const string OneId = "0198c7a0-0000-7000-8000-000000000001";

    private static void DescribeMany(IModuleBuilder builder) => builder
        .Endpoint("POST", "incidents/change", Permissions.Edit, Change)
        .Example(new { incidents = new[] { OneId }, state = "closed", outcome = "resolved", reason = "Cleaned by its owner." })
        .Endpoint("POST", "incidents/merge", Permissions.Edit, Merge)
        .Example(new { into = "INC-2026-00001", incidents = new[] { OneId } })
        .Endpoint("POST", "incidents/{id:guid}/split", Permissions.Edit, Split)
        .Example(new { reports = new[] { OneId }, title = "A second portal" })
        .Endpoint("POST", "incidents/{id:guid}/answer-reporters", Permissions.Mail, Answer)
        .Example(new { reports = new[] { OneId }, language = "en" })
        .Endpoint("GET", "acts", Permissions.Edit, Acts)
        .Endpoint("POST", "acts/{id:guid}/undo", Permissions.Edit, Undo)
        .Endpoint("GET", "colleagues", Permissions.Edit, Colleagues)
        .Endpoint("POST", "reports/attach", Permissions.Triage, AttachMany)
        .Example(new { reports = new[] { OneId }, number = "INC-2026-00001" })
        .Endpoint("POST", "reports/reject", Permissions.Triage, Reject)
        .Example(new { reports = new[] { OneId }, reason = "noise" })
        .Endpoint("POST", "reports/return", Permissions.Triage, Return)
        .Example(new { reports = new[] { OneId } })
        .Endpoint("POST", "reports/{id:guid}/promote", Permissions.Triage, Promote)
        .Example(new { title = "Portal answers requests outside its root", severity = 2, tlp = "TLP:AMBER" });

    private static Task<Outcome<ManyAnswer>> Change(Viewer viewer, ChangeIncidents act, ChangeBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new([.. (body.Incidents ?? []).Select(i => new IncidentId(i))], body.Change()), cancel);

    private static Task<Outcome<ManyAnswer>> Merge(Viewer viewer, MergeIncidents act, MergeBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(body.Into, [.. (body.Incidents ?? []).Select(i => new IncidentId(i))]), cancel);

    private static Task<Outcome<IncidentRef>> Split(Viewer viewer, SplitIncident act, Guid id, SplitBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new(id), body.Reports ?? [], body.Title), cancel);

    private static Task<Outcome<AnswersSent>> Answer(Viewer viewer, AnswerReporters act, Guid id, AnswerBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new(id), body.Reports ?? [], body.Language), cancel);

    private static Task<Outcome<Page<ActLine>>> Acts(Viewer viewer, ListActs query, CancellationToken cancel, string? after = null, int limit = 50) => query.RunAsync(viewer, new(after, limit), cancel);

    private static Task<Outcome<ManyAnswer>> Undo(Viewer viewer, UndoAct act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, id, cancel);

    private static Task<Outcome<IReadOnlyList<StaffCard>>> Colleagues(Viewer viewer, ListColleagues query, CancellationToken cancel) => query.RunAsync(viewer, default, cancel);

    private static Task<Outcome<ReportsAnswer>> AttachMany(Viewer viewer, AttachReports act, AttachManyBody body, CancellationToken cancel) => act.RunAsync(viewer, new(body.Reports ?? [], body.Number), cancel);

    private static Task<Outcome<ReportsAnswer>> Reject(Viewer viewer, RejectReport act, RejectBody body, CancellationToken cancel) => act.RunAsync(viewer, new(body.Reports ?? [], body.Reason), cancel);

    private static Task<Outcome<ReportsAnswer>> Return(Viewer viewer, ReturnReports act, ReturnBody body, CancellationToken cancel) => act.RunAsync(viewer, body.Reports ?? [], cancel);

    private static Task<Outcome<IncidentRef>> Promote(Viewer viewer, PromoteReport act, Guid id, PromoteBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Fields(viewer), body.LeftOut), cancel);

    internal sealed record ChangeBody(
        IReadOnlyList<Guid>? Incidents = null, string? State = null, string? Outcome = null, string? Reason = null, Guid? Owner = null, bool GiveBack = false, int? Severity = null, int? Impact = null,
        int? Urgency = null, string? RsitType = null, DateTimeOffset? SnoozeUntil = null, bool Wake = false, string? OpenTasks = null)
    {
        public IncidentChange Change() => new()
        {
            State = State,
            Outcome = Outcome,
            Reason = Reason,
            Owner = Owner is { } owner ? new UserId(owner) : null,
            GiveBack = GiveBack,
            Severity = Severity,
            Impact = Impact,
            Urgency = Urgency,
            RsitType = RsitType,
            SnoozeUntil = SnoozeUntil?.ToUniversalTime(),
            Wake = Wake,
            OpenTasks = OpenTasks,
        };
    }

    internal sealed record PromoteBody(string Title, string Summary = "", int Severity = 3, string RsitType = Classification.Rsit.Undetermined, IReadOnlyList<Guid>? Constituents = null, string Tlp = "TLP:AMBER", int? Impact = null, int? Urgency = null, string? Pap = null, IReadOnlyList<Guid>? Named = null, bool? Exercise = null, IReadOnlyList<Observable>? LeftOut = null)
        : OpenBody(Title, Summary, Severity, RsitType, Constituents, Tlp, null, Impact, Urgency, Pap, Named, Exercise);

    internal sealed record MergeBody(string Into, IReadOnlyList<Guid>? Incidents = null);

    internal sealed record SplitBody(string Title, IReadOnlyList<Guid>? Reports = null);

    internal sealed record AnswerBody(IReadOnlyList<Guid>? Reports = null, string Language = "en");

    internal sealed record AttachManyBody(string Number, IReadOnlyList<Guid>? Reports = null);

    internal sealed record RejectBody(string Reason, IReadOnlyList<Guid>? Reports = null);

    internal sealed record ReturnBody(IReadOnlyList<Guid>? Reports = null);
}
