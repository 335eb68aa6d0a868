using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;

namespace Appliance.Consoles.Mail;

/// <summary>Sends a short message to prove that mail leaves; its fate shows in the outgoing queue like any other.</summary>
internal sealed class SendTestMail(Database database, OutgoingMail outgoing, IText texts) : Act<string, QueuedMail>(database)
{
    public override Permission Permission => KernelPermissions.ManageSettings;

    protected override async Task<Outcome<QueuedMail>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        var language = CultureInfo.GetCultureInfo(work.Viewer.Language);
        var outcome = await outgoing.QueueAsync(
            work,
            new OutgoingMessage
            {
                About = "appliance",
                Recipients = [new MailRecipient(request.Trim())],
                Subject = texts.In(language, "console.mail.test.subject"),
                Text = texts.In(language, "console.mail.test.text", work.Viewer.Name),
                Marking = new Marking(Tlp.Clear),
                Language = work.Viewer.Language,
                Automatic = true,
            },
            cancel);
        if (outcome.TryGet(out var queued))
            work.Audit("console.test-mail.sent", $"mail/{queued.Mail}", new { to = request.Trim() });
        return outcome;
    }
}
