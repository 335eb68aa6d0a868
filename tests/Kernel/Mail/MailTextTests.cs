using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Mail.Parse;
using Xunit;

namespace Appliance.Kernel.Tests.Mail;

public sealed class MailTextTests
{
    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\r\nBcc: x@y.example")]
    [InlineData("a\0")]
    [InlineData("a\u2028b")]
    [InlineData("a\u0085b")]
    [InlineData("a\x7f")]
    public void Anything_that_could_end_a_header_is_seen(string value) => Assert.True(HeaderText.Breaks(value));

    [Fact]
    public void Message_keeps_lines_short_and_plain_words_of_the_subject_readable()
    {
        var bytes = MessageBytes.Write(
            new()
            {
                About = "incident/x",
                Recipients = [new("a@b.example", "Bureau, \"Sécurité\""), new("c@d.example")],
                Subject = "[TLP:AMBER] [INC-2026-00001] " + new string('é', 200),
                Text = "From me\n.\n" + new string('ü', 500) + "\ntrailing ",
                Marking = Marking.Default,
                Automatic = true,
                InReplyTo = "one@x",
                References = ["one@x", "two@x"],
            },
            "id@cirt.example",
            "cirt@cirt.example",
            "CIRT",
            DateTimeOffset.UnixEpoch);
        var text = Encoding.ASCII.GetString(bytes);
        Assert.All(text.Split("\r\n"), line => Assert.True(line.Length <= 78, line));
        Assert.DoesNotContain("\n", text.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Subject: [TLP:AMBER] [INC-2026-00001]\r\n =?utf-8?B?", text, StringComparison.Ordinal);
        Assert.Contains("\r\nAuto-Submitted: auto-generated\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nIn-Reply-To: <one@x>\r\nReferences: <one@x>\r\n <two@x>\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\n=46rom me\r\n=2E\r\n", text, StringComparison.Ordinal);
        Assert.EndsWith("trailing=20\r\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<p>Hello&nbsp;<b>you</b></p><script>alert('x')</script><style>p{}</style>bye", "Hello you\nbye")]
    [InlineData("<a href=\"http://evil.example/x\">Bank</a>", "Bank <http://evil.example/x>")]
    [InlineData("1 < 2 and <!-- hidden --> 3", "1 < 2 and 3")]
    [InlineData("<img src=x onerror=alert(1)>text", "text")]
    [InlineData("a<br>b<div>c</div>", "a\nb\nc")]
    public void Html_becomes_text_and_nothing_else(string html, string text) => Assert.Equal(text, HtmlText.Of(html));

    [Theory]
    [InlineData("<")]
    [InlineData("<a href=\"")]
    [InlineData("<div")]
    [InlineData("<!--")]
    [InlineData("<script>")]
    public void Broken_html_takes_no_longer_than_its_length(string piece) => Assert.NotNull(HtmlText.Of(string.Concat(Enumerable.Repeat(piece, 300_000 / piece.Length))));

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\x\\report.pdf", "report.pdf")]
    [InlineData("invoice\u202egpj.exe", "invoicegpj.exe")]
    [InlineData("...", "unnamed")]
    [InlineData("a\r\nb.txt", "ab.txt")]
    public void Attachment_names_are_harmless(string name, string safe) => Assert.Equal(safe, FileNames.Safe(name, "text/plain"));

    [Theory]
    [InlineData("/usr/sbin/sendmail -oi -f \"a b\"", new[] { "/usr/sbin/sendmail", "-oi", "-f", "a b" })]
    [InlineData("/bin/x $(id) ; rm", new[] { "/bin/x", "$(id)", ";", "rm" })]
    public void Command_is_split_and_never_expanded(string text, string[] words) => Assert.Equal(words, CommandLine.Split(text));

    [Theory]
    [InlineData("Re: [TLP:GREEN] x", Tlp.Green)]
    [InlineData("tlp:amber+strict", Tlp.AmberStrict)]
    [InlineData("TLP:RED", Tlp.AmberStrict)]
    [InlineData("TLP:PINK", null)]
    [InlineData("hello", null)]
    public void Senders_label_is_kept(string subject, Tlp? tlp) => Assert.Equal(tlp, MailReading.Labelled(subject));

    [Fact]
    public void Waiting_grows_and_ends() => Assert.Equal([30, 60, 120, 7200], new[] { 1, 2, 3, 40 }.Select(t => MailSender.Wait(t).TotalSeconds));

    [Fact]
    public void Wrong_settings_are_named_all_at_once() =>
        Assert.Equal(4, MailOptions.Faults(new() { From = "nobody", Sendmail = "sendmail -t", Maildir = "mail", LargestMegabytes = 0 }).Count());
}
