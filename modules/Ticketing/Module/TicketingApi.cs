using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Queue;
using Appliance.Ticketing.Reports;

namespace Appliance.Ticketing;

/// <summary>The module's endpoints under <c>/api/v1/ticketing</c>: the same handlers as the pages, the same rights.</summary>
internal static partial class TicketingApi
{
    public static void Describe(IModuleBuilder builder)
    {
        DescribeOne(builder);
        DescribeMany(builder);
        DescribeFollowUps(builder);
        DescribeHandover(builder);
        DescribeEvidence(builder);
        DescribePlaybooks(builder);
        DescribeTasks(builder);
        DescribeLookups(builder);
        DescribeTemplates(builder);
        DescribeMailings(builder);
        DescribePrinting(builder);
        DescribeTypes(builder);
    }

    private static void DescribeOne(IModuleBuilder builder) => builder
        .Endpoint("GET", "incidents", Permissions.Read, List)
        .Endpoint("GET", "incidents/counts", Permissions.Read, Counts)
        .Endpoint("GET", "incidents.csv", Permissions.Read, ExportIncidents.CsvAsync)
        .Endpoint("GET", "incidents.json", Permissions.Read, ExportIncidents.JsonAsync)
        .Endpoint("POST", "incidents", Permissions.Open, Open)
        .Example(new { title = "Portal answers requests outside its root", summary = "Seen since 03:10.", severity = 2, tlp = "TLP:AMBER" })
        .Endpoint("GET", "incidents/{number}", Permissions.Read, Show)
        .Endpoint("PUT", "incidents/{id:guid}", Permissions.Edit, Edit)
        .Example(new { version = 1, title = "Portal answers requests outside its root", summary = "Confirmed by its owner.", severity = 2, tlp = "TLP:AMBER" })
        .Endpoint("POST", "incidents/{id:guid}/notes", Permissions.Edit, Note)
        .Example(new { text = "Called the duty officer." })
        .Endpoint("PUT", "notes/{id:guid}", Permissions.Edit, Rewrite)
        .Example(new { version = 1, text = "Called the duty officer; no answer." })
        .Endpoint("POST", "incidents/{id:guid}/state", Permissions.Edit, Move)
        .Example(new { from = "triage", to = "in-progress" })
        .Endpoint("POST", "incidents/{id:guid}/owner", Permissions.Edit, Own)
        .Example(new { giveBack = false })
        .Endpoint("POST", "incidents/{id:guid}/confirm", Permissions.Confirm, Confirm)
        .Endpoint("POST", "incidents/{id:guid}/notify", Permissions.Mail, Notify)
        .Example(new { recipients = new[] { "soc@finance.example" }, subject = "Traffic towards your network", text = "Please check the server and keep its logs.", language = "en" })
        .Endpoint("GET", "reports", Permissions.Triage, Reports)
        .Endpoint("GET", "reports.csv", Permissions.Triage, ExportReports.CsvAsync)
        .Endpoint("GET", "reports.json", Permissions.Triage, ExportReports.JsonAsync)
        .Endpoint("POST", "reports", Permissions.Triage, Report)
        .Example(new { subject = "Strange log-ins", text = "Since this morning, from one address.", sender = "soc@finance.example", senderName = "Duty officer" })
        .Endpoint("GET", "reports/{id:guid}", Permissions.Triage, ShowOne)
        .Endpoint("POST", "reports/{id:guid}/attach", Permissions.Triage, Attach)
        .Example(new { number = "INC-2026-0001" });

    private static Task<Outcome<Page<IncidentLine>>> List(Viewer viewer, ListIncidents query, CancellationToken cancel, string view = "open", string words = "", string? after = null, int limit = 50) =>
        query.RunAsync(viewer, new(view, words, after, limit), cancel);

    private static Task<Outcome<ViewCounts>> Counts(Viewer viewer, CountViews query, CancellationToken cancel) => query.RunAsync(viewer, default, cancel);

    private static Task<Outcome<IncidentRef>> Open(Viewer viewer, OpenIncident act, OpenBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(body.Fields(viewer), body.Observables, "api"), cancel);

    private static Task<Outcome<IncidentSheet>> Show(Viewer viewer, ShowIncident query, string number, CancellationToken cancel) => query.RunAsync(viewer, number, cancel);

    private static Task<Outcome<int>> Edit(Viewer viewer, EditIncident act, Guid id, EditBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new(id), body.Version, body.Fields(viewer), body.Pap is null, body.Named is null, body.Exercise is null), cancel);

    private static Task<Outcome<Done>> Note(Viewer viewer, AddNote act, Guid id, NoteBody body, CancellationToken cancel) => act.RunAsync(viewer, new(new(id), body.Text), cancel);

    private static Task<Outcome<int>> Rewrite(Viewer viewer, EditNote act, Guid id, RewriteBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Version, body.Text), cancel);

    private static Task<Outcome<Done>> Move(Viewer viewer, ChangeState act, Guid id, StateBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new(id), body.From, body.To, body.Reason, body.Outcome, body.OpenTasks), cancel);

    private static Task<Outcome<Done>> Own(Viewer viewer, TakeOwnership act, Guid id, OwnerBody body, CancellationToken cancel) => act.RunAsync(viewer, new(new(id), body.GiveBack, body.Owner is { } owner ? new UserId(owner) : null), cancel);

    private static Task<Outcome<Done>> Confirm(Viewer viewer, ConfirmIncident act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, new IncidentId(id), cancel);

    private static async Task<Outcome<NoticeSent>> Notify(Viewer viewer, NotifyConstituent act, CollectFiles collect, Guid id, NotifyBody body, CancellationToken cancel)
    {
        var files = await collect.RunAsync(viewer, body.Files ?? [], body.Evidence ?? [], cancel);
        return files.TryGet(out var ready)
            ? await act.RunAsync(viewer, new(new(id), [.. (body.Recipients ?? []).Select(r => new MailRecipient(r))], body.Subject, body.Text, body.Language, body.Audience, body.Override) { Files = ready, Seal = body.Seal }, cancel)
            : Outcome<NoticeSent>.Refused(files.Refusals);
    }

    private static Task<Outcome<Page<ReportLine>>> Reports(Viewer viewer, ListReports query, CancellationToken cancel, string state = "new", string words = "", string? after = null, int limit = 50) =>
        query.RunAsync(viewer, new(state, words, after, limit), cancel);

    private static Task<Outcome<Guid>> Report(Viewer viewer, TakeReport act, ReportBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new("api", body.Sender, body.SenderName, body.Subject, body.Text, body.Observables), cancel);

    private static Task<Outcome<ReportSheet>> ShowOne(Viewer viewer, ShowReport query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, id, cancel);

    private static async Task<Outcome<IncidentRef>> Attach(Viewer viewer, AttachReports act, ShowReport query, Guid id, AttachBody body, CancellationToken cancel)
    {
        // What the address names comes before what the body names: a report that is not there is 404, whatever the number.
        if (await query.RunAsync(viewer, id, cancel) is { Succeeded: false } missing)
            return Outcome<IncidentRef>.Refused(missing.Refusals);
        var outcome = await act.RunAsync(viewer, new([id], body.Number), cancel);
        return outcome.TryGet(out var done) ? done.Incident! : Outcome<IncidentRef>.Refused(outcome.Refusals);
    }

    /// <summary>An incident as the API writes it.</summary>
    internal record OpenBody(string Title, string Summary = "", int Severity = 3, string RsitType = Classification.Rsit.Undetermined, IReadOnlyList<Guid>? Constituents = null, string Tlp = "TLP:AMBER", IReadOnlyList<Observable>? Observables = null, int? Impact = null, int? Urgency = null, string? Pap = null, IReadOnlyList<Guid>? Named = null, bool? Exercise = null)
    {
        public IncidentFields Fields(Viewer viewer) => new()
        {
            Title = Title,
            Summary = Summary,
            Severity = Severity,
            Impact = Impact,
            Urgency = Urgency,
            RsitType = RsitType,
            Constituents = [.. (Constituents ?? []).Select(c => new ConstituentId(c))],
            // An unknown label is treated as RED without names, which is refused, and an unknown PAP as the strictest. What is RED is for who writes it, unless others are named.
            Marking = Marking.Default with
            {
                Tlp = TlpLabel.TryParse(Tlp, out var tlp) ? tlp : Contracts.Tlp.Red,
                Pap = Pap is null ? Marking.Default.Pap : PapOf(Pap),
                Named = TlpLabel.TryParse(Tlp, out _) ? [.. (Named ?? [viewer.Id.Value]).Select(n => new UserId(n))] : [],
                Exercise = Exercise ?? false,
            },
        };

        private static Pap PapOf(string text) => Enum.GetValues<Pap>().FirstOrDefault(p => text.Equals($"PAP:{p}", StringComparison.OrdinalIgnoreCase), Contracts.Pap.Red);
    }

    internal sealed record EditBody(string Title, int Version = 0, string Summary = "", int Severity = 3, string RsitType = Classification.Rsit.Undetermined, IReadOnlyList<Guid>? Constituents = null, string Tlp = "TLP:AMBER", int? Impact = null, int? Urgency = null, string? Pap = null, IReadOnlyList<Guid>? Named = null, bool? Exercise = null)
        : OpenBody(Title, Summary, Severity, RsitType, Constituents, Tlp, null, Impact, Urgency, Pap, Named, Exercise);

    internal sealed record NoteBody(string Text);

    internal sealed record RewriteBody(string Text, int Version = 0);

    internal sealed record StateBody(string From, string To, string? Reason = null, string? Outcome = null, string? OpenTasks = null);

    internal sealed record OwnerBody(bool GiveBack = false, Guid? Owner = null);

    internal sealed record NotifyBody(string Subject, string Text, IReadOnlyList<string>? Recipients = null, string Language = "en", string Audience = "constituent", string? Override = null, IReadOnlyList<Guid>? Files = null, IReadOnlyList<Guid>? Evidence = null, string? Seal = null);

    internal sealed record ReportBody(string Subject, string Text, string Sender = "", string SenderName = "", IReadOnlyList<Observable>? Observables = null);

    internal sealed record AttachBody(string Number);
}
