using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Reports;
using Appliance.Ticketing.Search;
using ICSharpCode.SharpZipLib.Zip;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Files that are kept: sealed where they lie, given out only packed and verified, and every act a line that nobody takes away unnoticed.</summary>
public sealed class EvidenceTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Live_looking_file_is_sealed_hashed_and_comes_back_only_packed()
    {
        var incident = await _desk.OpenAsync("implant");
        var live = Live(200_000);
        var kept = await KeepAsync(incident, live, "invoice.exe", from: "Duty officer of the ministry");
        Assert.Equal((1, "invoice.exe", 200_000L, "application/vnd.microsoft.portable-executable", false, 3), (kept.Number, kept.Name, kept.Size, kept.Kind, kept.Again, kept.Traces));
        Assert.Equal((Hex(MD5.HashData(live)), Hex(SHA1.HashData(live)), Hex(SHA256.HashData(live))), (kept.Md5, kept.Sha1, kept.Sha256));
        // Nothing of it lies on the disk as it was, and the backup knows the file that does.
        var stored = Directory.EnumerateFiles(_desk.Data.Files, "*", SearchOption.AllDirectories).ToList();
        Assert.Equal(-1, File.ReadAllBytes(Assert.Single(stored)).AsSpan().IndexOf("THE-LIVE-MARK"u8));
        Assert.Equal([Path.GetFileName(stored[0])], await _desk.Modules.Database.QueryAsync<string>("select encode(sha256, 'hex') from kernel.files", null, Cancel));

        var sheet = await _desk.ShowAsync(incident.Number);
        Assert.Equal(["md5", "sha1", "sha256"], sheet.Traces.Where(t => t.Source == "evidence").Select(t => t.Type));
        Assert.Contains(sheet.Timeline, t => t.Kind == "evidence");

        await using var archive = (await PackAsync(kept.Id)).Value;
        using var memory = new MemoryStream();
        await archive.CopyToAsync(memory, Cancel);
        var bytes = memory.ToArray();
        Assert.Equal(-1, bytes.AsSpan().IndexOf("THE-LIVE-MARK"u8));
        // WinZip's extra field: AE-2, AES-256; method 99 in the header.
        Assert.NotEqual(-1, bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x01, 0x99, 0x07, 0x00, 0x02, 0x00, (byte)'A', (byte)'E', 0x03]));
        Assert.Equal(99, bytes[8]);
        using var zip = new ZipFile(new MemoryStream(bytes)) { Password = "infected" };
        var entry = Assert.Single(zip.Cast<ZipEntry>());
        using var opened = new MemoryStream();
        await zip.GetInputStream(entry).CopyToAsync(opened, Cancel);
        Assert.Equal(live, opened.ToArray());
        Assert.Equal("invoice.exe", entry.Name);
    }

    [Fact]
    public async Task Altered_file_is_refused_shown_and_audited()
    {
        var incident = await _desk.OpenAsync("implant");
        var kept = await KeepAsync(incident, Live(100_000), "a.bin");
        var path = Directory.EnumerateFiles(_desk.Data.Files, "*", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        bytes[70_000] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Cancel);
        var refused = Assert.IsType<Outcome<Done>>(await EvidenceEndpoints.DownloadAsync(_desk.Analyst, _desk.Get<FindEvidence>(), _desk.Get<PackEvidence>(), _desk.Get<TellTaken>(), kept.Id, Cancel));
        Assert.Equal(("ticketing.refused.evidence-damaged", RefusalKind.Conflict), (refused.Refusals[0].Key, refused.Refusals[0].Kind));
        Assert.Equal(["received", "hashed", "refused"], await ActsAsync(kept.Id));
        Assert.NotNull(Assert.Single(await ListAsync(incident)).DamagedAt);
        Assert.Equal(1, await CountAsync("audit.entries where action = 'ticketing.evidence.refused'"));
        Assert.Contains((await _desk.ShowAsync(incident.Number)).Timeline, t => t.Kind == "evidence" && t.Detail.GetProperty("act").GetString() == "damaged");
        Assert.Equal("damaged", (await _desk.Get<VerifyEvidence>().RunAsync(_desk.Analyst, new(kept.Id), Cancel)).Value.File);
        // Nothing of the attempt is left lying about.
        Assert.Empty(Directory.EnumerateFiles(_desk.Data.Temporary));
        File.Delete(path);
        Assert.Equal("ticketing.refused.evidence-damaged", (await PackAsync(kept.Id)).Refusals[0].Key);
    }

    [Fact]
    public async Task Removed_or_altered_line_is_noticed_and_the_host_itself_can_do_neither()
    {
        var incident = await _desk.OpenAsync("implant");
        var kept = await KeepAsync(incident, Live(1000), "a.bin");
        Assert.Equal("ticketing.refused.custody-party", (await NoteAsync(kept.Id, "handed-over", " ")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.custody-act", (await NoteAsync(kept.Id, "eaten", "dog")).Refusals[0].Key);
        Assert.Equal(3, (await NoteAsync(kept.Id, "handed-over", "Forensic laboratory")).Value);
        Assert.Equal(4, (await NoteAsync(kept.Id, "returned", "Forensic laboratory")).Value);
        Assert.True((await VerifyAsync(kept.Id)).Chain.Whole);
        foreach (var sql in new[] { "update ticketing.custody set note = 'x'", "delete from ticketing.custody" })
            Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => _desk.Modules.Database.QueryAsync<int>(sql, null, Cancel))).SqlState);

        await AsOwnerAsync("update ticketing.custody set party = 'nobody' where line = 3");
        Assert.Equal(3, (await VerifyAsync(kept.Id)).Chain.BrokenAt);
        await AsOwnerAsync("update ticketing.custody set party = 'Forensic laboratory' where line = 3");
        Assert.True((await VerifyAsync(kept.Id)).Chain.Whole);
        // The end of the chain too: the row of the file knows how far it went.
        await AsOwnerAsync("delete from ticketing.custody where line = (select max(line) from ticketing.custody)");
        Assert.Equal(7, (await VerifyAsync(kept.Id)).Chain.BrokenAt);
        var seen = (await _desk.Get<ViewEvidence>().RunAsync(_desk.Analyst, new(kept.Id), Cancel)).Value;
        Assert.False(seen.Chain.Whole);
        Assert.Contains("BROKEN at line 7", Encoding.UTF8.GetString(CustodyDocument.Text(seen)), StringComparison.Ordinal);
        Assert.Equal(seen.Lines.Count + 1, Encoding.UTF8.GetString(CustodyDocument.Csv(seen)).TrimEnd().Split("\r\n").Length);
    }

    [Fact]
    public async Task Same_file_again_is_told_and_the_same_elsewhere_is_named()
    {
        var (one, two) = (await _desk.OpenAsync("one"), await _desk.OpenAsync("two"));
        var first = await KeepAsync(one, Live(5000), "a.bin");
        var again = await KeepAsync(one, Live(5000), "renamed.bin", from: "another");
        Assert.Equal((true, first.Id, 1), (again.Again, again.Id, (await ListAsync(one)).Count));
        Assert.Equal(["received", "hashed", "received-again"], await ActsAsync(first.Id));
        var other = await KeepAsync(two, Live(5000), "b.bin");
        Assert.Equal((false, one.Number), (other.Again, Assert.Single(other.Elsewhere)));
        Assert.Equal(1, Assert.Single(await ListAsync(one)).Elsewhere);
    }

    [Fact]
    public async Task Empty_too_large_and_cut_files_leave_nothing()
    {
        await using var desk = await TicketingDesk.StartAsync(new Dictionary<string, string?> { ["ticketing:evidenceLimitMib"] = "1" });
        var vault = desk.Get<EvidenceVault>();
        Assert.Equal("ticketing.refused.evidence-empty", (await vault.PutAsync(new MemoryStream(), Cancel)).Refusals[0].Key);
        Assert.True((await vault.PutAsync(new MemoryStream(new byte[1 << 20]), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.evidence-large", (await vault.PutAsync(new MemoryStream(new byte[(1 << 20) + 1]), Cancel)).Refusals[0].Key);
        await Assert.ThrowsAsync<IOException>(() => vault.PutAsync(new Torn(Live(300_000)), Cancel));
        Assert.Empty(Directory.EnumerateFiles(desk.Data.Ensure("files/new")));
        Assert.Equal(0, (await desk.Modules.Database.QueryAsync<long>("select count(*) from ticketing.evidence", null, Cancel))[0]);
    }

    [Fact]
    public async Task Full_disk_is_refused_and_leaves_nothing()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "only an administrator mounts disks");
        await using var disk = await SmallDisk.MountAsync(24);
        await using var desk = await TicketingDesk.StartAsync(data: disk.Path);
        var vault = desk.Get<EvidenceVault>();
        // More than there is, then on a disk that others filled.
        Assert.Equal("kernel.refused.no-room", (await vault.PutAsync(new Endless(64L << 20), Cancel)).Refusals[0].Key);
        Assert.Empty(Directory.EnumerateFiles(desk.Data.Ensure("files/new")));
        var incident = await desk.OpenAsync("implant");
        var file = (await vault.PutAsync(new Endless(4L << 20), Cancel)).Value;
        var kept = (await desk.Get<KeepEvidence>().RunAsync(desk.Analyst, new(incident.Id, file, "a.bin"), Cancel)).Value;
        await disk.FillAsync();
        Assert.Equal("kernel.refused.no-room", (await vault.PutAsync(new Endless(1000), Cancel)).Refusals[0].Key);
        Assert.Equal("kernel.refused.no-room", (await desk.Get<PackEvidence>().RunAsync((await desk.Get<FindEvidence>().RunAsync(desk.Analyst, new(kept.Id), Cancel)).Value, Cancel)).Refusals[0].Key);
        disk.Free();
        Assert.True((await vault.PutAsync(new Endless(1000), Cancel)).Succeeded);
    }

    [LongFact]
    public async Task Two_gibibytes_pass_through_in_constant_memory_and_come_out_whole()
    {
        await using var desk = await TicketingDesk.StartAsync(new Dictionary<string, string?> { ["ticketing:evidenceLimitMib"] = "2100" });
        var incident = await desk.OpenAsync("image of a disk");
        const long Size = (2L << 30) + 5;
        var before = GC.GetTotalAllocatedBytes();
        var file = (await desk.Get<EvidenceVault>().PutAsync(new Endless(Size), Cancel)).Value;
        Assert.True(GC.GetTotalAllocatedBytes() - before < 256L << 20, "the file went through memory");
        var kept = (await desk.Get<KeepEvidence>().RunAsync(desk.Analyst, new(incident.Id, file, "disk.img"), Cancel)).Value;
        Assert.Equal(Size, kept.Size);
        await using var archive = (await desk.Get<PackEvidence>().RunAsync((await desk.Get<FindEvidence>().RunAsync(desk.Analyst, new(kept.Id), Cancel)).Value, Cancel)).Value;
        using var zip = new ZipFile(archive, leaveOpen: true) { Password = "infected" };
        Assert.Equal(Size, Assert.Single(zip.Cast<ZipEntry>()).Size);
        using var hash = SHA256.Create();
        Assert.Equal(kept.Sha256, Hex(await hash.ComputeHashAsync(zip.GetInputStream(0), Cancel)));
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\Users\\x\\a.exe", "a.exe")]
    [InlineData("invoice\u202Efdp.exe", "invoicefdp.exe")]
    [InlineData("a\0b\r\n.exe", "ab.exe")]
    [InlineData("..", "file")]
    [InlineData("<img src=x onerror=alert(1)>.svg", "_img src=x onerror=alert(1)_.svg")]
    public async Task Hostile_name_is_made_harmless_and_none_of_it_names_the_download(string hostile, string name)
    {
        var incident = await _desk.OpenAsync("names");
        var kept = await KeepAsync(incident, Live(100), hostile);
        Assert.Equal(name, kept.Name);
        var row = (await _desk.Get<FindEvidence>().RunAsync(_desk.Analyst, new(kept.Id), Cancel)).Value;
        Assert.Equal($"{incident.Number}-E1-{kept.Sha256[..12]}.zip", PackEvidence.NameOf(row));
    }

    [Fact]
    public async Task Stricter_label_hides_file_hashes_entries_and_finds_from_those_who_see_the_incident()
    {
        var omar = await _desk.ColleagueAsync("omar", Tlp.Amber);
        var incident = await _desk.OpenAsync("shared");
        var file = (await _desk.Get<EvidenceVault>().PutAsync(new MemoryStream(Live(2000)), Cancel)).Value;
        var kept = (await _desk.Get<KeepEvidence>().RunAsync(_desk.Analyst, new(incident.Id, file, "needle.bin", Tlp: Tlp.AmberStrict), Cancel)).Value;
        Assert.Equal(0, kept.Traces);
        Assert.Single(await ListAsync(incident));
        Assert.Empty((await _desk.Get<ListEvidence>().RunAsync(omar, new(incident.Id), Cancel)).Value);
        var seen = (await _desk.Get<ShowIncident>().RunAsync(omar, incident.Number, Cancel)).Value;
        Assert.DoesNotContain(seen.Timeline, t => t.Kind == "evidence");
        Assert.Empty(seen.Traces);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<ViewEvidence>().RunAsync(omar, new(kept.Id), Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<FindEvidence>().RunAsync(omar, new(kept.Id), Cancel)).Refusals[0].Kind);
        foreach (var words in new[] { "needle", kept.Sha256, kept.Md5 })
        {
            Assert.NotEmpty(await FindAsync(_desk.Analyst, words));
            Assert.Empty(await FindAsync(omar, words));
        }
        // He brings the same file: he is not told that it is here.
        var his = (await _desk.Get<EvidenceVault>().PutAsync(new MemoryStream(Live(2000)), Cancel)).Value;
        Assert.False((await _desk.Get<KeepEvidence>().RunAsync(omar, new(incident.Id, his, "needle.bin"), Cancel)).Value.Again);
        // A label below the incident's own is raised to it.
        var strict = await _desk.OpenAsync(new IncidentFields { Title = "strict", Marking = new Marking(Tlp.AmberStrict) });
        var low = (await _desk.Get<KeepEvidence>().RunAsync(_desk.Analyst, new(strict.Id, file with { File = file.File }, "x", Tlp: Tlp.Clear), Cancel)).Value;
        Assert.Equal(Tlp.AmberStrict, Assert.Single(await ListAsync(strict)).Marking.Tlp);
        Assert.Equal(3, low.Traces);
    }

    [Fact]
    public async Task Evidence_of_a_merged_incident_is_shown_on_the_root_and_stays_with_its_part()
    {
        var (root, part) = (await _desk.OpenAsync("root"), await _desk.OpenAsync("part"));
        var kept = await KeepAsync(part, Live(3000), "a.bin");
        var merged = (await _desk.Get<MergeIncidents>().RunAsync(_desk.Analyst, new(root.Number, [part.Id]), Cancel)).Value;
        Assert.Equal((kept.Id, part.Number), (Assert.Single(await ListAsync(root)).Id, (await ListAsync(root))[0].Of));
        // What comes now belongs to the root, and the same file again is the one that its part has.
        Assert.True((await KeepAsync(root, Live(3000), "a.bin")).Again);
        var late = await KeepAsync(part, Live(4000), "b.bin");
        Assert.Equal(1, late.Number);
        Assert.Equal(1, (await _desk.Get<UndoAct>().RunAsync(_desk.Analyst, merged.Act, Cancel)).Value.Done);
        Assert.Equal([late.Id], (await ListAsync(root)).Select(l => l.Id));
        Assert.Equal([kept.Id], (await ListAsync(part)).Select(l => l.Id));
    }

    [Fact]
    public async Task Destroyed_file_is_noise_at_once_and_its_custody_stays()
    {
        var manager = _desk.Modules.Person("Mara", Role.Manager);
        var incident = await _desk.OpenAsync("implant");
        var kept = await KeepAsync(incident, Live(1000), "a.bin");
        Assert.Equal(RefusalKind.Forbidden, (await _desk.Get<DestroyEvidence>().RunAsync(_desk.Analyst, new(kept.Id, "court order"), Cancel)).Refusals[0].Kind);
        Assert.Equal("ticketing.refused.evidence-reason", (await _desk.Get<DestroyEvidence>().RunAsync(manager, new(kept.Id, "  no "), Cancel)).Refusals[0].Key);
        Assert.True((await _desk.Get<DestroyEvidence>().RunAsync(manager, new(kept.Id, "court order of 3 March"), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.evidence-destroyed", (await _desk.Get<DestroyEvidence>().RunAsync(manager, new(kept.Id, "court order"), Cancel)).Refusals[0].Key);
        Assert.Equal("ticketing.refused.evidence-destroyed", (await _desk.Get<FindEvidence>().RunAsync(_desk.Analyst, new(kept.Id), Cancel)).Refusals[0].Key);
        Assert.Equal(0, await CountAsync("kernel.file_owners"));
        Assert.Equal(1, await CountAsync("ticketing.evidence where sealed_key is null and stored is null"));
        Assert.Equal(["received", "hashed", "destroyed"], await ActsAsync(kept.Id));
        Assert.Equal("destroyed", (await _desk.Get<VerifyEvidence>().RunAsync(_desk.Analyst, new(kept.Id), Cancel)).Value.File);
        // The same file may come again.
        Assert.False((await KeepAsync(incident, Live(1000), "a.bin")).Again);
    }

    [Fact]
    public async Task Evidence_of_long_closed_incidents_is_destroyed_when_the_setting_says_so()
    {
        await using var desk = await TicketingDesk.StartAsync(new Dictionary<string, string?> { ["ticketing:evidenceDaysAfterClose"] = "30" });
        List<IncidentRef> incidents = [];
        foreach (var title in new[] { "open", "closed lately", "closed long ago" })
        {
            incidents.Add(await desk.OpenAsync(title));
            var file = (await desk.Get<EvidenceVault>().PutAsync(new MemoryStream(Live(500)), Cancel)).Value;
            Assert.True((await desk.Get<KeepEvidence>().RunAsync(desk.Analyst, new(incidents[^1].Id, file, "a"), Cancel)).Succeeded);
        }
        await using (var owner = NpgsqlDataSource.Create(desk.Modules.Owner))
        {
            await using var close = owner.CreateCommand("update ticketing.incidents set state = 'closed', closed_at = now() - case title when 'closed lately' then interval '29 days' else interval '31 days' end where title <> 'open'");
            await close.ExecuteNonQueryAsync(Cancel);
        }
        Assert.Equal(1, await ActivatorUtilities.CreateInstance<DestroyOldJob>(desk.Modules.Services).RunAsync(Cancel));
        Assert.Equal(0, await ActivatorUtilities.CreateInstance<DestroyOldJob>(desk.Modules.Services).RunAsync(Cancel));
        Assert.Equal([incidents[2].Number], await desk.Modules.Database.QueryAsync<string>("select i.number from ticketing.evidence e join ticketing.incidents i on i.id = e.incident_id where e.destroyed_at is not null", null, Cancel));
        Assert.Equal(0, await ActivatorUtilities.CreateInstance<DestroyOldJob>(_desk.Modules.Services).RunAsync(Cancel));
    }

    [Fact]
    public async Task Attachment_of_a_received_mail_is_kept_with_its_sender()
    {
        var live = Live(9000);
        await _desk.ReceiveAsync($"From: Bob <bob@partner.example>\r\nSubject: bad file\r\nMessage-ID: <e1@partner.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee attached\r\n--b\r\nContent-Type: application/octet-stream; name=\"..\\\\evil.exe\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(live, Base64FormattingOptions.InsertLineBreaks)}\r\n--b--\r\n");
        var report = Assert.Single(await _desk.ReportsAsync());
        var incident = (await _desk.Get<PromoteReport>().RunAsync(_desk.Analyst, new(report.Id, new() { Title = "bad file" }), Cancel)).Value;
        var file = Assert.Single((await _desk.Get<ListMailFiles>().RunAsync(_desk.Analyst, new(incident.Id), Cancel)).Value);
        Assert.Equal(("evil.exe", 9000L, "bob@partner.example", false), (file.Name, file.Size, file.Sender, file.Kept));
        var kept = (await _desk.Get<KeepFromMail>().RunAsync(_desk.Analyst, new(incident.Id, file.Mail, file.Part), Cancel)).Value;
        Assert.Equal((Hex(SHA256.HashData(live)), "evil.exe"), (kept.Sha256, kept.Name));
        Assert.True(Assert.Single((await _desk.Get<ListMailFiles>().RunAsync(_desk.Analyst, new(incident.Id), Cancel)).Value).Kept);
        Assert.Equal("bob@partner.example", (await _desk.Get<ViewEvidence>().RunAsync(_desk.Analyst, new(kept.Id), Cancel)).Value.Lines[0].Party);
        // A message of another incident is none of this one's.
        var other = await _desk.OpenAsync("other");
        Assert.Equal("ticketing.refused.no-mail-file", (await _desk.Get<KeepFromMail>().RunAsync(_desk.Analyst, new(other.Id, file.Mail, file.Part), Cancel)).Refusals[0].Key);
    }

    [Theory]
    [InlineData(256)]
    [InlineData(0)]
    public async Task Archive_under_the_customary_password_is_listed_and_hashed_without_unpacking(int aes)
    {
        var incident = await _desk.OpenAsync("archive");
        var live = Live(70_000);
        var kept = await KeepAsync(incident, Zip("infected", aes, ("../../drop/evil.exe", live), ("readme.txt", "hello"u8.ToArray())), "sample.zip");
        Assert.Equal("application/zip", kept.Kind);
        var files = Directory.EnumerateFiles(_desk.Data.Root, "*", SearchOption.AllDirectories).Count();
        var read = (await MembersAsync(kept.Id, null)).Value;
        Assert.Null(read.Refused);
        Assert.Equal([("evil.exe", 70_000L, true, Hex(SHA256.HashData(live))), ("readme.txt", 5L, true, Hex(SHA256.HashData("hello"u8)))], read.Members.Select(m => (m.Name, m.Size, m.Encrypted, m.Sha256!)));
        Assert.Equal(Hex(MD5.HashData(live)), read.Members[0].Md5);
        Assert.Equal(files, Directory.EnumerateFiles(_desk.Data.Root, "*", SearchOption.AllDirectories).Count());
        var closed = (await MembersAsync(kept.Id, "another")).Value;
        Assert.Equal([("evil.exe", (string?)null), ("readme.txt", null)], closed.Members.Select(m => (m.Name, m.Sha256)));
        Assert.Equal(["received", "hashed", "listed", "listed"], await ActsAsync(kept.Id));
    }

    [Fact]
    public async Task Bomb_is_left_where_it_begins_and_nonsense_is_said_to_be_none()
    {
        var incident = await _desk.OpenAsync("bomb");
        var bomb = await KeepAsync(incident, Zip("infected", 256, ("zeros", new byte[30 << 20])), "bomb.zip");
        Assert.Equal("ratio", (await MembersAsync(bomb.Id, null)).Value.Refused);
        var nonsense = await KeepAsync(incident, [.. "PK\x03\x04"u8, .. Live(500)], "no.zip");
        Assert.Equal("damaged", (await MembersAsync(nonsense.Id, null)).Value.Refused);
    }

    private static byte[] Live(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        "MZ\x90\x00THE-LIVE-MARK"u8.CopyTo(bytes);
        return bytes;
    }

    private static byte[] Zip(string password, int aes, params (string Name, byte[] Bytes)[] members)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipOutputStream(memory) { Password = password, IsStreamOwner = false })
        {
            foreach (var (name, bytes) in members)
            {
                zip.PutNextEntry(new ZipEntry(name) { AESKeySize = aes });
                zip.Write(bytes);
                zip.CloseEntry();
            }
        }
        return memory.ToArray();
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    private async Task<EvidenceKept> KeepAsync(IncidentRef incident, byte[] bytes, string name, string from = "")
    {
        var file = (await _desk.Get<EvidenceVault>().PutAsync(new MemoryStream(bytes), Cancel)).Value;
        return (await _desk.Get<KeepEvidence>().RunAsync(_desk.Analyst, new(incident.Id, file, name, from), Cancel)).Value;
    }

    private async Task<Outcome<Stream>> PackAsync(Guid id) => await _desk.Get<PackEvidence>().RunAsync((await _desk.Get<FindEvidence>().RunAsync(_desk.Analyst, new(id), Cancel)).Value, Cancel);

    private async Task<IReadOnlyList<EvidenceLine>> ListAsync(IncidentRef incident) => (await _desk.Get<ListEvidence>().RunAsync(_desk.Analyst, new(incident.Id), Cancel)).Value;

    private Task<Outcome<int>> NoteAsync(Guid id, string act, string party) => _desk.Get<NoteCustody>().RunAsync(_desk.Analyst, new(id, act, party), Cancel);

    private async Task<EvidenceState> VerifyAsync(Guid id) => (await _desk.Get<VerifyEvidence>().RunAsync(_desk.Analyst, new(id), Cancel)).Value;

    private Task<Outcome<ParsedArchive>> MembersAsync(Guid id, string? password) => _desk.Get<ReadMembers>().RunAsync(_desk.Analyst, id, password, Cancel);

    private async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words) => await ActivatorUtilities.CreateInstance<IncidentSearch>(_desk.Modules.Services).FindAsync(viewer, words, 20, Cancel);

    private Task<IReadOnlyList<string>> ActsAsync(Guid id) => _desk.Modules.Database.QueryAsync<string>("select act from ticketing.custody where evidence_id = @Id order by line", new { Id = id }, Cancel);

    private async Task<long> CountAsync(string from) => (await _desk.Modules.Database.QueryAsync<long>($"select count(*) from {from}", null, Cancel))[0];

    private async Task AsOwnerAsync(string sql)
    {
        await using var owner = NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var command = owner.CreateCommand(sql);
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }

    /// <summary>A line that breaks in the middle.</summary>
    private sealed class Torn(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position > Length / 2 ? throw new IOException("Unexpected end of request content.") : base.ReadAsync(buffer[..Math.Min(buffer.Length, 10_000)], cancellationToken);
    }

    /// <summary>Bytes without end, up to one.</summary>
    private sealed class Endless(long length) : Stream
    {
        private long _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(buffer.Length, length - _at);
            buffer.Span[..count].Fill((byte)(_at >> 20));
            _at += count;
            return ValueTask.FromResult(count);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
