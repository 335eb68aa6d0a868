using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Mail.Parse;
using Appliance.Tests;
using Xunit;

namespace Appliance.Conformance.Mail;

/// <summary>Signed and encrypted mail: the kit's, and our own made here by gpg and openssl, read by the real parser process.</summary>
public sealed class SealTests(ITestOutputHelper output) : IDisposable
{
    private readonly ParserProcess _parser = ParserProcess.Start(Checkout.Cirt);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("seals-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _parser.Dispose();
        _folder.Delete(recursive: true);
    }

    [KitTheory("mail/crypto/expected.jsonl")]
    [InlineData("openpgp", 14)]
    [InlineData("smime", 6)]
    public async Task Kit_signatures_are_verified_and_what_cannot_be_decrypted_says_so(string scheme, int floor)
    {
        using var ring = await KeyRing.ReadAsync(Kit.Require($"mail/crypto/{scheme}/keys"), Cancel);
        var right = 0;
        foreach (var record in File.ReadLines(Kit.Require("mail/crypto/expected.jsonl")).Select(l => JsonNode.Parse(l)!).Where(r => (string)r["scheme"]! == scheme))
        {
            var mail = await OpenAsync(await File.ReadAllBytesAsync(Kit.Require($"mail/{record["file"]}"), Cancel), ring);
            var good = mail.Seals.Any(s => s.Signature == "good");
            var same = (bool)record["special"]! ? !good
                : (bool)record["encrypted"]! ? mail.Seals.Any(s => s.Decryption == "no-key") && !good
                : good == (bool)record["signed"]! && mail.Text.Contains((string?)record["bodyContains"] ?? "", StringComparison.Ordinal);
            right += same ? 1 : 0;
            if (!same)
                output.WriteLine($"{record["file"]}: {JsonSerializer.Serialize(mail.Seals)}");
        }
        output.WriteLine($"{scheme}: {right}");
        Assert.True(right >= floor, $"{scheme}: {right}, the floor is {floor}");
    }

    [Theory]
    [InlineData("mime")]
    [InlineData("inline")]
    public async Task Openpgp_mail_to_us_is_decrypted_and_its_signature_told(string form)
    {
        Assert.SkipUnless(GpgProgram.IsPresent, "gpg is not installed");
        var home = _folder.CreateSubdirectory("gpg").FullName;
        // Two own keys: the second is the one that fits.
        foreach (var user in (string[])["other@cirt.example", "desk@cirt.example", "ann@partner.example"])
            await RunAsync("/usr/bin/gpg", home, ["--batch", "--passphrase", "", "--quick-gen-key", user, "future-default", "default", "never"], "");
        var keys = _folder.CreateSubdirectory("keys").FullName;
        await File.WriteAllTextAsync(Path.Combine(keys, "own.asc"), await RunAsync("/usr/bin/gpg", home, ["--batch", "--armor", "--export-secret-keys", "other@cirt.example", "desk@cirt.example"], ""), Cancel);
        await File.WriteAllTextAsync(Path.Combine(keys, "ann.asc"), await RunAsync("/usr/bin/gpg", home, ["--batch", "--armor", "--export", "ann@partner.example"], ""), Cancel);
        var clear = form == "mime" ? "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee 192.0.2[.]7\r\n--x\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--x--\r\n" : "see 192.0.2[.]7\n";
        // Hidden recipient: every key has to be tried.
        var armour = await RunAsync("/usr/bin/gpg", home, ["--batch", "--armor", "--trust-model", "always", "--encrypt", "--sign", "-u", "ann@partner.example", "-R", "desk@cirt.example"], clear);
        var message = form == "inline"
            ? $"From: ann@partner.example\nSubject: x\n\n{armour}"
            : $"From: ann@partner.example\r\nSubject: x\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n{armour}\r\n--b--\r\n";
        using var ring = await KeyRing.ReadAsync(keys, Cancel);
        var mail = await OpenAsync(Encoding.ASCII.GetBytes(message), ring);
        var seal = Assert.Single(mail.Seals);
        Assert.Equal(("decrypted", "good", true), (seal.Decryption, seal.Signature, seal.SignerIsSender));
        Assert.Contains("see 192.0.2[.]7", mail.Text, StringComparison.Ordinal);
        Assert.Contains(mail.Observables, o => o.Value == "192.0.2.7");
        Assert.Equal(form == "mime", mail.Attachments.Any(a => a.Name == "a.csv"));
        await RunAsync("/usr/bin/gpgconf", home, ["--kill", "gpg-agent"], "");
    }

    [Fact]
    public async Task Changed_text_and_unsigned_text_are_never_good()
    {
        Assert.SkipUnless(GpgProgram.IsPresent, "gpg is not installed");
        var home = _folder.CreateSubdirectory("gpg").FullName;
        await RunAsync("/usr/bin/gpg", home, ["--batch", "--passphrase", "", "--quick-gen-key", "ann@partner.example", "future-default", "default", "never"], "");
        var keys = _folder.CreateSubdirectory("keys").FullName;
        await File.WriteAllTextAsync(Path.Combine(keys, "ann.asc"), await RunAsync("/usr/bin/gpg", home, ["--batch", "--armor", "--export", "ann@partner.example"], ""), Cancel);
        var signed = await RunAsync("/usr/bin/gpg", home, ["--batch", "--clearsign"], "pay account 1\n");
        using var ring = await KeyRing.ReadAsync(keys, Cancel);
        const string Head = "From: ann@partner.example\nSubject: x\n\n";
        Assert.Equal("good", Assert.Single((await OpenAsync(Encoding.ASCII.GetBytes(Head + signed), ring)).Seals).Signature);
        Assert.Equal("bad", Assert.Single((await OpenAsync(Encoding.ASCII.GetBytes(Head + signed.Replace("account 1", "account 2", StringComparison.Ordinal)), ring)).Seals).Signature);
        Assert.True(Assert.Single((await OpenAsync(Encoding.ASCII.GetBytes($"{Head}pay account 2\n{signed}"), ring)).Seals).Partial);
        var stranger = await OpenAsync(Encoding.ASCII.GetBytes("From: eve@else.example\nSubject: x\n\n" + signed), ring);
        Assert.False(Assert.Single(stranger.Seals).SignerIsSender);
        Assert.Equal("unknown-key", Assert.Single((await OpenAsync(Encoding.ASCII.GetBytes(Head + signed), null)).Seals).Signature);
        await RunAsync("/usr/bin/gpgconf", home, ["--kill", "gpg-agent"], "");
    }

    [Fact]
    public async Task Smime_is_decrypted_and_its_certificate_judged_at_the_date_of_the_mail()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not installed");
        var keys = _folder.CreateSubdirectory("keys").FullName;
        string At(string name) => Path.Combine(_folder.FullName, name);
        foreach (var (name, subject) in new[] { ("desk", "/CN=desk/emailAddress=desk@cirt.example"), ("ann", "/CN=ann/emailAddress=ann@partner.example") })
            await RunAsync("/usr/bin/openssl", _folder.FullName, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", At($"{name}.key"), "-out", At($"{name}.crt"), "-days", "30", "-subj", subject], "");
        await File.WriteAllTextAsync(Path.Combine(keys, "desk.pem"), await File.ReadAllTextAsync(At("desk.crt"), Cancel) + await File.ReadAllTextAsync(At("desk.key"), Cancel), Cancel);
        File.Copy(At("ann.crt"), Path.Combine(keys, "ann.crt"));
        var signed = await RunAsync("/usr/bin/openssl", _folder.FullName, ["cms", "-sign", "-signer", At("ann.crt"), "-inkey", At("ann.key")], "Content-Type: text/plain\r\n\r\nsecret word\r\n");
        var sealedMail = await RunAsync("/usr/bin/openssl", _folder.FullName, ["cms", "-encrypt", "-aes256", At("desk.crt")], signed);
        using var ring = await KeyRing.ReadAsync(keys, Cancel);
        string Mail(DateTimeOffset date) => $"From: ann@partner.example\nDate: {date:ddd, dd MMM yyyy HH:mm:ss} +0000\nSubject: x\n{sealedMail}";
        var now = TimeProvider.System.GetUtcNow();
        var mail = await OpenAsync(Encoding.ASCII.GetBytes(Mail(now.AddMinutes(5))), ring);
        Assert.Equal(["decrypted", null], mail.Seals.Select(s => s.Decryption));
        Assert.Equal(("good", true), (mail.Seals[1].Signature, mail.Seals[1].SignerIsSender));
        Assert.Contains("secret word", mail.Text, StringComparison.Ordinal);
        Assert.Equal("expired", (await OpenAsync(Encoding.ASCII.GetBytes(Mail(now.AddDays(90))), ring)).Seals[1].Signature);
    }

    [Theory]
    [InlineData(1_000, 1, 1, "depth")]
    [InlineData(1, 10_000, 1, "parts")]
    [InlineData(1, 1, 100_000, "headers")]
    public async Task What_is_built_to_be_too_much_is_answered_within_seconds_and_named(int levels, int parts, int headers, string limit)
    {
        var text = new StringBuilder("From: a@b.example\r\nSubject: x\r\n");
        text.Append(string.Concat(Enumerable.Range(0, headers).Select(i => $"X-{i}: y\r\n")));
        text.Append("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
        if (levels > 1)
            for (var i = 0; i < levels; i++)
                text.Append("--b").Append(i == 0 ? "" : $"{i}").Append("\r\nContent-Type: multipart/mixed; boundary=b").Append(i + 1).Append("\r\n\r\n");
        else
            text.Append(string.Concat(Enumerable.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", parts)));
        var watch = Stopwatch.StartNew();
        var mail = await ReadAsync(Encoding.ASCII.GetBytes(text.ToString()), Cancel);
        Assert.Contains(limit, mail!.Limits);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    private async Task<ParsedMail> OpenAsync(byte[] message, KeyRing? ring) => await SealReading.OpenAsync((await ReadAsync(message, Cancel))!, ring, ReadAsync, Cancel);

    private async Task<ParsedMail?> ReadAsync(byte[] message, CancellationToken cancel) =>
        JsonSerializer.Deserialize<ParsedMail>(await _parser.AskAsync(Frames.Mail, message, TimeSpan.FromSeconds(60), cancel), ParseVerb.Json);

    private static async Task<string> RunAsync(string program, string home, IEnumerable<string> arguments, string input)
    {
        var (exit, bytes, errors) = await BoundedProgram.RunAsync(program, home, arguments, Encoding.ASCII.GetBytes(input), Cancel);
        Assert.True(exit == 0, errors);
        return Encoding.ASCII.GetString(bytes);
    }
}
