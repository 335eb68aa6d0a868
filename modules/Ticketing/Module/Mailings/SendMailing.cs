using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Mailings;

/// <summary>Ends the writing of a mailing: what is ready may leave. Asked again it lets go what has become ready since.</summary>
internal sealed class ReleaseMailing(Database database) : Act<Guid, int>(database)
{
    private const string Ready =
        """
        select count(*)::int from ticketing.letters l
        where l.mailing_id = @Id and l.state = 'ready' and l.blocked is null and not l.left_out and exists (select 1 from ticketing.mailing_items i where i.letter_id = l.id)
        """;

    private const string Release = "update ticketing.mailings set state = 'sent', sent_at = coalesce(sent_at, @Now), sent_name = coalesce(sent_name, @Name), version = version + 1 where id = @Id";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<int>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await MailingRow.LockAsync(work, request, cancel) is not { } mailing || await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        var ready = await work.FindAsync<int>(Ready, new { mailing.Id }, cancel);
        if (ready == 0)
            return Refuse.Conflict("ticketing.refused.mailing-nobody");
        await work.ExecuteAsync(Release, new { mailing.Id, work.Now, work.Viewer.Name }, cancel);
        work.Audit("ticketing.mailing.sent", incident.Subject, new { incident.Number, mailing = mailing.Id, letters = ready });
        return ready;
    }
}

/// <summary>Notes which work of the host sends a mailing, so that it can be shown and taken back.</summary>
internal sealed class NoteRun(Database database)
{
    private const string Note = "update ticketing.mailings set run_id = @Run where id = @Id";

    public Task RunAsync(Guid mailing, Guid run, CancellationToken cancel) => database.ExecuteAsync(Note, new { Id = mailing, Run = run }, cancel);
}

/// <summary>Sends what is ready of a mailing, as the host's work.</summary>
internal sealed class SendMailing(ReleaseMailing release, IBulkActs bulk, NoteRun note)
{
    public async Task<Outcome<BulkState>> RunAsync(Viewer viewer, Guid mailing, CancellationToken cancel)
    {
        var released = await release.RunAsync(viewer, mailing, cancel);
        if (!released.Succeeded)
            return Outcome<BulkState>.Refused(released.Refusals);
        var choice = JsonSerializer.SerializeToElement(new LettersChoice(mailing), OutboxJson.Options);
        var begun = await bulk.StartAsync(viewer, new("ticketing/mailing", choice, "ticketing.mailing.send", "ticketing.mailing.queued-n") { Query = choice }, cancel);
        if (begun.TryGet(out var run))
            await note.RunAsync(mailing, run.Id, cancel);
        return begun;
    }
}
