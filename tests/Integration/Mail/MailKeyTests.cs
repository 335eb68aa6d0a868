using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Mail;
using Appliance.Tests;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Mail;

/// <summary>Keys that people put in: read by real gpg and openssl, used for mail, sealed at rest, and hostile ones refused.</summary>
public sealed class MailKeyTests : IAsyncLifetime
{
    private readonly ForeignGpg _gpg = new();
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("cirt-mail-keys-");
    private TestModules _modules = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Viewer Admin => field ??= _modules.Person("Ada", Role.Administrator);

    private Viewer Analyst => field ??= _modules.Person("Ana", Role.Analyst);

    public async ValueTask InitializeAsync() =>
        _modules = await TestModules.StartAsync([], services => services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()), new Dictionary<string, string?> { ["kernel:mail:from"] = "cirt@example.org" });

    public async ValueTask DisposeAsync()
    {
        await _modules.DisposeAsync();
        _gpg.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Key_of_a_correspondent_and_one_made_here_seal_the_next_message()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var key = await _gpg.MakeAsync("Ann <ann@partner.example>");
        var armour = await _gpg.PublicAsync(key);
        Assert.Equal((key, false), await Look(armour));
        var seen = Assert.Single((await Add(Analyst, armour)).Value);
        Assert.Equal((key, "ann@partner.example", false), (seen.Key.Fingerprint, seen.Key.Addresses[0], seen.Known));
        Assert.True(Assert.Single((await Add(Analyst, armour)).Value).Known);

        Assert.False((await Get<MakeMailKey>().RunAsync(Analyst, new(), Cancel)).Succeeded);
        var made = (await Get<MakeMailKey>().RunAsync(Admin, new(), Cancel)).Value;
        var sheet = (await Get<ListMailKeys>().RunAsync(Analyst, new(), Cancel)).Value;
        Assert.Equal("openpgp", sheet.Signs);
        Assert.Equal([("valid", true), ("valid", false)], sheet.Keys.Items.Select(l => (l.State, l.Own)));
        Assert.Equal([(key, "Ana")], (await Get<ListMailKeys>().RunAsync(Analyst, new("ANN@part"), Cancel)).Value.Keys.Items.Select(l => (l.Fingerprint, l.AddedByName)));

        await _gpg.ImportAsync((await Get<TakePublicKey>().RunAsync(Analyst, made.Id, Cancel)).Value.Text);
        var (sent, raw) = await SendAsync("ann@partner.example");
        Assert.Equal(new MailSealed("openpgp", "openpgp"), sent.Seal);
        var (said, clear) = await _gpg.RunAsync(MimeText.Body(MimeText.Parts(raw)[1]), ["--batch", "--status-fd", "2", "--decrypt"]);
        Assert.Contains($"VALIDSIG {made.Fingerprint}", said, StringComparison.Ordinal);
        Assert.Contains("the text", clear, StringComparison.Ordinal);

        // Nothing secret lies in the clear, in no row at all.
        var stored = await _modules.Database.FindAsync<string>("select secret from kernel.mail_keys where own", null, Cancel);
        Assert.False(Get<StoredKeys>().Open(stored)!.AsSpan().IndexOf("cirt@example.org"u8) < 0);
        Assert.DoesNotContain("PRIVATE", string.Concat(await _modules.Database.QueryAsync<string>("select to_jsonb(e)::text from audit.entries e", null, Cancel)), StringComparison.Ordinal);

        var others = sheet.Keys.Items.Single(l => !l.Own).Id!.Value;
        Assert.False((await Get<RemoveMailKey>().RunAsync(Analyst, made.Id, Cancel)).Succeeded);
        Assert.True((await Get<RemoveMailKey>().RunAsync(Analyst, others, Cancel)).Succeeded);
        Assert.Equal(new MailSealed("openpgp", null), (await SendAsync("ann@partner.example")).Sent.Seal);
        Assert.Equal(["kernel.mail-key.added", "kernel.mail-key.added", "kernel.mail-key.added", "kernel.mail-key.removed"],
            await _modules.Database.QueryAsync<string>("select action from audit.entries where action like 'kernel.mail-key.%' order by id", null, Cancel));
    }

    [Fact]
    public async Task Secret_key_needs_its_passphrase_and_decrypts_what_comes_in()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var key = await _gpg.MakeAsync("CIRT <cirt@example.org>", passphrase: "open sesame");
        await _gpg.RunAsync("", ["--batch", "--pinentry-mode", "loopback", "--passphrase", "open sesame", "--quick-add-key", key, "rsa2048", "encr"]);
        var armour = await _gpg.SecretAsync(key, "open sesame");
        Assert.Equal("kernel.mail-keys.refused.needs-passphrase", (await Add(Admin, armour)).Refusals[0].Key);
        Assert.Equal("kernel.mail-keys.refused.passphrase", (await Add(Admin, armour, "wrong")).Refusals[0].Key);
        Assert.Equal("kernel.refused.permission", (await Add(Analyst, armour, "open sesame")).Refusals[0].Key);
        Assert.True(Assert.Single((await Add(Admin, armour, "open sesame")).Value).Key.Own);
        var ring = (await Get<MailKeys>().RingAsync(Cancel))!;
        var encrypted = (await _gpg.RunAsync("word\n", ["--batch", "--armor", "--encrypt", "-r", key])).Output;
        var (seal, clear) = await OpenPgp.OpenAsync(ring, new("1", "openpgp", "encrypted", "inline", Encoding.ASCII.GetBytes(encrypted)), "", Cancel);
        Assert.Equal(("decrypted", "word\n"), (seal.Decryption, Encoding.ASCII.GetString(clear ?? [])));
        // The public part put in later takes nothing away.
        Assert.True((await Add(Analyst, await _gpg.PublicAsync(key))).Succeeded);
        Assert.True((await Get<ListMailKeys>().RunAsync(Analyst, new(), Cancel)).Value.Keys.Items.Single().Own);
    }

    [Fact]
    public async Task Expired_revoked_and_signing_keys_are_not_used_and_say_so()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        await Add(Analyst, await _gpg.PublicAsync(await _gpg.MakeAsync("Old <old@partner.example>", "1d", "", "default", "--faked-system-time", "20200101T000000")));
        var lost = await _gpg.MakeAsync("Lost <lost@partner.example>");
        var fresh = await _gpg.PublicAsync(lost);
        await Add(Analyst, fresh);
        await Add(Analyst, await _gpg.RevokedAsync(lost));
        // An older copy does not bring it back.
        await Add(Analyst, fresh);
        await Add(Analyst, await _gpg.PublicAsync(await _gpg.MakeAsync("Sign <sign@partner.example>", usage: "sign")));
        await Add(Analyst, await _gpg.PublicAsync(await _gpg.MakeAsync("Soon <soon@partner.example>", "10d")));
        var states = (await Get<OutgoingMail>().KeysAsync(["old@partner.example", "lost@partner.example", "sign@partner.example", "SOON@partner.example", "nobody@partner.example"], Cancel)).Select(k => k.State);
        Assert.Equal(["expired", "revoked", "no-encryption", "valid", "none"], states);
        Assert.Equal(["soon", "no-encryption", "revoked", "expired"], (await Get<ListMailKeys>().RunAsync(Analyst, new(), Cancel)).Value.Keys.Items.Select(l => l.State));
        Assert.Null((await SendAsync("lost@partner.example")).Sent.Seal.Encrypted);
        Assert.Equal(["kernel.mail.refused.key.expired", "kernel.mail.refused.key.none"], (await QueueAsync(SealWish.Required, "old@partner.example", "soon@partner.example", "nobody@partner.example")).Refusals.Select(r => r.Key));
    }

    [Fact]
    public async Task Of_two_keys_for_an_address_the_one_put_in_last_is_meant()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var (first, second) = (await _gpg.MakeAsync("Ann <ann@partner.example>"), await _gpg.MakeAsync("Ann anew <ann@partner.example>", more: "--allow-freeform-uid"));
        await Add(Analyst, await _gpg.PublicAsync(second));
        Assert.Equal([second], Assert.Single((await Add(Analyst, await _gpg.PublicAsync(first))).Value).Others);
        Assert.Equal(first, (await Get<OutgoingMail>().KeysAsync(["ann@partner.example"], Cancel))[0].Fingerprint);
    }

    [Fact]
    public async Task Certificate_counts_when_its_authority_is_known_and_its_purpose_is_mail()
    {
        await CertificateAsync("ca", "/CN=Root", "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n", null);
        await CertificateAsync("ann", "/CN=Ann", "subjectAltName=email:ann@partner.example\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n", "ca");
        await CertificateAsync("web", "/CN=Web", "subjectAltName=email:web@partner.example\nextendedKeyUsage=serverAuth\n", "ca");
        await CertificateAsync("desk", "/CN=Desk", "subjectAltName=email:cirt@example.org\nkeyUsage=critical,digitalSignature,keyEncipherment\n", "ca");
        await Add(Analyst, Text("ann.crt") + Text("web.crt"));
        Assert.Equal(["untrusted", "no-encryption"], (await Get<OutgoingMail>().KeysAsync(["ann@partner.example", "web@partner.example"], Cancel)).Select(k => k.State));
        Assert.Equal("kernel.refused.permission", (await Add(Analyst, Text("ca.crt"))).Refusals[0].Key);
        Assert.True((await Add(Admin, Text("ca.crt"))).Succeeded);
        Openssl("pkcs12", "-export", "-in", At("desk.crt"), "-inkey", At("desk.key"), "-passout", "pass:sesame", "-out", At("desk.p12"));
        var p12 = Convert.ToBase64String(await File.ReadAllBytesAsync(At("desk.p12"), Cancel));
        Assert.Equal("kernel.mail-keys.refused.passphrase", (await Add(Admin, p12, "wrong")).Refusals[0].Key);
        Assert.True(Assert.Single((await Add(Admin, p12, "sesame")).Value).Key.Own);

        var (sent, raw) = await SendAsync("ann@partner.example");
        Assert.Equal(new MailSealed("smime", "smime"), sent.Seal);
        // Plain openssl reads it as Ann would: decrypted with her key, verified by the authority.
        await File.WriteAllTextAsync(At("mail.eml"), raw, Cancel);
        Openssl("cms", "-decrypt", "-in", At("mail.eml"), "-inkey", At("ann.key"), "-recip", At("ann.crt"), "-out", At("inner"));
        Openssl("cms", "-verify", "-in", At("inner"), "-CAfile", At("ca.crt"), "-out", At("clear"));
        Assert.Contains("the text", Text("clear"), StringComparison.Ordinal);
        // The team's certificate is a recipient too.
        Openssl("cms", "-decrypt", "-in", At("mail.eml"), "-inkey", At("desk.key"), "-recip", At("desk.crt"), "-out", At("inner2"));
        Assert.Equal(Text("inner"), Text("inner2"));

        var (plain, signed) = await SendAsync("web@partner.example");
        Assert.Equal(new MailSealed("smime", null), plain.Seal);
        await File.WriteAllTextAsync(At("signed.eml"), signed, Cancel);
        Openssl("cms", "-verify", "-in", At("signed.eml"), "-CAfile", At("ca.crt"), "-out", At("clear"));
        Assert.ThrowsAny<InvalidOperationException>(() => Openssl("cms", "-verify", "-in", Changed(signed), "-CAfile", At("ca.crt"), "-out", At("clear")));

        string Changed(string message)
        {
            File.WriteAllText(At("changed.eml"), message.Replace("the text", "the test", StringComparison.Ordinal));
            return At("changed.eml");
        }
    }

    [Fact]
    public async Task Request_for_a_certificate_is_answered_and_then_signs()
    {
        var asked = (await Get<MakeMailKey>().RunAsync(Admin, new("smime"), Cancel)).Value;
        Assert.Equal("pending", (await Get<ListMailKeys>().RunAsync(Analyst, new(), Cancel)).Value.Keys.Items.Single().State);
        await File.WriteAllTextAsync(At("own.csr"), (await Get<TakePublicKey>().RunAsync(Analyst, asked.Id, Cancel)).Value.Text, Cancel);
        await CertificateAsync("ca", "/CN=Root", "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n", null);
        Openssl("x509", "-req", "-in", At("own.csr"), "-CA", At("ca.crt"), "-CAkey", At("ca.key"), "-days", "30", "-copy_extensions", "copy", "-out", At("own.crt"));
        Assert.True(Assert.Single((await Add(Admin, Text("own.crt"))).Value).Key.Own);
        Assert.False((await Get<ListMailKeys>().RunAsync(Analyst, new(), Cancel)).Value.Keys.Items.Single().Pending);
        Assert.Equal(new MailSealed("smime", null), (await SendAsync("x@partner.example")).Sent.Seal);
    }

    [Fact]
    public async Task Hidden_recipients_are_not_named_by_their_keys_either()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        await Get<MakeMailKey>().RunAsync(Admin, new(), Cancel);
        foreach (var name in (string[])["ann", "bob"])
            await Add(Analyst, await _gpg.PublicAsync(await _gpg.MakeAsync($"{name} <{name}@partner.example>")));
        await using var work = await _modules.Database.BeginAsync(Viewer.System("test"), Cancel);
        var sent = (await Get<OutgoingMail>().QueueAsync(work, Message(SealWish.Policy, "ann@partner.example", "bob@partner.example") with { HideRecipients = true }, Cancel)).Value;
        await work.CommitAsync(Cancel);
        Assert.Equal("openpgp", sent.Seal.Encrypted);
        var raw = await RawAsync(sent.Mail);
        Assert.DoesNotContain("partner.example", raw, StringComparison.Ordinal);
        var packets = (await _gpg.RunAsync(MimeText.Body(MimeText.Parts(raw)[1]), ["--batch", "--list-packets"], mayFail: true)).Output;
        Assert.Equal(3, packets.Split("keyid 0000000000000000").Length - 1);
        Assert.Contains("the text", (await _gpg.RunAsync(MimeText.Body(MimeText.Parts(raw)[1]), ["--batch", "--decrypt"], mayFail: true)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("where-possible", 3, false)]
    [InlineData("required-from-amber-strict", 2, false)]
    [InlineData("required-from-amber-strict", 3, true)]
    [InlineData("required-from-amber", 2, true)]
    public async Task Policy_decides_what_may_leave_in_clear(string policy, int tlp, bool refused)
    {
        Get<Microsoft.Extensions.Options.IOptionsMonitor<MailOptions>>().CurrentValue.Encrypt = policy;
        await using var work = await _modules.Database.BeginAsync(Viewer.System("test"), Cancel);
        var message = Message(SealWish.Policy, "ann@partner.example") with { Marking = new((Tlp)tlp) };
        Assert.Equal(refused, !(await Get<OutgoingMail>().QueueAsync(work, message, Cancel)).Succeeded);
        Assert.True((await Get<OutgoingMail>().QueueAsync(work, message with { Seal = SealWish.Clear }, Cancel)).Succeeded);
        Assert.True((await Get<OutgoingMail>().QueueAsync(work, message with { Seal = SealWish.Possible }, Cancel)).Succeeded);
    }

    [Fact]
    public async Task Hostile_key_files_are_refused_or_kept_as_text()
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        Assert.Equal("kernel.mail-keys.refused.size", (await Add(Analyst, "")).Refusals[0].Key);
        Assert.Equal("kernel.mail-keys.refused.size", (await Add(Analyst, new string('A', 4 << 20))).Refusals[0].Key);
        foreach (var garbage in (string[])["hello", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", Convert.ToBase64String([0x99, 1, 2, 3]), Convert.ToBase64String([0x30, 0x82, 0xff, 0xff])])
            Assert.Equal("kernel.mail-keys.refused.none", (await Add(Analyst, garbage)).Refusals[0].Key);
        // A compressed packet that becomes a gigabyte.
        using var bomb = new MemoryStream();
        bomb.Write([0xa3, 2]);
        await using (var zlib = new ZLibStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
            for (var i = 0; i < 900; i++)
                zlib.Write(new byte[1 << 20]);
        var watch = Stopwatch.StartNew();
        Assert.False((await Add(Analyst, Convert.ToBase64String(bomb.ToArray()))).Succeeded);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1));
        var hostile = await _gpg.MakeAsync("<script>alert(1)</script>\u202egpj <eve@partner.example>", more: "--allow-freeform-uid");
        var seen = Assert.Single((await Add(Analyst, await _gpg.PublicAsync(hostile))).Value);
        Assert.Equal(["eve@partner.example"], seen.Key.Addresses);
        Assert.Contains("<script>", seen.Key.Name, StringComparison.Ordinal);
        Assert.Equal("kernel.mail-keys.refused.upload-gone", (await Get<AddMailKeys>().RunAsync(Analyst, new(null, Guid.NewGuid()), Cancel)).Refusals[0].Key);
    }

    private async Task<(string, bool)> Look(string content)
    {
        var seen = Assert.Single((await Get<LookAtMailKeys>().RunAsync(Analyst, new(content), Cancel)).Value);
        return (seen.Key.Fingerprint, seen.Known);
    }

    private Task<Outcome<IReadOnlyList<KeySeen>>> Add(Viewer viewer, string content, string? passphrase = null) => Get<AddMailKeys>().RunAsync(viewer, new(content, null, passphrase), Cancel);

    private static OutgoingMessage Message(SealWish wish, params string[] to) => new() { About = "test/1", Recipients = [.. to.Select(t => new MailRecipient(t))], Subject = "[TLP:AMBER] x", Text = "the text\n", Marking = new(Tlp.Amber), Seal = wish };

    private async Task<Outcome<QueuedMail>> QueueAsync(SealWish wish, params string[] to)
    {
        await using var work = await _modules.Database.BeginAsync(Viewer.System("test"), Cancel);
        return await Get<OutgoingMail>().QueueAsync(work, Message(wish, to), Cancel);
    }

    private async Task<(QueuedMail Sent, string Raw)> SendAsync(params string[] to)
    {
        await using var work = await _modules.Database.BeginAsync(Viewer.System("test"), Cancel);
        var sent = (await Get<OutgoingMail>().QueueAsync(work, Message(SealWish.Policy, to), Cancel)).Value;
        await work.CommitAsync(Cancel);
        return (sent, await RawAsync(sent.Mail));
    }

    private async Task<string> RawAsync(MailId mail) => Encoding.ASCII.GetString((await Get<MailStore>().RawAsync(Analyst, mail, Cancel))!);

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private string Text(string name) => File.ReadAllText(At(name));

    private async Task CertificateAsync(string name, string subject, string extensions, string? issuer)
    {
        await File.WriteAllTextAsync(At("ext"), extensions, Cancel);
        Openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", At($"{name}.key"), "-out", At($"{name}.csr"), "-subj", subject);
        string[] signed = issuer is null ? ["-signkey", At($"{name}.key")] : ["-CA", At($"{issuer}.crt"), "-CAkey", At($"{issuer}.key")];
        Openssl(["x509", "-req", "-in", At($"{name}.csr"), .. signed, "-days", "60", "-extfile", At("ext"), "-out", At($"{name}.crt")]);
    }

    private static void Openssl(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/openssl", arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"openssl {string.Join(' ', arguments)}: {errors}");
    }

    private T Get<T>() where T : notnull => _modules.Services.GetRequiredService<T>();
}
