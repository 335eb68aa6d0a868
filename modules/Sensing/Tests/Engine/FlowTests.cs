using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class FlowTests
{
    [Fact]
    public async Task A_quiet_flow_ends_and_the_next_packet_starts_another()
    {
        var forge = new PacketForge().Udp("192.0.2.2", 4000, "198.51.100.1", 9999, "a"u8).Wait(400).Udp("192.0.2.2", 4000, "198.51.100.1", 9999, "b"u8);
        var flows = (await Replayed.Of(forge, "")).Of("flow").Select(f => f.GetProperty("flow").GetProperty("reason").GetString()).ToList();
        Assert.Equal(["timeout", "shutdown"], flows);
    }

    [Fact]
    public async Task A_flow_knows_nothing_of_the_one_whose_memory_it_got()
    {
        // the first ends and gives its memory back; then the clock steps back by an hour, as between two captures of a folder
        var forge = new PacketForge().Udp("192.0.2.2", 4000, "198.51.100.1", 9999, "a"u8).Wait(45).Udp("192.0.2.2", 4001, "198.51.100.1", 9999, "b"u8).Wait(-3600);
        forge.Udp("192.0.2.2", 4002, "198.51.100.1", 9999, "c"u8);
        for (int i = 0; i < 8; i++) forge.Wait(6).Udp("192.0.2.2", 4003, "198.51.100.1", 9999, "d"u8);
        var reasons = (await Replayed.Of(forge, "")).Of("flow").ToDictionary(f => f.GetProperty("src_port").GetInt32(), f => f.GetProperty("flow").GetProperty("reason").GetString());
        Assert.Equal("timeout", reasons[4000]);
        Assert.Equal("timeout", reasons[4002]);
        Assert.Equal("shutdown", reasons[4003]);
    }

    [Fact]
    public async Task Flow_records_count_both_directions_and_name_the_end()
    {
        var forge = new PacketForge().Conversation("192.0.2.2", 4000, "198.51.100.1", 9999, (true, "hello"u8.ToArray()), (false, "world"u8.ToArray()));
        var record = Assert.Single((await Replayed.Of(forge, "")).Of("flow"));
        Assert.Equal((6, 4), (record.GetProperty("flow").GetProperty("pkts_toserver").GetInt32(), record.GetProperty("flow").GetProperty("pkts_toclient").GetInt32()));
        Assert.Equal("closed", record.GetProperty("flow").GetProperty("state").GetString());
        Assert.Equal("1b", record.GetProperty("tcp").GetProperty("tcp_flags").GetString());
    }

    [Fact]
    public async Task Flow_bits_carry_from_one_rule_to_the_next()
    {
        var forge = new PacketForge().Conversation("192.0.2.2", 4000, "198.51.100.1", 9999, (true, "first"u8.ToArray()), (false, "ok"u8.ToArray()), (true, "second"u8.ToArray()));
        const string rules = """
            alert tcp any any -> any any (msg:"set"; flow:established,to_server; content:"first"; flowbits:set,seen; flowbits:noalert; sid:1;)
            alert tcp any any -> any any (msg:"use"; flow:established,to_server; content:"second"; flowbits:isset,seen; sid:2;)
            alert tcp any any -> any any (msg:"never"; flow:established,to_server; content:"second"; flowbits:isnotset,seen; sid:3;)
            """;
        Assert.Equal((int[])[2], (await Replayed.Of(forge, rules)).Sids);
    }

    [Fact]
    public async Task Thresholds_limit_by_source()
    {
        var forge = new PacketForge();
        for (ushort i = 0; i < 10; i++) forge.Udp("203.0.113.5", (ushort)(100 + i), "192.0.2.1", 9999, "knock"u8);
        const string rules = """
            alert udp any any -> any any (msg:"limit"; content:"knock"; threshold:type limit, track by_src, count 2, seconds 60; sid:1;)
            alert udp any any -> any any (msg:"every 5th"; content:"knock"; threshold:type threshold, track by_src, count 5, seconds 60; sid:2;)
            alert udp any any -> any any (msg:"once"; content:"knock"; threshold:type both, track by_src, count 3, seconds 60; sid:3;)
            alert udp any any -> any any (msg:"from the 9th"; content:"knock"; detection_filter:track by_src, count 8, seconds 60; sid:4;)
            """;
        Assert.Equal((int[])[1, 1, 2, 2, 3, 4, 4], (await Replayed.Of(forge, rules)).Sids);
    }

    [Fact]
    public async Task A_pass_rule_silences_what_comes_after_it()
    {
        var forge = new PacketForge().Udp("192.0.2.2", 4000, "198.51.100.1", 9999, "both"u8);
        Assert.Empty((await Replayed.Of(forge, "alert udp any any -> any any (msg:\"a\"; content:\"both\"; sid:1;)\npass udp any any -> any any (msg:\"p\"; content:\"both\"; sid:2;)")).Sids);
    }

    [Fact]
    public async Task The_flow_table_never_outgrows_its_memory()
    {
        var forge = new PacketForge();
        for (ushort i = 0; i < 4000; i++) forge.Udp("203.0.113.5", i, "192.0.2.1", 9999, "x"u8);
        Replayed run = await Replayed.Of(forge, "", "--set", "flow.memcap=512kb");
        Assert.Equal(4000, run.Of("flow").Count);
        Assert.Contains(run.Of("flow"), f => f.GetProperty("flow").GetProperty("reason").GetString() == "forced");
    }
}
