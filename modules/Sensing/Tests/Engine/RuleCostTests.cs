using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Which rules take the time: told by sample, for the rules in force alone, and for nothing where nobody asked.</summary>
public sealed class RuleCostTests
{
    private const string Rules =
        """
        alert udp any any -> any any (msg:"dear"; content:"kno"; pcre:"/(k|n)+o.*(w|c)+k$/"; sid:1;)
        alert udp any any -> any any (msg:"never looked at"; content:"something else"; sid:2;)
        alert http any any -> any any (msg:"exchange"; http.uri; content:"/a"; sid:3;)
        """;

    [Fact]
    public void Of_every_64_packets_one_is_timed_and_the_dearest_rule_stands_first()
    {
        using var rules = Load(Rules);
        using var worker = Run(rules, true);
        RuleCosts costs = Assert.IsType<RuleCosts>(worker.Costs);
        var (dearest, micros) = RuleCosts.Sum([costs], 10);
        Assert.InRange(costs.Packets, 30, 40);
        Assert.Equal([1u], dearest.Take(1).Select(r => r.Sid));
        Assert.DoesNotContain(dearest, r => r.Sid == 2);
        Assert.Equal(dearest[0].Checks, dearest[0].Matches);
        Assert.True(micros >= dearest.Sum(r => r.Micros) - dearest.Count, "the parts are no more than the whole");
        // Two workers count together.
        Assert.Equal(2 * dearest[0].Checks, RuleCosts.Sum([costs, costs], 10).Dearest[0].Checks);

        using var other = Load(Rules);
        worker.Use(other);
        Assert.Equal((0L, other), (worker.Costs!.Packets, worker.Costs.Rules));
    }

    [Fact]
    public void Nothing_is_timed_where_nobody_asked()
    {
        using var rules = Load(Rules);
        using var worker = Run(rules, false);
        Assert.Null(worker.Costs);
    }

    private static RuleSet Load(string text)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "r.rules");
        File.WriteAllText(file, text);
        return RuleLoading.Load([(file, file)], new RuleVariables(), new Classification(), true);
    }

    private static Worker Run(RuleSet rules, bool measures)
    {
        var forge = new PacketForge();
        for (int i = 0; i < 2000; i++) forge.Udp("203.0.113.5", (ushort)(1000 + i), "192.0.2.1", 9999, "knock nnnnkkkooo knock"u8);
        forge.Http("192.0.2.9", 4000, "198.51.100.9", "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var worker = new Worker(new EngineSettings { MeasuresCosts = measures }, rules, new Nowhere());
        var reader = new PcapReader(new MemoryStream(forge.ToArray()));
        RawPacket raw = default;
        while (reader.TryRead(ref raw)) worker.Process(raw);
        return worker;
    }

    private sealed class Nowhere : IEveSink
    {
        public void Write(EveStream stream, ReadOnlySpan<byte> line) { }
        public void Flush() { }
        public void Dispose() { }
    }
}
