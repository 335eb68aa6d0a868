using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Tests;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Reports;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>A reporter who encrypts, and what the team answers.</summary>
public sealed class SealedNoticeTests : IAsyncLifetime
{
    private readonly ForeignGpg _ann = new();
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        _ann.Dispose();
    }

    [Fact]
    public async Task Answer_to_encrypted_mail_is_encrypted_and_signed_and_says_so_in_the_timeline()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var opened = await EncryptedReportAsync();
        var sent = (await NotifyAsync(opened, null, null, "ann@partner.example")).Value;
        Assert.Equal(new MailSealed("openpgp", "openpgp"), sent.Seal);
        await _desk.SendAllAsync();
        var message = Assert.Single(_desk.Program.Messages).Message;
        Assert.Contains("Subject: [TLP:AMBER]", message, StringComparison.Ordinal);
        Assert.DoesNotContain("the answer", message, StringComparison.Ordinal);
        var (said, clear) = await _ann.RunAsync(MimeText.Body(MimeText.Parts(message)[1]), ["--batch", "--status-fd", "2", "--decrypt"]);
        Assert.Contains("GOODSIG", said, StringComparison.Ordinal);
        Assert.Contains("the answer", clear, StringComparison.Ordinal);
        var line = (await _desk.ShowAsync(opened.Number)).Timeline.Single(t => t.Kind == "mail-out");
        Assert.Equal(("openpgp", "openpgp", "the answer"), (line.Detail.GetProperty("signed").GetString(), line.Detail.GetProperty("encrypted").GetString(), line.Text));
    }

    [Fact]
    public async Task Answer_in_clear_is_refused_until_somebody_decides_it_and_that_is_audited()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var opened = await EncryptedReportAsync();
        await _desk.Modules.Database.ExecuteAsync("insert into ticketing.parties (incident_id, address, name, role) values (@Id, 'bob@partner.example', '', 'reporter')", new { Id = opened.Id.Value }, Cancel);
        var look = (await _desk.Get<LookAtSeal>().RunAsync(_desk.Analyst, new(opened.Number, ["ann@partner.example", "bob@partner.example"]), Cancel)).Value;
        Assert.Equal(["valid", "none"], look.Keys.Select(k => k.State));
        Assert.Equal((true, false, "openpgp"), (look.Answers, look.Possible, look.Signs));
        var refused = (await NotifyAsync(opened, null, null, "ann@partner.example", "bob@partner.example")).Refusals;
        Assert.Equal(("kernel.mail.refused.key.none", "bob@partner.example"), (Assert.Single(refused).Key, refused[0].Arguments[0]));
        Assert.Empty(await _desk.Modules.Database.QueryAsync<Guid>("select id from kernel.mail_out", null, Cancel));
        Assert.Equal(new MailSealed("openpgp", null), (await NotifyAsync(opened, "clear", null, "ann@partner.example", "bob@partner.example")).Value.Seal);
        Assert.Equal(1, await _desk.Modules.Database.FindAsync<int>("select count(*)::int from audit.entries where action = 'ticketing.incident.sent-in-clear'", null, Cancel));
        Assert.Equal("ticketing.refused.seal", (await NotifyAsync(opened, "maybe", null, "ann@partner.example")).Refusals[0].Key);
    }

    [Fact]
    public async Task Address_outside_the_marking_blocks_the_answer_until_removed_or_overridden()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var opened = await EncryptedReportAsync();
        Assert.Equal("ticketing.refused.tlp-amber", (await NotifyAsync(opened, null, null, "ann@partner.example", "eve@elsewhere.example")).Refusals[0].Key);
        Assert.Equal("openpgp", (await NotifyAsync(opened, null, null, "ann@partner.example")).Value.Seal.Encrypted);
    }

    [Fact]
    public async Task Policy_that_requires_encryption_lets_clear_pass_only_with_a_reason_of_who_may()
    {
        _desk.Get<Microsoft.Extensions.Options.IOptionsMonitor<MailOptions>>().CurrentValue.Encrypt = "required-from-amber";
        var opened = await _desk.OpenAsync(new IncidentFields { Title = "t", Marking = new(Tlp.Amber) });
        await _desk.Modules.Database.ExecuteAsync("insert into ticketing.parties (incident_id, address, name, role) values (@Id, 'bob@partner.example', '', 'reporter')", new { Id = opened.Id.Value }, Cancel);
        Assert.Equal("kernel.mail.refused.key.none", (await NotifyAsync(opened, null, null, "bob@partner.example")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.must-encrypt", (await NotifyAsync(opened, "clear", null, "bob@partner.example")).Refusals[0].Key);
        var manager = _desk.Modules.Person("Max", Role.Manager);
        Assert.True((await NotifyAsync(opened, "clear", "they have no key yet", "bob@partner.example", manager)).Succeeded);
    }

    [Fact]
    public async Task Reporter_who_encrypted_is_not_thanked_in_clear()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var opened = await EncryptedReportAsync();
        await _desk.Modules.Database.ExecuteAsync("delete from kernel.mail_keys where not own", null, Cancel);
        var report = (await _desk.ShowAsync(opened.Number)).Reports.Single().Id;
        Assert.Equal("kernel.mail.refused.key.none", (await _desk.Get<AnswerReporters>().RunAsync(_desk.Analyst, new(opened.Id, [report]), Cancel)).Refusals[0].Key);
    }

    /// <summary>The team has a key, Ann's is here, and her encrypted report is an incident.</summary>
    private async Task<IncidentRef> EncryptedReportAsync()
    {
        var admin = _desk.Modules.Person("Ada", Role.Administrator);
        var own = (await _desk.Get<MakeMailKey>().RunAsync(admin, new(), Cancel)).Value;
        await _ann.ImportAsync((await _desk.Get<TakePublicKey>().RunAsync(admin, own.Id, Cancel)).Value.Text);
        var key = await _ann.MakeAsync("Ann <ann@partner.example>");
        Assert.True((await _desk.Get<AddMailKeys>().RunAsync(_desk.Analyst, new(await _ann.PublicAsync(key)), Cancel)).Succeeded);
        var armour = (await _ann.RunAsync("Content-Type: text/plain; charset=utf-8\r\n\r\n192.0.2.9 attacks us\r\n", ["--batch", "--armor", "--encrypt", "--sign", "-u", key, "-r", own.Fingerprint])).Output;
        await _desk.ReceiveAsync($"From: Ann <ann@partner.example>\r\nSubject: [TLP:AMBER] bad host\r\nMessage-ID: <e1@partner.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n{armour}\r\n--b--\r\n");
        var report = Assert.Single(await _desk.ReportsAsync());
        var seal = Assert.Single((await _desk.Get<ShowReport>().RunAsync(_desk.Analyst, report.Id, Cancel)).Value.Seals);
        Assert.Equal(("decrypted", "good", true), (seal.Decryption, seal.Signature, seal.SignerIsSender));
        return (await _desk.Get<PromoteReport>().RunAsync(_desk.Analyst, new(report.Id, new() { Title = "bad host", Marking = new(Tlp.Amber) }), Cancel)).Value;
    }

    private Task<Outcome<NoticeSent>> NotifyAsync(IncidentRef incident, string? seal, string? why, params string[] to) => NotifyAsync(incident, seal, why, to, _desk.Analyst);

    private Task<Outcome<NoticeSent>> NotifyAsync(IncidentRef incident, string? seal, string? why, string to, Viewer viewer) => NotifyAsync(incident, seal, why, [to], viewer);

    private Task<Outcome<NoticeSent>> NotifyAsync(IncidentRef incident, string? seal, string? why, string[] to, Viewer viewer) =>
        _desk.Get<NotifyConstituent>().RunAsync(viewer, new(incident.Id, [.. to.Select(t => new MailRecipient(t))], "s", "the answer", Override: why) { Seal = seal }, Cancel);
}
