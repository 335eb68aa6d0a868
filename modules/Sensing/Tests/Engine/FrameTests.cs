using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Frames: typed stretches of streams and datagrams that rules look at and records tell of.</summary>
public sealed class FrameTests
{
    private const string Records = "outputs.1.eve-log.types.1.frame.enabled=yes";

    private static byte[] Ascii(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Record(byte type, byte[] body) => [type, 3, 3, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static (string?, long, long, bool) Shape(JsonElement frame) =>
        (frame.GetProperty("type").GetString(), frame.TryGetProperty("stream_offset", out JsonElement at) ? at.GetInt64() : -1, frame.GetProperty("length").GetInt64(), frame.GetProperty("complete").GetBoolean());

    private static PacketForge Tls => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, (true, Record(22, [1, 0, 0, 2, 3, 3])), (true, [.. Record(20, [1]), .. Record(23, Ascii("secret"))]));

    [Fact]
    public async Task Rules_see_the_bytes_of_their_type_of_frame_alone()
    {
        Replayed run = await Replayed.Of(Tls, """
            alert tls any any -> any any (frame:tls.hdr; content:"|17 03 03|"; startswith; bsize:5; sid:1;)
            alert tcp any any -> any any (frame:tls.data; content:"secret"; startswith; endswith; sid:2;)
            alert tls any any -> any any (frame:pdu; content:"secret"; startswith; sid:3;)
            alert tls any any -> any any (frame:hdr; content:"secret"; sid:4;)
            alert tls any any -> any any (flow:to_client; frame:pdu; content:"secret"; sid:5;)
            alert tls any any -> any any (frame:stream; content:"|01 17 03 03|"; sid:6;)
            """);
        Assert.Equal([1, 2, 6], run.Sids);
        JsonElement alert = run.Of("alert").Single(a => a.GetProperty("alert").GetProperty("signature_id").GetInt32() == 2);
        Assert.Equal(("data", 22, 6, true), Shape(alert.GetProperty("frame")));
        Assert.Equal("secret", alert.GetProperty("frame").GetProperty("payload_printable").GetString());
        Assert.Empty(run.Of("frame"));
    }

    [Fact]
    public async Task Records_tell_of_every_frame_in_the_order_they_were_marked()
    {
        Replayed run = await Replayed.Of(Tls, "", "--set", Records);
        JsonElement[] frames = run.Of("frame").Select(r => r.GetProperty("frame")).ToArray();
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i), frames.Select(f => f.GetProperty("id").GetInt64()));
        Assert.Equal([("hdr", 0, 5, true), ("pdu", 0, 11, true), ("data", 5, 6, true), ("hdr", 11, 5, true), ("pdu", 11, 6, true), ("data", 16, 1, true), ("hdr", 17, 5, true), ("pdu", 17, 11, true), ("data", 22, 6, true)],
            frames.Skip(1).Select(Shape));
        Assert.Equal("stream", frames[0].GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_long_frame_is_shown_in_pieces_and_its_end_only_once_it_is_there()
    {
        byte[] body = new byte[9000];
        Array.Fill(body, (byte)'x');
        Ascii("END").CopyTo(body, body.Length - 3);
        byte[] record = Record(22, [1, 0, 0, 2, 3, 3]), large = Record(23, body);
        var forge = new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, (true, record), (true, large[..3000]), (true, large[3000..6000]), (true, large[6000..]));
        Replayed run = await Replayed.Of(forge, """
            alert tls any any -> any any (frame:data; content:"xxxxxxxx"; startswith; bsize:>1000; sid:1;)
            alert tls any any -> any any (frame:data; content:"END"; endswith; sid:2;)
            alert tls any any -> any any (frame:data; content:"xxx"; endswith; sid:3;)
            """);
        Assert.Equal([1, 2], run.Sids);
        Assert.False(run.Of("alert")[0].GetProperty("frame").GetProperty("complete").GetBoolean());
        Assert.True(run.Of("alert")[1].GetProperty("frame").GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task What_is_lost_of_a_frame_is_noted_in_its_payload()
    {
        byte[] body = new byte[6000];
        Array.Fill(body, (byte)'y');
        byte[] message = [0xfe, (byte)'S', (byte)'M', (byte)'B', 64, 0, .. new byte[6], 9, 0, .. new byte[50], .. body];
        byte[] whole = [0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];
        const string client = "192.0.2.2", server = "192.0.2.9";
        var forge = new PacketForge().Tcp(client, 4000, server, 445, 100, 0, 2).Tcp(server, 445, client, 4000, 500, 101, 18).Tcp(client, 4000, server, 445, 101, 501, 16);
        foreach (int at in (int[])[0, 1000, 3000, 4000, 5000]) forge.Tcp(client, 4000, server, 445, 101 + (uint)at, 501, 24, whole.AsSpan(at, 1000));
        forge.Tcp(client, 4000, server, 445, 6101, 501, 24, whole.AsSpan(6000)).Tcp(server, 445, client, 4000, 501, 101 + (uint)whole.Length, 16).Tcp(client, 4000, server, 445, 101 + (uint)whole.Length, 501, 17);
        Replayed run = await Replayed.Of(forge, """alert smb any any -> any any (frame:smb2.data; content:"yyyy"; sid:1;)""");
        string? shown = Assert.Single(run.Of("alert")).GetProperty("frame").GetProperty("payload_printable").GetString();
        Assert.Contains("y[1000 bytes missing]y", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_datagram_is_a_frame_without_a_place_in_a_stream()
    {
        var forge = new PacketForge().Udp("192.0.2.2", 5060, "192.0.2.9", 5060, Ascii("INVITE sip:a@example.net SIP/2.0\r\nVia: x\r\nContent-Length: 3\r\n\r\nv=0"));
        Replayed run = await Replayed.Of(forge, """
            alert sip any any -> any any (frame:request.line; content:"SIP/2.0|0d 0a|"; endswith; sid:1;)
            alert sip any any -> any any (frame:request.headers; content:"Via"; startswith; content:"3|0d 0a|"; endswith; sid:2;)
            alert sip any any -> any any (frame:request.body; content:"v=0"; startswith; bsize:3; sid:3;)
            """);
        Assert.Equal([1, 2, 3], run.Sids);
        Assert.Equal(("request.line", -1, 34, true), Shape(run.Of("alert")[0].GetProperty("frame")));
    }

    [Fact]
    public async Task Telnet_commands_and_lines_are_told_apart()
    {
        var forge = new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 23, (false, [255, 253, 24]), (true, [255, 251, 24]), (false, Ascii("Welcome\r\nlogin: ")), (true, Ascii("bob\r\nls\r\n")));
        Replayed run = await Replayed.Of(forge, """
            alert telnet any any -> any any (flow:to_client; frame:data; content:"Welcome"; startswith; content:"login: "; endswith; sid:1;)
            alert telnet any any -> any any (flow:to_server; frame:ctl; content:"|ff fb 18|"; bsize:3; sid:2;)
            alert telnet any any -> any any (flow:to_server; frame:pdu; content:"ls|0d 0a|"; startswith; endswith; sid:3;)
            """);
        Assert.Equal([1, 2, 3], run.Sids);
        Assert.Equal("telnet", Assert.Single(run.Of("flow")).GetProperty("app_proto").GetString());
    }

    [Theory]
    [InlineData("alert tls any any -> any any (frame:pdu; sid:1;)")]
    [InlineData("alert tls any any -> any any (frame:nothing; content:\"a\"; sid:1;)")]
    [InlineData("alert tcp any any -> any any (frame:pdu; content:\"a\"; sid:1;)")]
    [InlineData("alert http any any -> any any (frame:tls.pdu; content:\"a\"; sid:1;)")]
    [InlineData("alert tls any any -> any any (frame:pdu; content:\"a\"; tls.sni; content:\"b\"; sid:1;)")]
    [InlineData("alert tls any any -> any any (frame:pdu; content:\"a\"; pkt_data; content:\"b\"; sid:1;)")]
    [InlineData("alert tls any any -> any any (frame:pdu; content:\"a\"; dsize:>5; sid:1;)")]
    public async Task A_rule_that_mixes_frames_with_others_is_refused(string rule)
    {
        Replayed run = await Replayed.Of(Tls, rule);
        Assert.Contains("frame", run.Log, StringComparison.Ordinal);
        Assert.Empty(run.Sids);
    }

    [Fact]
    public async Task An_urgent_byte_can_be_taken_out_of_its_stream()
    {
        const string client = "192.0.2.2", server = "192.0.2.9";
        byte[] Urgent(byte[] segment)
        {
            segment[13] |= 0x20;
            segment[19] = 1;
            return segment;
        }
        var forge = new PacketForge().Tcp(client, 4000, server, 23, 100, 0, 2).Tcp(server, 23, client, 4000, 500, 101, 18).Tcp(client, 4000, server, 23, 101, 501, 16);
        forge.Tcp(client, 4000, server, 23, 101, 501, 24, new byte[] { 255, 251, 24 });
        forge.Frame(PacketForge.Ethernet(0x800, forge.Ip(client, server, 6, Urgent(PacketForge.TcpSegment(client, 4000, server, 23, 104, 501, 24, "!"u8)))));
        forge.Tcp(client, 4000, server, 23, 105, 501, 24, Ascii("whoami\r\n")).Tcp(server, 23, client, 4000, 501, 113, 16).Tcp(client, 4000, server, 23, 113, 501, 17);
        const string rule = """alert telnet any any -> any any (frame:data; content:"whoami"; startswith; sid:1;)""";
        Replayed apart = await Replayed.Of(forge, rule, "-k", "none", "--set", "stream.reassembly.urgent.policy=oob"), within = await Replayed.Of(forge, rule, "-k", "none");
        Assert.Single(apart.Sids);
        Assert.Empty(within.Sids);
    }
}
