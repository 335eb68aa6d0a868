using Appliance.Kernel.Mail.Parse;
using Xunit;

namespace Appliance.Kernel.Tests.Mail;

public sealed class BounceReadingTests
{
    [Theory]
    [InlineData("I wasn't able to deliver your message to the following addresses.\n\n<bob@partner.example>:\n550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\nTo: <eve@else.example>", "bob@partner.example 5.1.1 550 user-unknown True")]
    [InlineData("The following address failed:\n\n  ann@partner.example\n    mailbox is full: 452 try later\n", "ann@partner.example 4.2.2 452 mailbox-full False")]
    [InlineData(">>> RCPT To:<ann@partner.example>\n<<< 554 5.7.1 Relaying denied\n", "ann@partner.example 5.7.1 554 policy False")]
    [InlineData("Your mail to ann@partner.example could not be delivered: host not found", "ann@partner.example 5.1.2  host-unknown True")]
    public void Words_for_people_name_the_recipient_and_the_reason(string text, string expected)
    {
        var recipient = Assert.Single(BounceRecipients.Of([], new ReportParts(), text));
        Assert.Equal(expected, $"{recipient.Address} {recipient.Status} {recipient.ReplyCode} {recipient.Reason} {recipient.HardBounce}");
    }

    [Fact]
    public void Particular_code_in_the_diagnostic_goes_before_a_general_status()
    {
        var recipient = Assert.Single(DeliveryStatus.Recipients("Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; <ann@partner.example>\nAction: failed (bounced)\nStatus: 5.0.0 (unknown)\nDiagnostic-Code: smtp; 550 5.1.1\n  user unknown"));
        Assert.Equal(("ann@partner.example", "failed", "5.1.1", "550", true), (recipient.Address, recipient.Action, recipient.Status, recipient.ReplyCode, recipient.HardBounce));
    }

    [Fact]
    public void Temporary_failure_is_never_hard() => Assert.False(DeliveryStatus.Recipient("a@b.example", "delayed", "4.1.1", "450 4.1.1 user unknown").HardBounce);

    [Theory]
    [InlineData("From: MAILER-DAEMON@x.example|Subject: failure notice", "bounce")]
    [InlineData("From: Mail Delivery System <mailer-daemon@x.example>|Auto-Submitted: auto-replied|Subject: Warning: message x delayed 24 hours", "bounce")]
    [InlineData("From: ann@x.example|Subject: Automatische Antwort: Anfrage", "auto-reply")]
    [InlineData("From: ann@x.example|Subject: Ответ|Auto-Submitted: auto-replied", "auto-reply")]
    [InlineData("From: ann@x.example|Subject: delivery failed for our users, please help", "mail")]
    [InlineData("From: ann@x.example|Subject: question about automatic reply", "mail")]
    public void Machines_are_told_from_people(string headers, string kind) =>
        Assert.Equal(kind, MailKind.Of([.. headers.Split('|').Select(h => HeaderLine.Read(System.Text.Encoding.UTF8.GetBytes(h))!)], new ReportParts(), ""));

    [Theory]
    [InlineData("Re: AW: Fwd: Phishing", "Phishing")]
    [InlineData("RE[2]: 回复: 转发：问题", "问题")]
    [InlineData("رد: إعادة توجيه: بلاغ", "بلاغ")]
    [InlineData("Отв: Fwd: отчёт", "отчёт")]
    [InlineData("Region: north", "Region: north")]
    [InlineData("Re:", "Re:")]
    public void Prefixes_of_answers_go_in_every_language(string subject, string expected) => Assert.Equal(expected, Kernel.Mail.SubjectLines.Base(subject));
}
