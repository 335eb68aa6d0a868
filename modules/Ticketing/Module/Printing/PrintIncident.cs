using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Print;
using Appliance.Kernel.Settings;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.FollowUps;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Tasks;
using Microsoft.AspNetCore.Http;

namespace Appliance.Ticketing.Printing;

/// <summary>Asks for an incident on paper.</summary>
/// <param name="Number">The incident.</param>
/// <param name="Language">Two letters; null for the reader's.</param>
/// <param name="Outside">True for readers outside the team: without notes, mail, tasks, evidence and the names of people.</param>
internal sealed record PrintWanted(string Number, string? Language = null, bool Outside = false);

/// <summary>An incident as a document, from what the viewer may see of it. Who printed what stands in the audit trail.</summary>
internal sealed class PrintIncident(ShowIncident show, ListIncidentTasks tasks, ListEvidence evidence, ListFollowUps followUps, TellPrinted tell, ISettings settings, IText text, LocalTypes types, TimeProvider time)
{
    /// <summary>Composes it, or says why not.</summary>
    public async Task<Outcome<PrintDocument>> RunAsync(Viewer viewer, PrintWanted wanted, CancellationToken cancel)
    {
        var language = wanted.Language is { Length: > 0 } asked ? asked : CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
        if (!Languages.All.Contains(language))
            return Refuse.Invalid("ticketing.refused.language", "language", language);
        var found = await show.RunAsync(viewer, wanted.Number, cancel);
        if (!found.TryGet(out var sheet))
            return Outcome<PrintDocument>.Refused(found.Refusals);
        // A constituent's people are outside, whatever they ask for.
        var outside = wanted.Outside || viewer.Constituent is not null;
        var told = await tell.RunAsync(viewer, new(sheet.Id, language, outside), cancel);
        if (!told.Succeeded)
            return Outcome<PrintDocument>.Refused(told.Refusals);
        var document = new IncidentDocument(text, types, CultureInfo.GetCultureInfo(language), outside);
        var team = await settings.FindAsync<string>(SettingKeys.OrganisationName, cancel) ?? "";
        var files = outside ? [] : Of(await evidence.RunAsync(viewer, new(sheet.Id), cancel));
        return document.Of(sheet, team, viewer.Name, time.GetUtcNow()) with
        {
            // A file with a stricter label makes the paper that names it as strict as itself.
            Label = files.Select(f => f.Marking).Append(sheet.Mark).MaxBy(m => m.Tlp)!.Label,
            Blocks =
            [
                .. document.Facts(sheet),
                .. outside ? [] : document.Tasks(Of(await tasks.RunAsync(viewer, sheet.Number, cancel))),
                .. outside ? [] : document.FollowUps(Of(await followUps.RunAsync(viewer, new(sheet.Number), cancel))),
                .. document.Traces(sheet),
                .. document.Evidence(files),
                .. document.Timeline(sheet),
            ],
        };
    }

    /// <summary>What the viewer may not list is left out, as on the page.</summary>
    private static IReadOnlyList<T> Of<T>(Outcome<IReadOnlyList<T>> outcome) => outcome.TryGet(out var lines) ? lines : [];

    /// <summary>The incident as PDF.</summary>
    public static async Task<object> PdfAsync(Viewer viewer, PrintIncident print, PdfPrinter printer, string number, CancellationToken cancel, string? language = null, string audience = "team")
    {
        if (audience is not ("team" or "outside"))
            return (Outcome<Done>)Refuse.Invalid("ticketing.refused.print-audience", "audience", audience);
        var composed = await print.RunAsync(viewer, new(number, language, audience == "outside"), cancel);
        if (!composed.TryGet(out var document))
            return Outcome<Done>.Refused(composed.Refusals);
        var printed = await printer.PrintAsync(document, cancel);
        return printed.TryGet(out var file) ? Results.File(file, "application/pdf", $"{number.Trim().ToUpperInvariant()}-{document.Language}.pdf") : Outcome<Done>.Refused(printed.Refusals);
    }
}

/// <summary>An incident that was put on paper.</summary>
internal sealed record Printed(IncidentId Incident, string Language, bool Outside);

/// <summary>Writes down who took an incident out on paper.</summary>
internal sealed class TellPrinted(Database database) : Act<Printed, Done>(database)
{
    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Printed request, CancellationToken cancel)
    {
        if (await IncidentRow.LockAsync(work, request.Incident, cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-incident");
        work.Audit("ticketing.incident.printed", incident.Subject, new { incident.Number, request.Language, audience = request.Outside ? "outside" : "team" });
        return default(Done);
    }
}
