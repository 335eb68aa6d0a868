using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Notices;

/// <summary>A message to be kept back.</summary>
internal sealed record RecallRequest(IncidentId Incident, MailId Mail);

/// <summary>Takes a message back while it has not left; it stays in the outbox, held.</summary>
internal sealed class RecallNotice(Database database, OutgoingMail mail) : Act<RecallRequest, int>(database)
{
    private const string Belongs = $"select exists (select 1 from ticketing.timeline t where t.incident_id in {Members.OfId} and t.mail_id = @Mail and t.kind = 'mail-out')";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<int>> HandleAsync(Work work, RecallRequest request, CancellationToken cancel)
    {
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null || !await work.FindAsync<bool>(Belongs, Visible.With(work.Viewer, new { incident.Id, Mail = request.Mail.Value }), cancel))
            return Refuse.NotFound("ticketing.refused.no-incident");
        var held = await mail.HoldAsync(work, request.Mail, cancel);
        if (!held.TryGet(out var count))
            return Outcome<int>.Refused(held.Refusals);
        work.Audit("ticketing.incident.mail-recalled", incident.Subject, new { incident.Number, mail = request.Mail.ToString() });
        return count;
    }
}
