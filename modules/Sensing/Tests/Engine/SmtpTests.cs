using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Mail on its way: envelope, headers, parts, attachments, and what is out of order. Expectations are those of Suricata 7.0.10 on the same bytes.</summary>
public sealed class SmtpTests
{
    private const string Head = "From: A <a@example>\nTo: B <b@example>\nSubject: hi there\n";
    private const string Attached = "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"a.txt\"\n\nQk9EWU1BUks=\n";

    private static (bool, byte[]) Says(bool client, string text) => (client, Encoding.Latin1.GetBytes(text.Replace("\r", "").Replace("\n", "\r\n")));

    private static readonly (bool, byte[])[] Hello = [Says(false, "220 mx.example ESMTP\n"), Says(true, "EHLO c.example\n"), Says(false, "250-mx\n250 8BITMIME\n")];

    private static Task<Replayed> Session(string rules, string? yaml, params (bool, byte[])[] steps) =>
        Replayed.Configured(new PacketForge().Conversation("192.0.2.9", 4000, "198.51.100.9", 25, [.. Hello, .. steps]).ToArray(), rules, yaml == null ? null : new() { ["suricata.yaml"] = yaml });

    private static Task<Replayed> Mail(string mail, string rules = "", string? yaml = null) =>
        Session(rules, yaml, Says(true, "MAIL FROM:<a@example>\n"), Says(false, "250 ok\n"), Says(true, "RCPT TO:<b@example>\n"), Says(false, "250 ok\n"), Says(true, "DATA\n"), Says(false, "354 go\n"),
            Says(true, mail), Says(true, ".\n"), Says(false, "250 queued\n"), Says(true, "QUIT\n"), Says(false, "221 bye\n"));

    private static string Parts(params string[] parts) => Head + "Content-Type: multipart/mixed; boundary=\"BB\"\n\npreamble\n" + string.Concat(parts.Select(p => "--BB\n" + p)) + "--BB--\n";

    private static string[] Events(Replayed run) => run.Of("anomaly").Where(a => a.GetProperty("anomaly").GetProperty("layer").GetString() == "proto_parser").Select(a => a.GetProperty("anomaly").GetProperty("event").GetString()!).Distinct().Order(StringComparer.Ordinal).ToArray();

    [Fact]
    public async Task An_attachment_is_a_file_that_rules_can_look_into()
    {
        Replayed run = await Mail(Parts("Content-Type: text/plain\n\nsee http://Evil.example/x.exe end\n", Attached), "alert smtp any any -> any any (msg:\"d\"; file.data; content:\"BODYMARK\"; sid:1;)\nalert smtp any any -> any any (msg:\"n\"; file.name; content:\"a.txt\"; sid:2;)");
        Assert.Equal([1, 2], run.Sids);
        JsonElement file = Assert.Single(run.Of("fileinfo"));
        Assert.Equal(8, file.GetProperty("fileinfo").GetProperty("size").GetInt32());
        JsonElement email = run.Of("smtp")[0].GetProperty("email");
        Assert.Equal("PARSE_DONE", email.GetProperty("status").GetString());
        Assert.Equal("a.txt", email.GetProperty("attachment")[0].GetString());
        Assert.Equal("evil.example/x.exe", email.GetProperty("url")[0].GetString());
        Assert.Equal(2, run.Of("smtp").Count);
    }

    [Theory]
    [InlineData("attachment; filename=plain.txt", "plain.txt")]
    [InlineData("attachment;\n filename=\"folded.txt\"", "folded.txt")]
    [InlineData("attachment; filename*0=\"in\";\n filename*1=\"pieces.txt\"", "inpieces.txt")]
    [InlineData("attachment; filename=\"a;b.txt\"", "a;b.txt")]
    public async Task The_name_of_an_attachment_is_found_in_all_its_forms(string disposition, string expected)
    {
        Replayed run = await Mail(Parts(Attached.Replace("attachment; filename=\"a.txt\"", disposition)));
        Assert.Equal(expected, Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo").GetProperty("filename").GetString());
    }

    [Theory]
    [InlineData("quoted-printable", "BODY=4DARK=\n more=\n=41\n", 16)]
    [InlineData("7bit", "one\ntwo\n\n", 10)]
    [InlineData("base64", "Qk9EW!!U1B\nUks=\n", 8)]
    public async Task Bodies_are_decoded_as_they_are_labelled(string encoding, string body, int size)
    {
        Replayed run = await Mail(Parts(Attached.Replace("base64", encoding).Replace("Qk9EWU1BUks=\n", body)));
        Assert.Equal(size, Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo").GetProperty("size").GetInt32());
    }

    [Fact]
    public async Task Odd_mails_are_told_by_name()
    {
        Assert.Equal(["MIME_LONG_LINE"], Events(await Mail(Head + "\n" + new string('y', 1200) + "\n")));
        Assert.Equal(["MIME_LONG_HEADER_NAME"], Events(await Mail(Head + new string('X', 100) + ": v\n\nb\n")));
        Assert.Equal(["MIME_LONG_HEADER_VALUE", "MIME_LONG_LINE"], Events(await Mail(Head + "X: " + new string('v', 2500) + "\n\nb\n")));
        Assert.Equal(["MIME_LONG_FILENAME"], Events(await Mail(Parts(Attached.Replace("a.txt", new string('n', 300))))));
        Assert.Equal(["MIME_MALFORMED_MSG"], Events(await Mail(Parts(Attached).Replace("--BB--\n", ""))));
        Assert.Equal(["MIME_INVALID_QP"], Events(await Mail(Parts(Attached.Replace("base64", "quoted-printable").Replace("Qk9EWU1BUks=\n", "a=ZZ\n")))));
        Replayed bound = await Mail(Parts(Attached).Replace("BB", new string('B', 300)));
        Assert.Equal(["MIME_LONG_BOUNDARY", "MIME_PARSE_FAILED"], Events(bound));
        Assert.Equal("PARSE_ERROR", bound.Of("smtp")[0].GetProperty("email").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Odd_dialogues_are_told_by_name()
    {
        Assert.Equal(["DATA_COMMAND_REJECTED"], Events(await Session("", null, Says(true, "DATA\n"), Says(false, "554 no\n"))));
        Assert.Equal(["DUPLICATE_FIELDS"], Events(await Session("", null, Says(true, "EHLO again\n"), Says(false, "250 ok\n"))));
        Assert.Equal(["INVALID_REPLY"], Events(await Session("", null, Says(true, "NOOP\n"), Says(false, "999 ?\n"))));
        Assert.Equal(["TRUNCATED_LINE"], Events(await Session("", null, Says(true, "NOOP " + new string('x', 6000) + "\n"), Says(false, "250 ok\n"))));
        Assert.Equal(["BDAT_CHUNK_LEN_EXCEEDED"], Events(await Session("", null, Says(true, "BDAT 5 LAST\nSubject: x\n\nbody\n"), Says(false, "250 ok\n"))));
        Assert.Equal(["INVALID_PIPELINED_SEQUENCE"], Events(await Session("alert smtp any any -> any any (msg:\"e\"; app-layer-event:smtp.invalid_pipelined_sequence; sid:1;)", null, Says(true, "MAIL FROM:<a>\nDATA\nSubject: x\n\nb\n.\nQUIT\n"), Says(false, "250 ok\n354 go\n250 ok\n221 bye\n"))));
    }

    [Fact]
    public async Task Every_line_before_the_server_has_spoken_is_told()
    {
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.9", 4000, "198.51.100.9", 25, Says(true, "EHLO a\n"), Says(true, "MAIL FROM:<a@b>\nRCPT TO:<c@d>\n"), Says(true, "DATA\n"), Says(true, "Subject: x\n\nline one\n.\n")), "");
        Assert.Equal(8, run.Of("anomaly").Count(a => a.GetProperty("anomaly").GetProperty("event").GetString() == "NO_SERVER_WELCOME_MESSAGE"));
    }

    [Fact]
    public async Task Chunks_longer_than_announced_end_the_reading()
    {
        Replayed run = await Session("", null, Says(true, "MAIL FROM:<a@b>\n"), Says(false, "250 ok\n"), Says(true, "BDAT 5 LAST\nSubject: x\n\nbody\n"), Says(false, "250 ok\n"), Says(true, "MAIL FROM:<e@f>\n"), Says(false, "250 ok\n"));
        Assert.Equal("<a@b>", Assert.Single(run.Of("smtp")).GetProperty("smtp").GetProperty("mail_from").GetString());
    }

    [Fact]
    public async Task The_record_shows_chosen_headers_and_digests_when_asked_to()
    {
        string yaml = "app-layer:\n  protocols:\n    smtp:\n      mime:\n        body-md5: yes\noutputs:\n  - eve-log:\n      enabled: yes\n      filename: eve.json\n      types:\n        - smtp:\n            extended: yes\n            custom: [received, reply-to]\n            md5: [body, subject]\n";
        JsonElement email = (await Mail(Head + "Received: from a\nReceived: from b\nReply-To: r@x\n\nbody\n", "", yaml)).Of("smtp")[0].GetProperty("email");
        Assert.Equal("from b", email.GetProperty("received")[0].GetString());
        Assert.Equal("r@x", email.GetProperty("reply_to").GetString());
        Assert.Equal("hi there", email.GetProperty("subject").GetString());
        Assert.Equal("89dd3590116a70b579661a2d8593bb2f", email.GetProperty("body_md5").GetString());
        Assert.Equal("fd33e2e8ad3cb1bdd3ea8f5633fcf5c7", email.GetProperty("subject_md5").GetString());
    }

    [Fact]
    public async Task Mutilated_mails_leave_valid_records()
    {
        byte[] good = new PacketForge().Conversation("192.0.2.9", 4000, "198.51.100.9", 25, [.. Hello, Says(true, "DATA\n"), Says(false, "354 go\n"), Says(true, Parts(Attached, Attached)), Says(true, ".\n")]).ToArray();
        var random = new Random(5);
        for (int round = 0; round < 30; round++)
        {
            byte[] bad = [.. good];
            for (int i = 0; i < 8; i++) bad[random.Next(40, bad.Length)] = (byte)random.Next(256);
            Assert.Equal(0, (await Replayed.Of(bad, "", "-k", "none")).Exit);
        }
    }
}
