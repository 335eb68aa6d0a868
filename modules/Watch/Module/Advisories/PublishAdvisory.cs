using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Watch.Notify;

namespace Appliance.Watch.Advisories;

/// <summary>Which advisory, and whom to tell.</summary>
/// <param name="TellDirectory">Mail the constituents' contacts.</param>
/// <param name="TellSubscribers">Mail the other subscribers.</param>
internal sealed record AdvisoryToPublish(AdvisoryId Id, int Version, bool TellDirectory = true, bool TellSubscribers = true);

/// <summary>What went out.</summary>
internal sealed record AdvisorySent(string Number, int Revision, int Recipients);

/// <summary>Sends an approved advisory out: the revision is frozen, other modules are told, and each permitted recipient gets one message, all in one transaction.</summary>
internal sealed class PublishAdvisory(Database database, Recipients recipients, AdvisoryMail mail, OutgoingMail outgoing) : Act<AdvisoryToPublish, AdvisorySent>(database)
{
    private const string Freeze =
        """
        insert into watch.advisory_revisions (advisory_id, revision, title, severity, summary, body, cves, observables, links, language, author, approved_by, published_at, tlp, pap, exercise, named)
        select id, revision + 1, title, severity, summary, body, cves, observables, links, language, author, approved_by, @Now, tlp, pap, exercise, named
        -- every row: the one row the act found for its viewer before
        from watch.advisories
        where id = @Id
        """;

    private const string Update = "update watch.advisories set state = 'published', revision = revision + 1, published_at = @Now, version = version + 1, changed_at = @Now where id = @Id";

    private const string InsertDelivery =
        """
        insert into watch.deliveries (advisory_id, revision, mail_id, address, name, list, state, queued_at, changed_at)
        values (@Advisory, @Revision, @Mail, @Address, @Name, @List, @State, @Now, @Now)
        """;

    public override Permission Permission => Permissions.PublishAdvisories;

    protected override async Task<Outcome<AdvisorySent>> HandleAsync(Work work, AdvisoryToPublish request, CancellationToken cancel)
    {
        var row = await work.FindAsync<AdvisoryRow>(AdvisoryRow.Find, Visible.With(work.Viewer, new { Id = request.Id.Value }), cancel);
        if (row is null)
            return Refuse.NotFound("watch.refused.no-advisory");
        if (row.Version != request.Version)
            return Refuse.Changed("watch.refused.advisory-changed", row.Number);
        if (row.State != "approved")
            return Refuse.Conflict("watch.refused.advisory-not-approved", row.Number);
        var fields = row.Fields();
        var missing = fields.Missing().ToList();
        if (missing.Count > 0)
            return Outcome<AdvisorySent>.Refused(missing);

        var revision = row.Revision + 1;
        await work.ExecuteAsync(Freeze, new { row.Id, work.Now }, cancel);
        await work.ExecuteAsync(Update, new { row.Id, work.Now }, cancel);
        var lists = await recipients.ReadAsync(fields.Tlp, cancel);
        var told = lists.Permitted.Where(r => r.List == "directory" ? request.TellDirectory : request.TellSubscribers).ToList();
        foreach (var recipient in told)
        {
            var queued = await outgoing.QueueAsync(work, mail.Compose(row, revision, work.Now, recipient), cancel);
            if (!queued.TryGet(out var message))
                return Outcome<AdvisorySent>.Refused(queued.Refusals);
            await work.ExecuteAsync(
                InsertDelivery,
                message.Recipients.Select(d => new { Advisory = row.Id, Revision = revision, Mail = message.Mail.Value, d.Address, recipient.Name, recipient.List, d.State, work.Now }).ToList(),
                cancel);
        }
        work.Audit("watch.advisory.published", $"advisory/{request.Id}", new { row.Number, Revision = revision, Recipients = told.Count, Tlp = TlpLabel.Of(fields.Tlp) });
        work.Publish(new AdvisoryPublished
        {
            Advisory = request.Id,
            Number = row.Number,
            Revision = revision,
            Title = row.Title,
            Summary = row.Summary,
            Body = row.Body,
            Language = row.Language,
            Severity = row.Severity,
            Cves = row.Cves,
            Observables = fields.Observables,
            Marking = row.Marking,
        });
        return new AdvisorySent(row.Number, revision, told.Count);
    }
}
