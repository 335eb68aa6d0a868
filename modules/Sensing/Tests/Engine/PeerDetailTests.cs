using System.Text;
using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Small things that decide whether records are the same as Suricata's.</summary>
public sealed class PeerDetailTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const string Payloads = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      pcap-file: true\n      types:\n        - alert:\n            payload-printable: yes\n        - flow\n        - http\n";

    private static PacketForge Opened() => new PacketForge().Tcp(C, 4000, S, 7777, 100, 0, 2).Tcp(S, 7777, C, 4000, 500, 101, 0x12).Tcp(C, 4000, S, 7777, 101, 501, 0x10);

    [Fact]
    public async Task A_hole_in_the_stream_is_noted_in_the_payload_and_the_capture_named()
    {
        byte[] capture = Opened().Tcp(C, 4000, S, 7777, 101, 501, 0x18, "VERY"u8).Tcp(C, 4000, S, 7777, 109, 501, 0x18, "DATA"u8).Tcp(S, 7777, C, 4000, 501, 113, 0x10).ToArray();
        Replayed run = await Replayed.Configured(capture, "alert tcp any any -> any any (msg:\"g\"; content:\"DATA\"; sid:1;)", new() { ["suricata.yaml"] = Payloads });
        JsonElement alert = run.Of("alert")[0];
        Assert.Equal("VERY[4 bytes missing]DATA", alert.GetProperty("payload_printable").GetString());
        Assert.EndsWith("in.pcap", alert.GetProperty("pcap_filename").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux", "GOOD")]
    [InlineData("old-linux", "EVIL")]
    public async Task The_target_decides_between_two_versions_of_the_same_bytes(string target, string seen)
    {
        byte[] capture = Opened().Tcp(C, 4000, S, 7777, 101, 501, 0x18, "GOOD"u8).Tcp(C, 4000, S, 7777, 101, 501, 0x18, "EVIL"u8).Tcp(S, 7777, C, 4000, 501, 105, 0x10).ToArray();
        Replayed run = await Replayed.Configured(capture, "alert tcp-stream any any -> any any (msg:\"g\"; content:\"GOOD\"; sid:1;)\nalert tcp-stream any any -> any any (msg:\"e\"; content:\"EVIL\"; sid:2;)", new() { ["suricata.yaml"] = $"%YAML 1.1\n---\nhost-os-policy:\n  {target}: [0.0.0.0/0]\n" });
        Assert.Equal(seen == "GOOD" ? 1 : 2, Assert.Single(run.Sids));
    }

    [Fact]
    public async Task A_conversation_whose_answer_is_heard_first_is_turned_round()
    {
        byte[] capture = new PacketForge().Tcp(S, 80, C, 4000, 500, 100, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"u8).Tcp(C, 4000, S, 80, 100, 540, 0x10).ToArray();
        Replayed run = await Replayed.Of(capture, "", "--set", "stream.midstream=true");
        JsonElement flow = Assert.Single(run.Of("flow"));
        Assert.Equal((80, "http"), (flow.GetProperty("dest_port").GetInt32(), flow.GetProperty("app_proto").GetString()));
    }

    [Fact]
    public async Task A_mail_session_has_an_exchange_for_what_follows_the_mail()
    {
        (bool, byte[]) Client(string text) => (true, Encoding.ASCII.GetBytes(text + "\r\n"));
        (bool, byte[]) Server(string text) => (false, Encoding.ASCII.GetBytes(text + "\r\n"));
        byte[] capture = new PacketForge().Conversation(C, 4000, S, 25, Server("220 mail ready"), Client("HELO box"), Server("250 ok"), Client("MAIL FROM:<a@b.example>"), Server("250 ok"), Client("RCPT TO:<c@d.example>"), Server("250 ok"), Client("DATA"), Server("354 go"),
            Client("Subject: s\r\nContent-Type: multipart/mixed; boundary=\"B\"\r\n\r\n--B\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"n.txt\"\r\n\r\none\r\ntwo\r\n--B--\r\n."), Server("250 ok"), Client("QUIT"), Server("221 bye")).ToArray();
        Replayed run = await Replayed.Of(capture, "");
        Assert.Equal([0, 1], run.Of("smtp").Select(r => r.GetProperty("tx_id").GetInt32()));
        Assert.Equal("box", run.Of("smtp")[1].GetProperty("smtp").GetProperty("helo").GetString());
        Assert.Equal("one\r\ntwo".Length, Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo").GetProperty("size").GetInt32());
    }

    [Theory]
    [InlineData("file_data; pcre:\"/^\\d{5}/QR\";")]
    [InlineData("http.uri; content:\"a\"; threshold:type threshold,track by_src,count 1,seconds 60; threshold:type limit,track by_src,count 1,seconds 600;")]
    public void Rules_in_circulation_load(string options)
    {
        RuleCheckResult result = RuleCheck.RunText($"alert http any any -> any any (msg:\"t\"; {options} sid:1;)", "t.rules");
        Assert.Empty(result.Errors);
    }

    [Theory]
    [InlineData("byte_jump:1,0,string,dec,from_end,post_offset -4; content:\"end\"; within:4;", "1xxxxend", true)]
    [InlineData("byte_jump:1,0,string,dec,from_end,post_offset -9; content:\"end\"; within:3;", "1xxxxend", false)]
    public async Task A_jump_from_the_end_counts_forward_from_there(string options, string payload, bool expected)
    {
        Replayed run = await Replayed.Of(new PacketForge().Udp(C, 4000, S, 9, Encoding.ASCII.GetBytes(payload)), $"alert udp any any -> any any (msg:\"t\"; {options} sid:1;)");
        Assert.Equal(expected ? [1] : [], run.Sids);
    }

    [Fact]
    public async Task What_stands_behind_an_include_stays()
    {
        var files = new Dictionary<string, string>
        {
            ["suricata.yaml"] = "%YAML 1.1\n---\ninclude: other.yaml\nvars:\n  address-groups:\n    HOME_NET: \"[198.51.100.0/24]\"\n",
            ["other.yaml"] = "%YAML 1.1\n---\nvars:\n  address-groups:\n    HOME_NET: \"[203.0.113.0/24]\"\n    DNS_SERVERS: \"[198.51.100.9]\"\n",
        };
        byte[] capture = new PacketForge().Udp(C, 4000, S, 9, "x"u8).ToArray();
        Replayed run = await Replayed.Configured(capture, "alert udp any any -> $DNS_SERVERS any (msg:\"t\"; content:\"x\"; sid:1;)", files);
        Assert.Equal([1], run.Sids);
    }
}
