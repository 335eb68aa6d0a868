using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Kernel.Mail;

/// <summary>Which message, and whether it is to go or to stay.</summary>
/// <param name="Mail">The message.</param>
/// <param name="Hold">True to keep back what has not left yet; false to send what is held, failed or unknown.</param>
public sealed record ReleaseRequest(MailId Mail, bool Hold = false);

/// <summary>Releases held, failed or unknown recipients of a message, or takes back those still queued. The bytes and the Message-ID stay the same.</summary>
public sealed class ReleaseMail(Database database, OutgoingMail outgoing) : Act<ReleaseRequest, int>(database)
{
    private const string Message =
        $"select m.about, m.tlp, m.pap, m.exercise, m.named from kernel.mail_out m where m.id = @Id and {Visible.Rows} for update";

    private const string Change =
        """
        update kernel.mail_recipients
        set state = @To, due_at = @Now, settled_at = null, reason = @Reason
        where mail_id = @Id and state = any(@From) and handing_since is null
        returning address
        """;

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReleaseMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<int>> HandleAsync(Work work, ReleaseRequest request, CancellationToken cancel)
    {
        var row = await work.FindAsync<MessageRow>(Message, Visible.With(work.Viewer, new { Id = request.Mail.Value }), cancel);
        if (row is null)
            return Refuse.NotFound("kernel.mail.refused.unknown");
        if (!request.Hold && !outgoing.Sends)
            return Refuse.Unavailable("kernel.mail.refused.no-program");
        var (to, from) = request.Hold ? ("held", (string[])["queued", "unknown"]) : ("queued", ["held", "failed", "unknown"]);
        var reason = request.Hold ? $"taken back by {work.Viewer.Name}" : null;
        var changed = await work.QueryAsync<string>(Change, new { Id = request.Mail.Value, To = to, From = from, work.Now, Reason = reason }, cancel);
        if (changed.Count == 0)
            return Refuse.Conflict(request.Hold ? "kernel.mail.refused.left" : "kernel.mail.refused.nothing-held");
        foreach (var address in changed)
            work.Publish(new MailStateChanged { Mail = request.Mail, Subject = row.About, Recipient = address, State = to, Marking = row.Marking() });
        work.Audit(request.Hold ? "kernel.mail.held" : "kernel.mail.released", $"mail/{request.Mail}", new { about = row.About, recipients = changed.Count });
        return changed.Count;
    }

    private sealed class MessageRow : MailStore.MarkedRow
    {
        public string About { get; set; } = "";
    }
}
