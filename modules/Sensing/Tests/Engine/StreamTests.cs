using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class StreamTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const string Rule = "alert tcp any any -> any any (msg:\"split\"; flow:established,to_server; content:\"ATTACK-PATTERN\"; sid:1;)";

    private static PacketForge Open()
    {
        var forge = new PacketForge();
        return forge.Tcp(C, 5000, S, 7777, 100, 0, 2).Tcp(S, 7777, C, 5000, 900, 101, 0x12).Tcp(C, 5000, S, 7777, 101, 901, 0x10);
    }

    private static PacketForge End(PacketForge forge, uint clientNext) =>
        forge.Tcp(S, 7777, C, 5000, 901, clientNext, 0x10).Tcp(C, 5000, S, 7777, clientNext, 901, 0x11).Tcp(S, 7777, C, 5000, 901, clientNext + 1, 0x11).Tcp(C, 5000, S, 7777, clientNext + 1, 902, 0x10);

    [Fact]
    public async Task A_pattern_over_two_segments_is_found()
    {
        PacketForge forge = Open().Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxATTACK-"u8).Tcp(C, 5000, S, 7777, 110, 901, 0x18, "PATTERNyy"u8);
        Assert.Equal((int[])[1], (await Replayed.Of(End(forge, 119), Rule)).Sids);
    }

    [Fact]
    public async Task Segments_out_of_order_are_put_in_order()
    {
        PacketForge forge = Open().Tcp(C, 5000, S, 7777, 110, 901, 0x18, "PATTERNyy"u8).Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxATTACK-"u8);
        Assert.Equal((int[])[1], (await Replayed.Of(End(forge, 119), Rule)).Sids);
    }

    [Fact]
    public async Task Of_two_versions_of_the_same_bytes_the_first_counts()
    {
        PacketForge forge = Open().Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxATTACK-"u8).Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxHARMLES"u8).Tcp(C, 5000, S, 7777, 110, 901, 0x18, "PATTERNyy"u8);
        Assert.Equal((int[])[1], (await Replayed.Of(End(forge, 119), Rule)).Sids);
    }

    [Fact]
    public async Task For_a_target_that_keeps_the_newer_bytes_the_second_version_counts()
    {
        PacketForge forge = Open().Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxHARMLES"u8).Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxATTACK-"u8).Tcp(C, 5000, S, 7777, 110, 901, 0x18, "PATTERNyy"u8);
        Assert.Equal((int[])[1], (await Replayed.Of(End(forge, 119), Rule, "--set", "host-os-policy.old-linux=0.0.0.0/0")).Sids);
        Assert.Empty((await Replayed.Of(End(Open().Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxHARMLES"u8).Tcp(C, 5000, S, 7777, 101, 901, 0x18, "xxATTACK-"u8).Tcp(C, 5000, S, 7777, 110, 901, 0x18, "PATTERNyy"u8), 119), Rule)).Sids);
    }

    [Fact]
    public async Task A_lost_segment_is_a_gap_and_what_follows_is_still_inspected()
    {
        PacketForge forge = Open().Tcp(C, 5000, S, 7777, 101, 901, 0x18, "GET / HTTP/1.1\r\n"u8).Tcp(C, 5000, S, 7777, 200, 901, 0x18, "ATTACK-PATTERN"u8);
        Replayed run = await Replayed.Of(End(forge, 214), Rule);
        Assert.Equal([1], run.Sids);
        Assert.True(run.Of("flow")[0].GetProperty("tcp").GetProperty("ts_gap").GetBoolean());
    }

    [Fact]
    public async Task A_conversation_without_its_start_is_only_taken_up_when_asked()
    {
        PacketForge Middle() => new PacketForge().Tcp(C, 5000, S, 80, 101, 901, 0x18, "GET /mid HTTP/1.1\r\nHost: a\r\n\r\n"u8).Tcp(S, 80, C, 5000, 901, 131, 0x10).Tcp(C, 5000, S, 80, 131, 901, 0x10);
        Assert.Empty((await Replayed.Of(Middle(), "")).Of("http"));
        Assert.Single((await Replayed.Of(Middle(), "", "--set", "stream.midstream=true")).Of("http"));
    }

    [Fact]
    public async Task Bytes_outside_the_window_are_not_part_of_the_conversation()
    {
        PacketForge forge = Open().Tcp(C, 5000, S, 7777, 101 + 500_000, 901, 0x18, "GET /far HTTP/1.1\r\nHost: h\r\n\r\n"u8);
        Replayed run = await Replayed.Of(End(forge, 101), "");
        Assert.Empty(run.Of("http"));
        Assert.Equal("closed", Assert.Single(run.Of("flow")).GetProperty("flow").GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_wrong_checksum_keeps_a_segment_out_unless_checks_are_off()
    {
        byte[] Bad()
        {
            byte[] segment = PacketForge.TcpSegment(C, 5000, S, 7777, 101, 901, 0x18, "ATTACK-PATTERN"u8);
            segment[16] ^= 0x55;
            PacketForge forge = Open();
            forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(C, S, 6, segment)));
            return End(forge, 115).ToArray();
        }
        // as in Suricata the packet itself is still looked at; only the stream does not get it
        static int Refused(Replayed run) => run.Of("stats")[^1].GetProperty("stats").GetProperty("tcp").GetProperty("invalid_checksum").GetInt32();
        Replayed refused = await Replayed.Of(Bad(), Rule), taken = await Replayed.Of(Bad(), Rule, "-k", "none");
        Assert.Equal((1, 0), (Refused(refused), Refused(taken)));
        Assert.Equal((int[])[1], refused.Sids);
        Assert.Equal((int[])[1], taken.Sids);
    }
}
