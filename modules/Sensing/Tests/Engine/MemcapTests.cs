using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>
/// Floods against each memory limit: the run ends well and in time, the limit holds, and the stats say what was given up and why. With CIRT_LONG=1 twenty-five times as much of it.
/// </summary>
public sealed class MemcapTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const int LimitSeconds = 10;
    private static readonly bool s_long = Environment.GetEnvironmentVariable("CIRT_LONG") == "1";

    private static readonly int s_times = s_long ? 25 : 1;

    [Theory]
    [InlineData("datagrams of many hosts", "flow.memcap=512kb", "flow.get_used", "flow.memuse", 512 << 10)]
    [InlineData("datagrams of many hosts", "flow.memcap=512kb", "flow.emerg_mode_entered", "flow.memuse", 512 << 10)]
    [InlineData("calls", "stream.memcap=256kb", "tcp.ssn_memcap_drop", "tcp.memuse", 256 << 10)]
    [InlineData("segments behind holes", "stream.reassembly.memcap=512kb", "tcp.segment_memcap_drop", "tcp.reassembly_memuse", 1 << 20)]
    [InlineData("first fragments", "defrag.memcap=512kb", "defrag.max_frag_hits", null, 0)]
    [InlineData("first fragments", "defrag.trackers=100", "defrag.max_frag_hits", null, 0)]
    [InlineData("bodies without end", "app-layer.memcap=1mb", "app_layer.error.http.alloc", null, 0)]
    [InlineData("bodies without end", "app-layer.protocols.http.memcap=1mb", "app_layer.error.http.alloc", null, 0)]
    [InlineData("questions without answers", "stream.reassembly.depth=0", "app_layer.error.http.parser", null, 0)]
    [InlineData("calls again", "stream.max-syn-queued=10", "tcp.syn", "tcp.memuse", 1 << 20)]
    public async Task A_flood_is_cut_at_its_limit_and_counted(string flood, string limit, string counter, string? memory, long most)
    {
        byte[] capture = Flood(flood).ToArray();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Replayed run = await Replayed.Of(capture, "alert ip any any -> any any (msg:\"any\"; content:\"never there\"; sid:1;)", "-k", "none", "--set", limit);
        Assert.Equal(0, run.Exit);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, LimitSeconds * s_times);
        JsonElement stats = run.Of("stats")[^1].GetProperty("stats");
        Assert.True(Value(stats, counter) > 0, $"{counter} after {limit}");
        if (memory != null) Assert.InRange(Value(stats, memory), 0, most);
    }

    /// <summary>In-line, the policy of the limit decides about the packet, and the drop has the limit's name.</summary>
    [Theory]
    [InlineData("datagrams of many hosts", "flow.memcap=1kb", "flow.memcap-policy=drop-packet", "flow_memcap")]
    [InlineData("calls", "stream.memcap=64kb", "stream.memcap-policy=drop-flow", "stream_memcap")]
    [InlineData("segments behind holes", "stream.reassembly.memcap=64kb", "stream.reassembly.memcap-policy=drop-packet", "stream_reassembly")]
    [InlineData("first fragments", "defrag.memcap=64kb", "defrag.memcap-policy=drop-packet", "defrag_memcap")]
    public async Task What_a_limit_refuses_is_dropped_under_its_name(string flood, string limit, string policy, string reason)
    {
        Replayed run = await Replayed.Of(Flood(flood), "", "-k", "none", "--simulate-ips", "--set", limit, "--set", policy);
        Assert.Equal(0, run.Exit);
        JsonElement ips = run.Of("stats")[^1].GetProperty("stats").GetProperty("ips").GetProperty("drop_reason");
        if (reason == "flow_memcap") Assert.InRange(ips.GetProperty(reason).GetInt64(), 0, long.MaxValue); // the oldest flow gives way first
        else Assert.True(ips.GetProperty(reason).GetInt64() > 0, reason);
    }

    private static long Value(JsonElement stats, string path)
    {
        foreach (string name in path.Split('.')) stats = stats.GetProperty(name);
        return stats.GetInt64();
    }

    private static string Host(int i) => $"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}";

    private static PacketForge Flood(string kind)
    {
        var forge = new PacketForge();
        byte[] data = new byte[1400];
        switch (kind)
        {
            case "datagrams of many hosts":
                for (int i = 0; i < 4000 * s_times; i++) forge.Udp(Host(i), 4000, S, 9999, "x"u8);
                break;
            case "calls":
                for (int i = 0; i < 2000 * s_times; i++) forge.Tcp(Host(i), 4000, S, 80, 100, 0, 2);
                break;
            case "calls again":
                for (int i = 0; i < 4000 * s_times; i++) forge.Tcp(C, 4000, S, 80, (uint)i * 1000, 0, 2);
                break;
            case "segments behind holes":
                for (int i = 0; i < 100 * s_times; i++)
                {
                    string host = Host(i);
                    forge.Tcp(host, 4000, S, 9999, 100, 0, 2).Tcp(S, 9999, host, 4000, 500, 101, 0x12).Tcp(host, 4000, S, 9999, 101, 501, 0x10);
                    for (uint k = 0; k < 20; k++) forge.Tcp(host, 4000, S, 9999, 111 + k * 1500, 501, 0x18, data);
                }
                break;
            case "first fragments":
                for (int i = 0; i < 1000 * s_times; i++) forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(Host(i), S, 17, data.AsSpan(0, 1200), 0x2000, (ushort)i)));
                break;
            case "bodies without end":
                for (int i = 0; i < 30 * s_times; i++)
                {
                    string host = Host(i);
                    byte[] head = Encoding.ASCII.GetBytes("POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
                    forge.Tcp(host, 4000, S, 80, 100, 0, 2).Tcp(S, 80, host, 4000, 500, 101, 0x12).Tcp(host, 4000, S, 80, 101, 501, 0x10).Tcp(host, 4000, S, 80, 101, 501, 0x18, head);
                    uint at = 101 + (uint)head.Length;
                    for (uint k = 0; k < 60; k++, at += 1400) forge.Tcp(host, 4000, S, 80, at, 501, 0x18, data).Tcp(S, 80, host, 4000, 501, at + 1400, 0x10);
                }
                break;
            default:
            {
                byte[] asks = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 50)));
                forge.Tcp(C, 4000, S, 80, 100, 0, 2).Tcp(S, 80, C, 4000, 500, 101, 0x12).Tcp(C, 4000, S, 80, 101, 501, 0x10);
                uint at = 101;
                for (int i = 0; i < 200 * s_times; i++, at += (uint)asks.Length) forge.Tcp(C, 4000, S, 80, at, 501, 0x18, asks).Tcp(S, 80, C, 4000, 501, at + (uint)asks.Length, 0x10);
                break;
            }
        }
        return forge;
    }
}
