using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Templates;

namespace Appliance.Ticketing;

/// <summary>Templates of incidents.</summary>
internal static partial class TicketingApi
{
    private static readonly object s_template = new { name = "Phishing against a bank", title = "Phishing against {organisation}, {date}", summary = "A page imitates the bank.", rsitType = "fraud/phishing", severity = 2, carriesMarking = true, tasks = new[] { s_step }, notes = new[] { "Ask the bank first." } };

    private static void DescribeTemplates(IModuleBuilder builder) => builder
        .Endpoint("GET", "templates", Permissions.Open, (Viewer viewer, ListTemplates query, CancellationToken cancel, bool retired = false) => query.RunAsync(viewer, retired, cancel))
        .Endpoint("GET", "templates/{id:guid}", Permissions.Open, (Viewer viewer, ShowTemplate query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, id, cancel))
        .Endpoint("GET", "incidents/{number}/template", Permissions.Playbooks, (Viewer viewer, OfferTemplate query, string number, CancellationToken cancel) => query.RunAsync(viewer, number, cancel))
        .Endpoint("POST", "incidents/{id:guid}/template", Permissions.Playbooks, (Viewer viewer, WriteTemplate act, Guid id, TemplateFields body, CancellationToken cancel) => act.RunAsync(viewer, new(body, new IncidentId(id)), cancel))
        .Example(s_template)
        .Endpoint("PUT", "templates/{id:guid}", Permissions.Playbooks, (Viewer viewer, WriteTemplate act, Guid id, TemplateBody body, CancellationToken cancel) => act.RunAsync(viewer, new(body.Fields, null, id, body.Version), cancel))
        .Example(new { version = 1, fields = s_template })
        .Endpoint("POST", "templates/{id:guid}/retire", Permissions.Playbooks, (Viewer viewer, RetireTemplate act, Guid id, RetireBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Retired), cancel))
        .Example(new { retired = true })
        .Endpoint("POST", "templates/{id:guid}/open", Permissions.Open, (Viewer viewer, OpenFromTemplate act, ShowTemplate query, Guid id, TemplateOpenBody body, CancellationToken cancel) => OpenTemplate(viewer, act, query, id, body, cancel))
        .Example(new { constituents = new[] { OneId }, severity = 1 });

    private static async Task<Outcome<IncidentRef>> OpenTemplate(Viewer viewer, OpenFromTemplate act, ShowTemplate query, Guid id, TemplateOpenBody body, CancellationToken cancel)
    {
        var outcome = await query.RunAsync(viewer, id, cancel);
        return outcome.TryGet(out var template) ? await act.RunAsync(viewer, new(id, body.Over(OpenFromTemplate.Of(template)), "api"), cancel) : Outcome<IncidentRef>.Refused(outcome.Refusals);
    }

    internal sealed record TemplateBody(TemplateFields Fields, int Version = 0);

    /// <summary>What differs from the template; what is left out stays as it says.</summary>
    internal sealed record TemplateOpenBody(string? Title = null, string? Summary = null, int? Severity = null, string? RsitType = null, IReadOnlyList<Guid>? Constituents = null, string? Tlp = null)
    {
        public IncidentFields Over(IncidentFields template) => template with
        {
            Title = Title ?? template.Title,
            Summary = Summary ?? template.Summary,
            Severity = Severity ?? template.Severity,
            // A severity written by hand stands above impact and urgency.
            Impact = Severity is null ? template.Impact : null,
            Urgency = Severity is null ? template.Urgency : null,
            RsitType = RsitType ?? template.RsitType,
            Constituents = [.. (Constituents ?? []).Select(c => new ConstituentId(c))],
            Marking = Tlp is null ? template.Marking : template.Marking with { Tlp = TlpLabel.TryParse(Tlp, out var tlp) ? tlp : Contracts.Tlp.Red },
        };
    }
}
