using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Watch.Advisories;

namespace Appliance.Watch.Notify;

/// <summary>Writes an advisory as a message: the label first in subject and text, the frame in the reader's language.</summary>
internal sealed class AdvisoryMail(AdvisoryText text)
{
    public OutgoingMessage Compose(AdvisoryRow row, int revision, DateTimeOffset publishedAt, Recipient recipient) => new()
    {
        About = $"advisory/{row.Id}",
        Recipients = [new(recipient.Address, recipient.Name)],
        Subject = text.Subject(row, revision, recipient.Language),
        Text = text.Write(row, revision, publishedAt, recipient.Language),
        Marking = row.Marking,
        Language = recipient.Language,
        Automatic = true,
    };
}
