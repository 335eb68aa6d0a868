using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Settings;

namespace Appliance.Kernel.Identity;

/// <summary>Mails a one-time link to its person, where mail leaves and the site's address is known. The copy kept here is readable by the two people concerned only.</summary>
internal sealed class LinkMail(OutgoingMail mail, ISettings settings, IText text)
{
    /// <summary>Queues the link within the act; false where it has to be handed over by other means.</summary>
    public async Task<bool> QueueAsync(Work work, User user, string path, DateTimeOffset expires, CancellationToken cancel)
    {
        if (user.Mail.Length == 0 || !mail.Sends || await settings.FindAsync<string>(SettingKeys.SiteAddress, cancel) is not { Length: > 0 } site)
            return false;
        var language = CultureInfo.GetCultureInfo(user.Language);
        var team = await settings.FindAsync<string>(SettingKeys.OrganisationName, cancel) ?? "CIRT";
        var until = expires.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        var queued = await mail.QueueAsync(
            work,
            new OutgoingMessage
            {
                About = $"user/{user.Id}",
                Recipients = [new(user.Mail, user.DisplayName)],
                Subject = text.In(language, "kernel.invite.mail-subject", team),
                Text = text.In(language, "kernel.invite.mail-text", user.DisplayName, team, user.Name, site.TrimEnd('/') + path, until),
                // Who reads the link has the account: not even those who watch the outbox may.
                Marking = new Marking(Tlp.Red, Pap.Red, Named: [user.Id, work.Viewer.Id]),
                Language = user.Language,
                // It has to reach a person who may have no key yet.
                Seal = SealWish.Possible,
                Automatic = true,
            },
            cancel);
        return queued.Succeeded;
    }
}
