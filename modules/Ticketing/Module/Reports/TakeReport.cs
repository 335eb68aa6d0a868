using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Intake;

namespace Appliance.Ticketing.Reports;

/// <summary>A report by telephone, form or API.</summary>
/// <param name="Source">form, api or phone.</param>
/// <param name="Sender">Mail address of whoever reports, or empty.</param>
/// <param name="SenderName">Name of whoever reports.</param>
/// <param name="Subject">One line.</param>
/// <param name="Text">What they said.</param>
/// <param name="Observables">Traces, where they are known; those in the text are not looked for.</param>
/// <param name="Tlp">Label, or null for AMBER.</param>
internal sealed record TakeReportRequest(string Source, string Sender, string SenderName, string Subject, string Text, IReadOnlyList<Observable>? Observables = null, Tlp? Tlp = null);

/// <summary>Keeps a report that did not come by mail.</summary>
internal sealed class TakeReport(Database database, NewReport reports) : Act<TakeReportRequest, Guid>(database)
{
    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, TakeReportRequest request, CancellationToken cancel)
    {
        var faults = new List<Refusal>();
        if (request.Source is not ("form" or "api" or "phone"))
            faults.Add(Refuse.Invalid("ticketing.refused.source", nameof(request.Source)));
        if (string.IsNullOrWhiteSpace(request.Subject) || request.Subject.Length > 300)
            faults.Add(Refuse.Invalid("ticketing.refused.title", nameof(request.Subject)));
        if ((request.Text ?? "").Length > 100_000)
            faults.Add(Refuse.Invalid("ticketing.refused.text-long", nameof(request.Text), 100_000));
        if (!string.IsNullOrWhiteSpace(request.Sender) && !MailAddress.TryRead(request.Sender, out _, out var why))
            faults.Add(Refuse.Invalid("kernel.mail.refused.address", nameof(request.Sender), request.Sender, why));
        if (request.Tlp is { } tlp && (!Enum.IsDefined(tlp) || tlp == Contracts.Tlp.Red))
            faults.Add(Refuse.Invalid("ticketing.refused.red-unnamed", nameof(request.Tlp)));
        if (faults.Count > 0)
            return Outcome<Guid>.Refused(faults);
        var id = await reports.TakeAsync(
            work,
            new ReportFields
            {
                Source = request.Source,
                Sender = (request.Sender ?? "").Trim(),
                SenderName = request.SenderName ?? "",
                Subject = request.Subject,
                Text = request.Text ?? "",
                Observables = request.Observables ?? [],
                Marking = Marking.Default with { Tlp = request.Tlp ?? Contracts.Tlp.Amber },
            },
            cancel);
        work.Audit("ticketing.report.taken", $"report/{id}", new { source = request.Source });
        return id;
    }
}
