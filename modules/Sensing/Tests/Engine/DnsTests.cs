using Appliance.Sensing.Engine.AppLayer.Dns;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class DnsTests
{
    [Fact]
    public async Task Question_and_answer_are_recorded_over_udp_and_tcp()
    {
        byte[] query = PacketForge.DnsQuery(7, "a.bad.example", 28), answer = PacketForge.DnsAnswer(7, "a.bad.example", "198.51.100.5");
        var forge = new PacketForge().Udp("192.0.2.2", 4000, "192.0.2.53", 53, query).Udp("192.0.2.53", 53, "192.0.2.2", 4000, answer)
            .Conversation("192.0.2.3", 4001, "192.0.2.53", 53, (true, [0, (byte)query.Length, .. query]), (false, [0, (byte)answer.Length, .. answer]));
        Replayed run = await Replayed.Of(forge, "alert dns any any -> any any (msg:\"q\"; dns.query; dotprefix; content:\".bad.example\"; endswith; sid:1;)");
        var dns = run.Of("dns").Select(r => r.GetProperty("dns")).ToList();
        Assert.Equal(4, dns.Count);
        Assert.All(dns, d => Assert.Equal("a.bad.example", d.GetProperty("rrname").GetString()));
        Assert.Equal("AAAA", dns[0].GetProperty("rrtype").GetString());
        Assert.Equal("198.51.100.5", dns[1].GetProperty("answers")[0].GetProperty("rdata").GetString());
        Assert.Equal([1, 1], run.Sids);
    }

    [Fact]
    public async Task Who_answers_is_the_server_though_it_was_heard_first()
    {
        Replayed run = await Replayed.Of(new PacketForge().Udp("192.0.2.53", 4000, "192.0.2.2", 53, PacketForge.DnsAnswer(7, "a.example", "198.51.100.5")), "");
        System.Text.Json.JsonElement flow = Assert.Single(run.Of("flow")), dns = Assert.Single(run.Of("dns"));
        Assert.Equal(("192.0.2.2", 0, 1), (flow.GetProperty("src_ip").GetString(), flow.GetProperty("flow").GetProperty("pkts_toserver").GetInt32(), flow.GetProperty("flow").GetProperty("pkts_toclient").GetInt32()));
        Assert.Equal("192.0.2.2", dns.GetProperty("src_ip").GetString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(15)]
    [InlineData(16)]
    public async Task An_answer_whose_record_holds_nothing_is_not_written(byte type)
    {
        byte[] query = PacketForge.DnsQuery(7, "a.example"), hollow = [.. query, 0xc0, 12, 0, type, 0, 255, 0, 0, 0, 0, 0, 0];
        (hollow[2], hollow[3], hollow[7]) = (0x81, 0x80, 1);
        Replayed run = await Replayed.Of(new PacketForge().Udp("192.0.2.2", 4000, "192.0.2.53", 53, query).Udp("192.0.2.53", 53, "192.0.2.2", 4000, hollow), "");
        Assert.Equal("query", Assert.Single(run.Of("dns")).GetProperty("dns").GetProperty("type").GetString());
    }

    [Fact]
    public void A_name_that_points_at_itself_ends_and_is_told()
    {
        byte[] message = [.. new byte[12], 0xc0, 12];
        int at = 12;
        Assert.True(DnsMessage.ReadName(message, ref at, new SlidingBuffer(), out NameFault fault));
        Assert.Equal((NameFault.Loop, 14), (fault, at));
    }

    [Fact]
    public void A_name_beyond_all_measure_is_cut_and_told()
    {
        byte[] message = [.. Enumerable.Repeat((byte[])[63, .. Enumerable.Repeat((byte)'a', 63)], 20).SelectMany(l => l), 0];
        int at = 0;
        var text = new SlidingBuffer();
        Assert.True(DnsMessage.ReadName(message, ref at, text, out NameFault fault));
        Assert.Equal((NameFault.Cut, message.Length, 1025), (fault, at, text.Length));
    }

    [Fact]
    public async Task Counts_that_lie_are_survived()
    {
        byte[] answer = PacketForge.DnsAnswer(7, "a.example", "198.51.100.5");
        for (int at = 4; at < answer.Length; at++)
        {
            byte[] bad = [.. answer];
            bad[at] = 0xff;
            Assert.Equal(0, (await Replayed.Of(new PacketForge().Udp("192.0.2.53", 53, "192.0.2.2", 4000, bad), "")).Exit);
        }
    }
}
