using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Appliance.Integration.Mail;

public sealed class OutgoingMailTests : IAsyncDisposable
{
    private TestModules? _modules;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_modules is not null)
            await _modules.DisposeAsync();
    }

    [Fact]
    public async Task Message_is_read_back_from_a_real_mail_server_byte_for_byte()
    {
        Assert.SkipWhen(MailServer.Absence is not null, MailServer.Absence ?? "");
        await using var server = await MailServer.StartAsync();
        await StartAsync($"{MailServer.Sendmail} -oi -f {{sender}}");
        var sent = await QueueAsync(Message() with
        {
            Subject = "[TLP:AMBER] [INC-2026-00001] Réseau touché — 您的网络",
            Text = "TLP:AMBER\n\nFrom here on: é ü 中文\n.\n" + new string('x', 300) + " end \n",
            Recipients = [new("desk@health.example", "Ministère, Bureau"), new("abuse@health.example")],
        });
        Assert.True(await SendAllAsync() >= 2);

        var received = await server.MessagesAsync(2);
        foreach (var message in received)
        {
            var body = Encoding.UTF8.GetString(QuotedPrintable(message[(message.ReplaceLineEndings("\n").IndexOf("\n\n", StringComparison.Ordinal) + 2)..]));
            Assert.Contains($"Message-ID: <{sent.MessageId}>", message, StringComparison.Ordinal);
            Assert.Contains("From here on: é ü 中文\n.\n" + new string('x', 300) + " end ", body, StringComparison.Ordinal);
        }
        Assert.Equal(["sent", "sent"], await StatesAsync(sent.Mail));
    }

    [Fact]
    public async Task Header_injection_and_malformed_addresses_are_refused_together()
    {
        await StartAsync("");
        await using var work = await _modules!.Database.BeginAsync(Viewer.System("test"), Cancel);
        var outcome = await Get<OutgoingMail>().QueueAsync(
            work,
            Message() with { Subject = "hello\r\nBcc: victim@example.net", Recipients = [new("a@b.example\nBcc: x@y.example"), new("desk@example.org", "Name\r\nBcc: z@z.example"), new("-oQ/tmp@example.org"), new("info@münchen.example")] },
            Cancel);
        Assert.Equal(
            ["kernel.mail.refused.address", "kernel.mail.refused.header", "kernel.mail.refused.address", "kernel.mail.refused.address", "kernel.mail.refused.header"],
            outcome.Refusals.Select(r => r.Key));
        Assert.Contains("xn--mnchen-3ya.example", outcome.Refusals[3].Arguments[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_program_the_message_is_held_and_leaves_when_released()
    {
        await StartAsync("");
        var held = await QueueAsync(Message());
        Assert.Equal("held", held.Recipients[0].State);
        Assert.False(await SendOneAsync());
        var analyst = _modules!.Person("Ana", Role.Analyst);
        Assert.Equal("kernel.mail.refused.no-program", (await Get<ReleaseMail>().RunAsync(analyst, new(held.Mail), Cancel)).Refusals[0].Key);
        var line = Assert.Single((await Get<ListOutgoingMail>().RunAsync(analyst, new("held"), Cancel)).Value.Items);
        Assert.Equal(held.Mail, line.Id);
        var raw = Encoding.ASCII.GetString((await Get<MailStore>().RawAsync(analyst, held.Mail, Cancel))!);
        Assert.StartsWith("Date: ", raw, StringComparison.Ordinal);

        using var program = new MailCatch();
        Get<IOptionsMonitor<MailOptions>>().CurrentValue.Sendmail = program.Sendmail;
        Assert.True((await Get<ReleaseMail>().RunAsync(analyst, new(held.Mail), Cancel)).Succeeded);
        Assert.True(await SendOneAsync());
        Assert.Equal(raw.ReplaceLineEndings("\n"), Assert.Single(program.Messages).Message);
        Assert.Equal(["--", "desk@example.org"], program.Messages[0].Arguments);
    }

    [Fact]
    public async Task Recipient_unknown_after_a_crash_is_shown_as_such_and_repeated_under_the_same_id()
    {
        using var program = new MailCatch();
        await StartAsync(program.Sendmail);
        var sent = await QueueAsync(Message());
        // The host died between journal and result.
        await _modules!.Database.ExecuteAsync("update kernel.mail_recipients set handing_since = now(), tries = 1", null, Cancel);
        Assert.False(await SendOneAsync());
        Assert.Equal(1, await Sender().RecoverAsync(Cancel));
        Assert.Equal(["unknown"], await StatesAsync(sent.Mail));
        Assert.True(await SendOneAsync());
        Assert.Equal(["sent"], await StatesAsync(sent.Mail));
        Assert.Contains($"<{sent.MessageId}>", Assert.Single(program.Messages).Message, StringComparison.Ordinal);
        Assert.Equal(
            ["queued", "unknown", "sent"],
            await FactsAsync());
    }

    [Theory]
    [InlineData(75, "queued")]
    [InlineData(67, "failed")]
    public async Task Answer_of_the_program_decides_between_later_and_never(int exit, string state)
    {
        using var program = new MailCatch(exit);
        await StartAsync(program.Sendmail);
        var sent = await QueueAsync(Message());
        Assert.True(await SendOneAsync());
        Assert.Equal([state], await StatesAsync(sent.Mail));
        Assert.False(await SendOneAsync());
    }

    [Fact]
    public async Task Program_that_hangs_leaves_the_outcome_unknown()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("cirt-hang-").FullName;
        var program = Path.Combine(folder, "sendmail");
        await File.WriteAllTextAsync(program, "#!/bin/sh\nexec sleep 60\n", Cancel);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await StartAsync(program, seconds: 1);
        var sent = await QueueAsync(Message());
        Assert.True(await SendOneAsync());
        Assert.Equal(["unknown"], await StatesAsync(sent.Mail));
        System.IO.Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Message_of_an_exercise_is_held_even_where_mail_leaves()
    {
        using var program = new MailCatch();
        await StartAsync(program.Sendmail);
        Assert.Equal("held", (await QueueAsync(Message() with { Marking = Marking.Default with { Exercise = true } })).Recipients[0].State);
    }

    [Fact]
    public async Task Message_is_seen_only_by_those_whom_its_marking_lets()
    {
        await StartAsync("");
        var named = _modules!.Person("Nora", Role.Analyst);
        var sent = await QueueAsync(Message() with { Marking = new Marking(Tlp.Red, Named: [named.Id]) });
        Assert.NotNull(await Get<MailStore>().FindSentAsync(named, sent.Mail, Cancel));
        var other = _modules.Person("Otto", Role.Manager);
        Assert.Null(await Get<MailStore>().FindSentAsync(other, sent.Mail, Cancel));
        Assert.Null(await Get<MailStore>().RawAsync(other, sent.Mail, Cancel));
        Assert.Empty((await Get<ListOutgoingMail>().RunAsync(other, new(), Cancel)).Value.Items);
    }

    private static OutgoingMessage Message() => new()
    {
        About = $"incident/{IncidentId.New()}",
        Recipients = [new("desk@example.org")],
        Subject = "Notice",
        Text = "Body\n",
        Marking = Marking.Default,
    };

    private async Task StartAsync(string sendmail, int seconds = 30) => _modules = await TestModules.StartAsync(
        [],
        services => services.AddSingleton<IOptionsMonitor<MailOptions>>(new Fixed(new() { From = "cirt@cirt.example", Sendmail = sendmail, HandOverSeconds = seconds })));

    private async Task<QueuedMail> QueueAsync(OutgoingMessage message)
    {
        await using var work = await _modules!.Database.BeginAsync(Viewer.System("test"), Cancel);
        var queued = await Get<OutgoingMail>().QueueAsync(work, message, Cancel);
        await work.CommitAsync(Cancel);
        return queued.Value;
    }

    private MailSender Sender() => ActivatorUtilities.CreateInstance<MailSender>(_modules!.Services, NullLogger<MailSender>.Instance);

    private Task<bool> SendOneAsync() => Sender().SendOneAsync(Cancel);

    private async Task<int> SendAllAsync()
    {
        var count = 0;
        while (await SendOneAsync())
            count++;
        return count;
    }

    private Task<IReadOnlyList<string>> StatesAsync(MailId mail) =>
        _modules!.Database.QueryAsync<string>("select state from kernel.mail_recipients where mail_id = @Id order by address", new { Id = mail.Value }, Cancel);

    private Task<IReadOnlyList<string>> FactsAsync() =>
        _modules!.Database.QueryAsync<string>("select body ->> 'state' from kernel.outbox_events where name = 'kernel.mail-state-changed' order by occurred_at", null, Cancel);

    private static byte[] QuotedPrintable(string text)
    {
        var bytes = new List<byte>();
        var joined = text.ReplaceLineEndings("\n").Replace("=\n", "", StringComparison.Ordinal);
        for (var i = 0; i < joined.Length; i++)
        {
            if (joined[i] == '=')
            {
                bytes.Add(Convert.ToByte(joined.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.Add((byte)joined[i]);
            }
        }
        return [.. bytes];
    }

    private T Get<T>()
        where T : notnull => _modules!.Services.GetRequiredService<T>();

    internal sealed class Fixed(MailOptions value) : IOptionsMonitor<MailOptions>
    {
        public MailOptions CurrentValue => value;

        public MailOptions Get(string? name) => value;

        public IDisposable? OnChange(Action<MailOptions, string?> listener) => null;
    }
}
