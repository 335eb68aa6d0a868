using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Mail.Parse;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Notices;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Files leave with a message: evidence only as the encrypted archive, all under the label rules of the text.</summary>
public sealed class NoticeFileTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync(new Dictionary<string, string?> { ["ticketing:recallSeconds"] = "0", ["ticketing:mailFilesLimitMib"] = "1" });

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Files_and_packed_evidence_leave_with_the_message_and_stand_in_its_timeline()
    {
        var incident = await GreenAsync();
        var live = RandomNumberGenerator.GetBytes(20_000);
        var evidence = await KeepAsync(incident, live, "evil.exe");
        var file = (await AttachAsync(incident, "indicators.csv", "a,b"u8.ToArray())).Value;
        Assert.Equal(file.Id, Assert.Single((await _desk.Get<ListNoticeFiles>().RunAsync(_desk.Analyst, new(incident.Id), Cancel)).Value).Id);
        var sent = await SendAsync(incident, [file.Id], [evidence.Id]);
        Assert.True(sent.Succeeded, sent.Refusals.FirstOrDefault()?.Key);
        await _desk.SendAllAsync();

        var message = await _desk.Modules.Database.FindAsync<byte[]>("select bytes from kernel.mail_raw", null, Cancel);
        var (read, _) = await _desk.Get<ParsePool>().MailAsync(message!, Cancel);
        Assert.Equal(["indicators.csv", $"{incident.Number}-E1-{evidence.Sha256[..12]}.zip"], read!.Attachments.Select(a => a.Name));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("a,b"u8)), read.Attachments[0].Sha256);
        Assert.Equal(-1, message.AsSpan().IndexOf(live.AsSpan(0, 50)));
        Assert.Contains("Subject: [TLP:GREEN]", Assert.Single(_desk.Program.Messages).Message, StringComparison.Ordinal);

        var told = (await _desk.ShowAsync(incident.Number)).Timeline.Single(t => t.Kind == "mail-out").Detail.GetProperty("files");
        Assert.Equal(read.Attachments.Select(a => (a.Name, a.Size, a.Sha256)), told.EnumerateArray().Select(f => (f.GetProperty("name").GetString()!, f.GetProperty("size").GetInt64(), f.GetProperty("sha256").GetString()!)));
        var line = (await _desk.Get<ViewEvidence>().RunAsync(_desk.Analyst, new(evidence.Id), Cancel)).Value.Lines[2];
        Assert.Equal(("mailed", "x@partner.example"), (line.Act, line.Party));
        Assert.Contains(read.Attachments[1].Sha256, line.Note, StringComparison.Ordinal);
        // The draft is empty again; what is sent is not sent twice.
        Assert.Empty((await _desk.Get<ListNoticeFiles>().RunAsync(_desk.Analyst, new(incident.Id), Cancel)).Value);
        Assert.Equal("ticketing.refused.no-notice-file", (await SendAsync(incident, [file.Id], [])).Refusals[0].Key);
    }

    [Theory]
    [InlineData(Tlp.Red, "ticketing.refused.tlp-red")]
    [InlineData(Tlp.AmberStrict, "ticketing.refused.tlp-strict")]
    [InlineData(Tlp.Amber, "ticketing.refused.tlp-amber")]
    [InlineData(Tlp.Clear, null)]
    public async Task File_with_a_stricter_label_rules_the_message_as_the_incidents_does(Tlp tlp, string? refusal)
    {
        var incident = await GreenAsync();
        var file = (await AttachAsync(incident, "list.txt", "x"u8.ToArray(), tlp)).Value;
        Assert.Equal(refusal, (await SendAsync(incident, [file.Id], [])).Refusals.FirstOrDefault()?.Key);
        var evidence = await KeepAsync(incident, RandomNumberGenerator.GetBytes(100), "a.bin", tlp);
        Assert.Equal(refusal, (await SendAsync(incident, [], [evidence.Id])).Refusals.FirstOrDefault()?.Key);
        Assert.Equal(refusal is null ? 2 : 0, await CountAsync("kernel.mail_out"));
        // What was refused is still there to be sent to somebody else, and its custody knows of no mail.
        Assert.Equal(refusal is null ? 0 : 1, await CountAsync("ticketing.notice_files"));
        Assert.Equal(refusal is null ? 1 : 0, await CountAsync("ticketing.custody where act = 'mailed'"));
    }

    [Fact]
    public async Task Message_to_a_party_wears_the_files_label_and_its_name_is_kept_from_who_sees_the_incident_alone()
    {
        var incident = await GreenAsync();
        await SendAsync(incident, [], []);
        var file = (await AttachAsync(incident, "secret-name.txt", "x"u8.ToArray(), Tlp.Amber)).Value;
        Assert.True((await SendAsync(incident, [file.Id], [])).Succeeded);
        Assert.Equal((short)Tlp.Amber, await _desk.Modules.Database.FindAsync<short>("select max(tlp) from kernel.mail_out", null, Cancel));
        var sheet = await _desk.ShowAsync(incident.Number);
        var told = sheet.Timeline.Last(t => t.Kind == "mail-out").Detail.GetProperty("files");
        Assert.Equal("TLP:AMBER", told[0].GetProperty("name").GetString());
        Assert.Equal(0, await CountAsync("ticketing.timeline where detail::text like '%secret-name%'"));
    }

    [Fact]
    public async Task Too_many_too_large_foreign_and_others_files_are_refused()
    {
        var (incident, other) = (await GreenAsync(), await GreenAsync());
        Assert.Equal("ticketing.refused.evidence-large", (await AttachAsync(incident, "a", new byte[(1 << 20) + 1])).Refusals[0].Key);
        Assert.True((await AttachAsync(incident, "a", RandomNumberGenerator.GetBytes(700_000))).Succeeded);
        Assert.Equal("ticketing.refused.mail-files", (await AttachAsync(incident, "b", new byte[700_000])).Refusals[0].Key);
        var large = await KeepAsync(incident, RandomNumberGenerator.GetBytes(2 << 20), "large.bin");
        Assert.Equal("ticketing.refused.mail-files", (await SendAsync(incident, [], [large.Id])).Refusals[0].Key);
        var foreign = await KeepAsync(other, RandomNumberGenerator.GetBytes(100), "a.bin");
        Assert.Equal("ticketing.refused.no-notice-file", (await SendAsync(incident, [], [foreign.Id])).Refusals[0].Key);
        var omar = await _desk.ColleagueAsync("omar");
        var mine = (await AttachAsync(other, "mine.txt", "x"u8.ToArray())).Value;
        Assert.Empty((await _desk.Get<ListNoticeFiles>().RunAsync(omar, new(other.Id), Cancel)).Value);
        Assert.Equal("ticketing.refused.no-notice-file", (await _desk.Get<CollectFiles>().RunAsync(omar, [mine.Id], [], Cancel)).Refusals[0].Key);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<DetachFile>().RunAsync(omar, new(mine.Id), Cancel)).Refusals[0].Kind);
        Assert.True((await _desk.Get<DetachFile>().RunAsync(_desk.Analyst, new(mine.Id), Cancel)).Succeeded);
        Assert.Equal(1, await CountAsync("ticketing.notice_files"));
        await using (var owner = Npgsql.NpgsqlDataSource.Create(_desk.Modules.Owner))
        {
            await using var age = owner.CreateCommand("update ticketing.notice_files set added_at = now() - interval '8 days'");
            await age.ExecuteNonQueryAsync(Cancel);
        }
        await ActivatorUtilities.CreateInstance<DestroyOldJob>(_desk.Modules.Services).RunAsync(Cancel);
        Assert.Equal((0, 0), (await CountAsync("ticketing.notice_files"), await CountAsync("kernel.file_owners where owner like 'notice-file/%'")));
    }

    private Task<IncidentRef> GreenAsync() => _desk.OpenAsync(new IncidentFields { Title = "Implant", Marking = new Marking(Tlp.Green) });

    private async Task<EvidenceKept> KeepAsync(IncidentRef incident, byte[] bytes, string name, Tlp? tlp = null)
    {
        var file = (await _desk.Get<EvidenceVault>().PutAsync(new MemoryStream(bytes), Cancel)).Value;
        return (await _desk.Get<KeepEvidence>().RunAsync(_desk.Analyst, new(incident.Id, file, name, Tlp: tlp), Cancel)).Value;
    }

    private async Task<Outcome<NoticeFileLine>> AttachAsync(IncidentRef incident, string name, byte[] bytes, Tlp? tlp = null)
    {
        var put = await _desk.Get<EvidenceVault>().PutAsync(new MemoryStream(bytes), Cancel, 1);
        return put.TryGet(out var file) ? await _desk.Get<AttachFile>().RunAsync(_desk.Analyst, new(incident.Id, file, name, tlp), Cancel) : Outcome<NoticeFileLine>.Refused(put.Refusals);
    }

    private async Task<Outcome<NoticeSent>> SendAsync(IncidentRef incident, IReadOnlyList<Guid> files, IReadOnlyList<Guid> evidence)
    {
        var ready = await _desk.Get<CollectFiles>().RunAsync(_desk.Analyst, files, evidence, Cancel);
        return ready.TryGet(out var all)
            ? await _desk.Get<NotifyConstituent>().RunAsync(_desk.Analyst, new(incident.Id, [new("x@partner.example")], "s", "t") { Files = all }, Cancel)
            : Outcome<NoticeSent>.Refused(ready.Refusals);
    }

    private async Task<int> CountAsync(string from) => (await _desk.Modules.Database.QueryAsync<int>($"select count(*)::int from {from}", null, Cancel))[0];
}
