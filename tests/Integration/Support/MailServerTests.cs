using System.Diagnostics;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Support;

public sealed class MailServerTests
{
    [Fact]
    public async Task Message_handed_to_sendmail_is_read_back_from_a_real_mail_server()
    {
        Assert.SkipWhen(MailServer.Absence is not null, MailServer.Absence ?? "");
        await using var server = await MailServer.StartAsync();

        Assert.Equal(0, await SendAsync(MailServer.Sendmail, "Subject: one\n\nfirst\n"));

        var message = Assert.Single(await server.MessagesAsync(1));
        Assert.Contains("Delivered-To: person@constituent.example", message, StringComparison.Ordinal);
        Assert.Contains("first", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(75)]
    public async Task Stand_in_keeps_the_message_with_its_envelope_and_answers_as_told(int exitCode)
    {
        using var mail = new MailCatch(exitCode);

        Assert.Equal(exitCode, await SendAsync(mail.Sendmail, "Subject: one\n\nfirst\n"));

        var (arguments, message) = Assert.Single(mail.Messages);
        Assert.Equal(["-i", "-f", "cirt@appliance.example", "--", "person@constituent.example"], arguments);
        Assert.Equal("Subject: one\n\nfirst\n", message);
    }

    private static async Task<int> SendAsync(string sendmail, string message)
    {
        using var process = Process.Start(new ProcessStartInfo(sendmail, ["-i", "-f", "cirt@appliance.example", "--", "person@constituent.example"]) { RedirectStandardInput = true })!;
        await process.StandardInput.WriteAsync(message);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
