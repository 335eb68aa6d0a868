using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>What counts to which flow, and when it ends. What is expected was seen at Suricata 7.0.10.</summary>
public sealed class FlowDetailTests
{
    private const string Client = "192.0.2.1", Server = "198.51.100.1";

    [Theory]
    [InlineData(30.01, 1)]   // 31 seconds by the clock's own count begin only with the next full second
    [InlineData(31.2, 2)]
    public async Task Quiet_time_is_counted_in_whole_seconds(double pause, int flows)
    {
        var forge = new PacketForge(1_760_000_000_900_000).Udp(Client, 4000, Server, 9999, "a"u8).Wait(pause).Udp(Client, 4000, Server, 9999, "b"u8);
        Assert.Equal(flows, (await Replayed.Of(forge, "")).Of("flow").Count);
    }

    [Fact]
    public async Task One_packet_from_a_clock_far_ahead_ends_no_flow()
    {
        var forge = new PacketForge().Udp(Client, 4000, Server, 9999, "a"u8).Wait(100_000_000).Udp(Client, 4001, Server, 9999, "x"u8).Wait(-100_000_000).Udp(Client, 4000, Server, 9999, "b"u8);
        Assert.Equal([1, 2], (await Replayed.Of(forge, "")).Of("flow").Select(f => f.GetProperty("flow").GetProperty("pkts_toserver").GetInt32()).Order());
    }

    [Theory]
    [InlineData(3, true, "1 1 new")]       // counted to the flow it is about, and no word of its other side
    [InlineData(11, true, "1 0 new")]      // no flow of its own
    [InlineData(3, false, "")]
    public async Task Errors_have_no_conversation_of_their_own(int type, bool known, string expected)
    {
        var forge = new PacketForge();
        byte[] query = [0x10, 0, 0x27, 0x0f, 0, 9, 0, 0, (byte)'q'];
        if (known) forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(Client, Server, 17, query)));
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(Server, Client, 1, [(byte)type, 3, 0, 0, 0, 0, 0, 0, .. forge.Ip(Client, Server, 17, query)])));
        Assert.Equal(expected, string.Join(';', (await Replayed.Of(forge, "", "-k", "none")).Of("flow").Select(Counted)));
    }

    [Fact]
    public async Task Each_security_association_is_a_flow()
    {
        var forge = new PacketForge();
        foreach (byte index in (byte[])[1, 2, 1]) forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(Client, Server, 50, [0, 0, 0, index, 0, 0, 0, 1, .. new byte[16]])));
        Assert.Equal(["1 0 new", "2 0 new"], (await Replayed.Of(forge, "")).Of("flow").Select(Counted).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_call_from_the_far_side_of_packets_without_a_session_begins_anew()
    {
        var forge = new PacketForge().Tcp(Server, 80, Client, 4000, 900, 101, 0x12).Tcp(Client, 4000, Server, 80, 100, 0, 0x02).Tcp(Client, 4000, Server, 80, 101, 901, 0x10);
        Assert.Equal([$"{Server} 1 0 new", $"{Client} 2 0 new"], (await Replayed.Of(forge, "")).Of("flow").Select(f => f.GetProperty("src_ip").GetString() + " " + Counted(f)).OrderDescending(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("sS.fF", "last_ack closed")]   // both ends, the last answer missing
    [InlineData("sS.f", "close_wait established")]
    [InlineData("sS!", "syn_recv new")]        // the right number with a wrong acknowledgement does not complete the handshake
    [InlineData("p", "- new")]                 // no session
    public async Task Session_and_flow_go_through_their_states(string packets, string expected)
    {
        var forge = new PacketForge();
        foreach (char step in packets)
            _ = step switch
            {
                's' => forge.Tcp(Client, 4000, Server, 80, 100, 0, 0x02),
                'S' => forge.Tcp(Server, 80, Client, 4000, 900, 101, 0x12),
                '.' => forge.Tcp(Client, 4000, Server, 80, 101, 901, 0x10),
                '!' => forge.Tcp(Client, 4000, Server, 80, 101, 4_000_000_000, 0x10),
                'f' => forge.Tcp(Client, 4000, Server, 80, 101, 901, 0x11),
                'F' => forge.Tcp(Server, 80, Client, 4000, 901, 102, 0x11),
                _ => forge.Tcp(Client, 4000, Server, 80, 101, 901, 0x18, "x"u8),
            };
        JsonElement record = Assert.Single((await Replayed.Of(forge, "")).Of("flow"));
        Assert.Equal(expected, $"{(record.GetProperty("tcp").TryGetProperty("state", out JsonElement state) ? state.GetString() : "-")} {record.GetProperty("flow").GetProperty("state").GetString()}");
    }

    [Fact]
    public async Task Data_that_comes_with_the_last_step_of_the_handshake_is_of_an_established_flow()
    {
        var forge = new PacketForge().Tcp(Client, 4000, Server, 9999, 100, 0, 0x02).Tcp(Server, 9999, Client, 4000, 900, 101, 0x12).Tcp(Client, 4000, Server, 9999, 101, 901, 0x18, "hello"u8);
        Assert.Equal((int[])[1], (await Replayed.Of(forge, "alert tcp-pkt any any -> any any (flow:established,to_server; content:\"hello\"; sid:1;)")).Sids);
    }

    private static string Counted(JsonElement record)
    {
        JsonElement flow = record.GetProperty("flow");
        return $"{flow.GetProperty("pkts_toserver").GetInt32()} {flow.GetProperty("pkts_toclient").GetInt32()} {flow.GetProperty("state").GetString()}";
    }
}
