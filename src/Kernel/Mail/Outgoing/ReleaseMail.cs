using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Mail;

/// <summary>Which message, and whether it is to go or to stay.</summary>
/// <param name="Mail">The message.</param>
/// <param name="Hold">True to keep back what has not left yet; false to send what is held, failed or unknown.</param>
public sealed record ReleaseRequest(MailId Mail, bool Hold = false);

/// <summary>Releases held, failed or unknown recipients of a message, or takes back those still queued. The bytes and the Message-ID stay the same.</summary>
public sealed class ReleaseMail(Database database, OutgoingMail outgoing) : Act<ReleaseRequest, int>(database)
{
    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReleaseMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<int>> HandleAsync(Work work, ReleaseRequest request, CancellationToken cancel)
    {
        var changed = request.Hold ? await outgoing.HoldAsync(work, request.Mail, cancel) : await outgoing.ReleaseAsync(work, request.Mail, cancel);
        if (changed.TryGet(out var count))
            work.Audit(request.Hold ? "kernel.mail.held" : "kernel.mail.released", $"mail/{request.Mail}", new { recipients = count });
        return changed;
    }
}
