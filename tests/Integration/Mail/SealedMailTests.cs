using System.Text;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Mail.Parse;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Mail;

/// <summary>What leaves signed and encrypted, read by plain gpg and openssl as the other side, and by our own reader.</summary>
public sealed class SealedMailTests : IAsyncDisposable
{
    private readonly ForeignGpg _ann = new();
    private readonly DirectoryInfo _keys = System.IO.Directory.CreateTempSubdirectory("cirt-ring-");
    private TestModules? _modules;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_modules is not null)
            await _modules.DisposeAsync();
        _ann.Dispose();
        _keys.Delete(recursive: true);
    }

    [Fact]
    public async Task Message_to_who_has_a_key_is_decrypted_and_verified_by_plain_gpg()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        await OwnKeyAsync();
        await PutAsync("ann.asc", await _ann.PublicAsync(await _ann.MakeAsync("Ann <ann@partner.example>")));
        await StartAsync();
        const string Text = "TLP:AMBER\n\nعنوان الشبكة 192.0.2[.]7 — é\nFrom the desk \n.\n";
        var (sent, raw) = await SendAsync(Message(Text) with { Files = [new("étude.csv", Encoding.UTF8.GetBytes("1,2\n"))] });
        Assert.Equal(new MailSealed("openpgp", "openpgp"), sent.Seal);
        Assert.Contains("Subject: [TLP:AMBER] x", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("text/plain", raw, StringComparison.Ordinal);

        var parts = MimeText.Parts(raw);
        Assert.Equal("Version: 1", MimeText.Body(parts[0]).Trim());
        var (said, clear) = await _ann.RunAsync(MimeText.Body(parts[1]), ["--batch", "--status-fd", "2", "--decrypt"]);
        Assert.Contains("GOODSIG", said, StringComparison.Ordinal);
        Assert.Contains("cirt@example.org", said, StringComparison.Ordinal);
        Assert.Equal(2, MimeText.Parts(clear).Count);

        // And by our own reader: the team's key is a recipient too, so that the copy kept here can be read.
        var mail = await ReadAsync(raw);
        var seal = Assert.Single(mail.Seals);
        Assert.Equal(("decrypted", "good", true), (seal.Decryption, seal.Signature, seal.SignerIsSender));
        Assert.Equal(Text.Trim(), mail.Text.ReplaceLineEndings("\n").Trim());
        Assert.Contains(mail.Attachments, a => a.Name == "étude.csv");
    }

    [Theory]
    [InlineData("plain\n")]
    [InlineData("blank at the end \ntab\t\n\nFrom here\n.\n")]
    [InlineData("عربي 中文 é\n")]
    [InlineData("no end of line")]
    public async Task Message_to_who_has_none_is_signed_and_verified_by_plain_gpg(string text)
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        await OwnKeyAsync();
        await StartAsync();
        var (sent, raw) = await SendAsync(Message(text + new string('x', 400)));
        Assert.Equal(new MailSealed("openpgp", null), sent.Seal);
        var parts = MimeText.Parts(raw);
        Assert.Contains("micalg=pgp-sha512", raw, StringComparison.Ordinal);
        Assert.All(raw.Split('\n'), line => Assert.True(line.Length <= 200 && !line.StartsWith("From ", StringComparison.Ordinal), line));
        var signature = await _ann.FileAsync(MimeText.Body(parts[1]));
        Assert.Contains("GOODSIG", (await _ann.RunAsync(parts[0], ["--batch", "--status-fd", "2", "--verify", signature, "-"])).Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("GOODSIG", (await _ann.RunAsync(parts[0].Replace("xx", "xy", StringComparison.Ordinal), ["--batch", "--status-fd", "2", "--verify", signature, "-"], mayFail: true)).Errors, StringComparison.Ordinal);
        Assert.Equal("good", Assert.Single((await ReadAsync(raw)).Seals).Signature);
    }

    private static OutgoingMessage Message(string text) => new() { About = "test/1", Recipients = [new("ann@partner.example", "Ann")], Subject = "[TLP:AMBER] x", Text = text, Marking = new(Tlp.Amber) };

    private async Task<ParsedMail> ReadAsync(string raw)
    {
        using var parser = ParserProcess.Start(Checkout.Cirt);
        async Task<ParsedMail?> Parse(byte[] bytes, CancellationToken cancel) => JsonSerializer.Deserialize<ParsedMail>(await parser.AskAsync(Frames.Mail, bytes, TimeSpan.FromSeconds(60), cancel), ParseVerb.Json);
        return await SealReading.OpenAsync((await Parse(Encoding.ASCII.GetBytes(raw), Cancel))!, await Get<MailKeys>().RingAsync(Cancel), Parse, Cancel);
    }

    /// <summary>The team's own key, in the folder, and known to Ann.</summary>
    private async Task OwnKeyAsync()
    {
        using var team = new ForeignGpg();
        var key = await team.MakeAsync("CIRT <cirt@example.org>");
        await PutAsync("own.asc", await team.SecretAsync(key));
        await _ann.ImportAsync(await team.PublicAsync(key));
    }

    private Task PutAsync(string name, string content) => File.WriteAllTextAsync(Path.Combine(_keys.FullName, name), content, Cancel);

    private async Task<(QueuedMail Sent, string Raw)> SendAsync(OutgoingMessage message)
    {
        await using var work = await _modules!.Database.BeginAsync(Viewer.System("test"), Cancel);
        var outcome = await Get<OutgoingMail>().QueueAsync(work, message, Cancel);
        Assert.True(outcome.Succeeded, string.Join(' ', outcome.Refusals.Select(r => r.Key)));
        await work.CommitAsync(Cancel);
        return (outcome.Value, Encoding.ASCII.GetString((await Get<MailStore>().RawAsync(_modules.Person("Ana", Role.Analyst), outcome.Value.Mail, Cancel))!));
    }

    private async Task StartAsync(params (string Name, string Value)[] settings) =>
        _modules = await TestModules.StartAsync([], settings: new Dictionary<string, string?>([.. settings.Select(s => KeyValuePair.Create<string, string?>(s.Name, s.Value)), new("kernel:mail:keys", _keys.FullName), new("kernel:mail:from", "cirt@example.org")]));

    private T Get<T>() where T : notnull => _modules!.Services.GetRequiredService<T>();
}
