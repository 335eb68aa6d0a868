using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Mail.Parse;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Appliance.Integration.Mail;

public sealed class IncomingMailTests : IAsyncLifetime
{
    private readonly string _maildir = System.IO.Directory.CreateTempSubdirectory("cirt-maildir-").FullName;

    private TestModules _modules = null!;
    private MailOptions _options = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _options = new() { Maildir = _maildir, Parser = Checkout.Cirt, ParserProcesses = 1, LargestMegabytes = 1 };
        System.IO.Directory.CreateDirectory(Path.Combine(_maildir, "new"));
        _modules = await TestModules.StartAsync([], services => services.AddSingleton<IOptionsMonitor<MailOptions>>(new OutgoingMailTests.Fixed(_options)));
    }

    public async ValueTask DisposeAsync()
    {
        await _modules.DisposeAsync();
        System.IO.Directory.Delete(_maildir, recursive: true);
    }

    [Fact]
    public async Task Message_is_stored_moved_parsed_and_told_exactly_once()
    {
        var raw = "From: =?utf-8?Q?J=C3=BCrgen?= <j@health.example>\r\nTo: cirt@cirt.example\r\nSubject: TLP:GREEN phishing hxxp://evil[.]example/x\r\nMessage-ID: <one@health.example>\r\n\r\nfrom 192.0.2[.]7\r\n";
        Deliver("100.host", raw);
        await TakeAsync();
        // Found again after a crash before the move.
        Deliver("100.host", raw);
        await TakeAsync();

        Assert.Empty(System.IO.Directory.GetFiles(Path.Combine(_maildir, "new")));
        Assert.Equal("100.host:2,S", Path.GetFileName(Assert.Single(System.IO.Directory.GetFiles(Path.Combine(_maildir, "cur")))));
        var line = Assert.Single((await Get<ListReceivedMail>().RunAsync(_modules.Person("Ana", Role.Analyst), new(), Cancel)).Value.Items);
        Assert.Equal(("parsed", "j@health.example", "Jürgen", Tlp.Green), (line.State, line.Sender, line.SenderName, line.Marking.Tlp));
        var mail = (await Get<MailStore>().FindReceivedAsync(Viewer.System("test"), line.Id, Cancel))!;
        Assert.Contains(new Observable("ipv4", "192.0.2.7"), mail.Content!.Observables);
        Assert.Contains(new Observable("url", "http://evil.example/x"), mail.Content.Observables);
        Assert.Equal(raw, Encoding.UTF8.GetString((await Get<MailStore>().RawAsync(Viewer.System("test"), line.Id, Cancel))!));
        Assert.Equal(["one@health.example"], await _modules.Database.QueryAsync<string>("select body ->> 'messageId' from kernel.outbox_events where name = 'kernel.mail-received'", null, Cancel));
    }

    [Fact]
    public async Task Message_that_kills_the_parser_is_tried_twice_and_quarantined_with_its_bytes()
    {
        var tries = Path.Combine(_maildir, "tries");
        var parser = Path.Combine(_maildir, "parser");
        await File.WriteAllTextAsync(parser, $"#!/bin/sh\necho x >> {tries}\nkill -SEGV $$\n", Cancel);
        File.SetUnixFileMode(parser, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _options.Parser = parser;
        Deliver("101.host", "Subject: boom\r\n\r\nx");
        await TakeAsync();

        var line = Assert.Single((await Get<ListReceivedMail>().RunAsync(_modules.Person("Ana", Role.Analyst), new("quarantined"), Cancel)).Value.Items);
        Assert.Contains("ended", line.Reason, StringComparison.Ordinal);
        Assert.Equal(2, (await File.ReadAllLinesAsync(tries, Cancel)).Length);
        Assert.NotNull(await Get<MailStore>().RawAsync(Viewer.System("test"), line.Id, Cancel));
        Assert.Equal(["true"], await _modules.Database.QueryAsync<string>("select body ->> 'unreadable' from kernel.outbox_events where name = 'kernel.mail-received'", null, Cancel));
    }

    [Fact]
    public async Task Message_built_to_be_too_much_is_set_aside_whole_with_what_was_read_of_it()
    {
        var raw = $"From: a@health.example\r\nSubject: deep\r\nMessage-ID: <d1@health.example>\r\n{string.Concat(Enumerable.Range(0, 1000).Select(i => $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"))}";
        Deliver("103.host", raw);
        await TakeAsync();
        var line = Assert.Single((await Get<ListReceivedMail>().RunAsync(_modules.Person("Ana", Role.Analyst), new("quarantined"), Cancel)).Value.Items);
        Assert.Equal(("deep", "above the limit of depth"), (line.Subject, line.Reason));
        Assert.Equal(raw, Encoding.UTF8.GetString((await Get<MailStore>().RawAsync(Viewer.System("test"), line.Id, Cancel))!));
        Assert.Equal(["true"], await _modules.Database.QueryAsync<string>("select body ->> 'unreadable' from kernel.outbox_events where name = 'kernel.mail-received'", null, Cancel));
    }

    [Fact]
    public async Task Parser_that_hangs_is_killed_within_its_time_and_the_next_message_is_read()
    {
        var parser = Path.Combine(_maildir, "parser");
        await File.WriteAllTextAsync(parser, "#!/bin/sh\nexec sleep 60\n", Cancel);
        File.SetUnixFileMode(parser, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var pool = new ParsePool(new OutgoingMailTests.Fixed(new() { Parser = parser, ParseSeconds = 1, ParserProcesses = 1 }), NullLogger<ParsePool>.Instance);
        var result = await pool.AskAsync(Frames.Ready, default, Cancel);
        Assert.Contains("no answer within", result.Fault, StringComparison.Ordinal);

        Deliver("102.host", "Subject: fine\r\n\r\nx");
        await TakeAsync();
        Assert.Equal("parsed", Assert.Single((await Get<ListReceivedMail>().RunAsync(_modules.Person("Ana", Role.Analyst), new(), Cancel)).Value.Items).State);
    }

    [Fact]
    public async Task Message_above_the_limit_stays_in_the_maildir_and_is_shown()
    {
        Deliver("103.host", "Subject: big\r\n\r\n" + new string('x', 2 * 1024 * 1024));
        await TakeAsync();
        var line = Assert.Single((await Get<ListReceivedMail>().RunAsync(_modules.Person("Ana", Role.Analyst), new(), Cancel)).Value.Items);
        Assert.Equal("quarantined", line.State);
        Assert.True(File.Exists(Path.Combine(_maildir, "cur", "103.host:2,S")));
    }

    [Fact]
    public async Task Bounce_marks_the_recipient_it_names_as_failed()
    {
        using var program = new MailCatch();
        _options.Sendmail = program.Sendmail;
        QueuedMail sent;
        await using (var work = await _modules.Database.BeginAsync(Viewer.System("test"), Cancel))
        {
            sent = (await Get<OutgoingMail>().QueueAsync(work, new() { About = "incident/x", Recipients = [new("gone@health.example")], Subject = "s", Text = "t", Marking = Marking.Default }, Cancel)).Value;
            await work.CommitAsync(Cancel);
        }
        Assert.True(await ActivatorUtilities.CreateInstance<MailSender>(_modules.Services, NullLogger<MailSender>.Instance).SendOneAsync(Cancel));
        Deliver(
            "104.host",
            $"""
            From: MAILER-DAEMON@mx.example
            To: cirt@localhost.localdomain
            Subject: Undelivered
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status; boundary=b

            --b

            It failed.
            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.example

            Final-Recipient: rfc822; gone@health.example
            Action: failed
            Status: 5.1.1
            Diagnostic-Code: smtp; 550 5.1.1 unknown user

            --b
            Content-Type: message/rfc822

            Message-ID: <{sent.MessageId}>
            Subject: s

            t
            --b--

            """.ReplaceLineEndings("\r\n"));
        await TakeAsync();
        var line = Assert.Single((await Get<ListReceivedMail>().RunAsync(_modules.Person("Ana", Role.Analyst), new(), Cancel)).Value.Items);
        Assert.Equal("bounce", line.Kind);
        Assert.Equal(["failed"], await _modules.Database.QueryAsync<string>("select state from kernel.mail_recipients", null, Cancel));
    }

    [Fact]
    public async Task Parser_process_can_reach_neither_network_nor_files_nor_programs()
    {
        using var pool = new ParsePool(new OutgoingMailTests.Fixed(new() { Parser = Checkout.Cirt, ParserProcesses = 1 }), NullLogger<ParsePool>.Instance);
        await pool.WarmAsync(Cancel);
        var parser = System.Diagnostics.Process.GetProcessesByName("cirt").First(p => File.ReadAllText($"/proc/{p.Id}/cmdline").EndsWith("parse\0", StringComparison.Ordinal) && Parent(p.Id) == Environment.ProcessId);
        var status = await File.ReadAllTextAsync($"/proc/{parser.Id}/status", Cancel);
        Assert.Contains("Seccomp:\t2", status, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", status, StringComparison.Ordinal);
        var environment = await File.ReadAllTextAsync($"/proc/{parser.Id}/environ", Cancel);
        Assert.DoesNotContain("CIRT", environment, StringComparison.Ordinal);
        Assert.Contains("Max data size             1073741824", await File.ReadAllTextAsync($"/proc/{parser.Id}/limits", Cancel), StringComparison.Ordinal);
    }

    private static int Parent(int process) => int.Parse(File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private void Deliver(string name, string raw) => File.WriteAllText(Path.Combine(_maildir, "new", name), raw);

    private async Task TakeAsync()
    {
        var receiver = ActivatorUtilities.CreateInstance<MaildirReceiver>(_modules.Services, NullLogger<MaildirReceiver>.Instance);
        await receiver.TakeAllAsync(_maildir, Cancel);
        while (await Get<MailReading>().ReadOneAsync(Cancel))
        {
        }
    }

    private T Get<T>()
        where T : notnull => _modules.Services.GetRequiredService<T>();
}
