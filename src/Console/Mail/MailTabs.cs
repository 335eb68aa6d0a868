using Appliance.Contracts;
using Appliance.Ui;

namespace Appliance.Consoles.Mail;

/// <summary>The two directions of mail.</summary>
internal static class MailTabs
{
    public static IReadOnlyList<FilterTab> Of(IText texts) =>
    [
        new("out", texts["console.mail.out"], Href: "/admin/mail"),
        new("in", texts["console.mail.in"], Href: "/admin/mail/received"),
    ];
}
