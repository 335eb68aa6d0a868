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
