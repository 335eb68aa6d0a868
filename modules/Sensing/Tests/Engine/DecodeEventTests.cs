using System.Buffers.Binary;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>What is out of order in packets and conversations, as rules and records name it.</summary>
public sealed class DecodeEventTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";

    private const string Anomalies = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - anomaly:\n            types:\n              decode: yes\n              stream: yes\n        - alert\n        - flow\n";

    private static async Task<string[]> Events(byte[] capture)
    {
        Replayed run = await Replayed.Configured(capture, "", new() { ["suricata.yaml"] = Anomalies }, "-k", "none");
        return run.Of("anomaly").Select(a => a.GetProperty("anomaly").GetProperty("event").GetString()!).ToArray();
    }

    [Theory]
    [InlineData("94040000", new[] { "ipv4.opt_pad_required" })]
    [InlineData("8202f1350000deadbbefaa80", new[] { "ipv4.opt_pad_required", "ipv4.opt_invalid_len", "ipv4.opt_invalid_len" })]
    [InlineData("0707040102030400", new string[0])]
    [InlineData("07070401020304070704010203040000", new[] { "ipv4.opt_duplicate" })]
    [InlineData("55040101", new[] { "ipv4.opt_pad_required", "ipv4.opt_invalid" })]
    [InlineData("01010144", new[] { "ipv4.opt_pad_required", "ipv4.opt_eol_required" })]
    [InlineData("44010000", new[] { "ipv4.opt_pad_required", "ipv4.opt_invalid_len" })]
    public async Task Options_of_ip_are_checked(string options, string[] expected)
    {
        byte[] extra = Convert.FromHexString(options), udp = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), 12);
        byte[] plain = new PacketForge().Ip(C, S, 17, udp);
        byte[] ip = [.. plain.AsSpan(0, 20), .. extra, .. plain.AsSpan(20)];
        ip[0] = (byte)(0x40 | 5 + extra.Length / 4);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)ip.Length);
        Assert.Equal(expected.Select(e => "decoder." + e), await Events(new PacketForge().Frame(PacketForge.Ethernet(0x0800, ip)).ToArray()));
    }

    [Fact]
    public async Task A_rule_about_decoding_sees_packets_that_cannot_be_read_on()
    {
        byte[] udp = new byte[11];
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), 4);
        byte[] capture = new PacketForge().Frame(PacketForge.Ethernet(0x0800, new PacketForge().Ip(C, S, 17, udp))).ToArray();
        Replayed run = await Replayed.Of(capture, "alert pkthdr any any -> any any (msg:\"d\"; decode-event:udp.len_invalid; sid:1;)");
        Assert.Equal([1], run.Sids);
    }

    [Fact]
    public async Task A_datagram_put_together_keeps_its_link_layer()
    {
        byte[] udp = new byte[48];
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), 48);
        udp.AsSpan(8).Fill((byte)'z');
        var forge = new PacketForge();
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(C, S, 17, udp.AsSpan(0, 24), 0x2000, 9)));
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(C, S, 17, udp.AsSpan(24), 3, 9)));
        Replayed run = await Replayed.Of(forge, "", "-k", "none");
        Assert.Equal(14 + 20 + 48, Assert.Single(run.Of("flow")).GetProperty("flow").GetProperty("bytes_toserver").GetInt32());
    }

    [Theory]
    [InlineData("stream.rst_but_no_session", 0x14, 100u, 200u)]
    [InlineData("stream.fin_but_no_session", 0x11, 100u, 200u)]
    public async Task Ends_of_unknown_conversations_are_told(string expected, byte flags, uint sequence, uint ack) =>
        Assert.Equal(expected, Assert.Single(await Events(new PacketForge().Tcp(C, 4000, S, 80, sequence, ack, flags).ToArray())));

    [Fact]
    public async Task What_does_not_fit_the_handshake_is_told_and_in_line_dropped()
    {
        byte[] capture = new PacketForge().Tcp(C, 4000, S, 80, 100, 0, 2).Tcp(S, 80, C, 4000, 500, 999, 0x12).Tcp(S, 80, C, 4000, 500, 101, 0x12).Tcp(C, 4000, S, 80, 101, 501, 0x10)
            .Tcp(S, 80, C, 4000, 77, 0, 2).Tcp(C, 4000, S, 80, 101, 90_000, 0x10).ToArray();
        string[] events = await Events(capture);
        Assert.Equal(["stream.3whs_synack_with_wrong_ack", "stream.est_syn_toclient", "stream.pkt_invalid_ack", "stream.est_invalid_ack"], events);
        Replayed run = await Replayed.Of(capture, "alert tcp any any -> any any (msg:\"s\"; stream-event:est_syn_toclient; sid:1;)", "--simulate-ips");
        Assert.Equal([1], run.Sids);
        Assert.Equal(3, run.Of("stats")[^1].GetProperty("stats").GetProperty("ips").GetProperty("drop_reason").GetProperty("stream_error").GetInt32());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Data_on_the_call_counts_when_the_answer_takes_it(bool taken)
    {
        byte[] request = "GET /fast HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray();
        byte[] syn = PacketForge.TcpSegment(C, 4000, S, 80, 100, 0, 2, request);
        byte[] fast = [.. syn.AsSpan(0, 20), 34, 6, 1, 2, 3, 4, 1, 1, .. syn.AsSpan(20)];
        fast[12] = 0x70;
        uint next = taken ? 101 + (uint)request.Length : 101;
        var forge = new PacketForge();
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(C, S, 6, fast))).Tcp(S, 80, C, 4000, 500, next, 0x12);
        if (taken) forge.Tcp(C, 4000, S, 80, next, 501, 0x10);
        else forge.Tcp(C, 4000, S, 80, 101, 501, 0x18, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"u8).Tcp(S, 80, C, 4000, 501, 101 + (uint)request.Length, 0x10);
        Replayed run = await Replayed.Of(forge, "", "-k", "none");
        Assert.Equal(taken ? "/fast" : "/slow", Assert.Single(run.Of("http")).GetProperty("http").GetProperty("url").GetString());
    }

    [Fact]
    public void Every_event_has_a_name_of_its_own_that_reads_back()
    {
        foreach (DecodeEvent e in Enum.GetValues<DecodeEvent>())
        {
            Assert.True(DecodeEventNames.TryParse(DecodeEventNames.NameOf(e), out DecodeEvent back));
            Assert.Equal(e, back);
        }
    }
}
