using System.Text;
using System.Text.RegularExpressions;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Several workers on one capture write what one would have written.</summary>
public sealed partial class ShardingTests
{
    private const string Rules = """
        alert tcp any any -> any 7777 (msg:"limit"; content:"data"; threshold:type limit, track by_src, count 3, seconds 60; sid:1;)
        alert tcp any any -> any 7777 (msg:"threshold"; content:"data"; threshold:type threshold, track by_dst, count 5, seconds 60; sid:2;)
        alert tcp any any -> any 7777 (msg:"every seventh"; content:"data"; detection_filter:track by_src, count 7, seconds 3600; sid:3;)
        alert udp any any -> any 53 (msg:"marks a host"; content:"mark"; xbits:set,seen,track ip_src,expire 5; sid:4;)
        alert tcp any any -> any 7777 (msg:"marked before"; content:"data"; xbits:isset,seen,track ip_src; sid:5;)
        alert dns any any -> any any (msg:"new name"; dns.query; dataset:set,names,type string; sid:6;)
        alert udp any any -> any 9999 (msg:"tags a host"; content:"tag"; tag:host,20,packets,src; sid:7;)
        alert icmp any any -> any any (msg:"unreachable"; itype:3; sid:8;)
        alert udp any any -> any 6000 (msg:"from fragments"; content:"far end"; sid:9;)
        """;

    [GeneratedRegex("\"flow_id\":\\d+,")]
    private static partial Regex FlowId();

    /// <summary>All records but stats; a flow's number is drawn, everything else must be the same.</summary>
    private static async Task<List<string>> Records(string capture, string rules, params string[] more)
    {
        using var folder = new TemporaryFolder();
        var log = new StringWriter();
        int exit = await SensorProgram.RunAsync(["-r", capture, "-S", rules, "-l", folder.Path, .. more], log, log, TestContext.Current.CancellationToken);
        Assert.True(exit == 0, log.ToString());
        string eve = Path.Combine(folder.Path, "eve.json");
        return File.Exists(eve) ? [.. File.ReadLines(eve, Encoding.Latin1).Where(l => !l.Contains("\"event_type\":\"stats\"", StringComparison.Ordinal)).Select(l => FlowId().Replace(l, "")).Order(StringComparer.Ordinal)] : [];
    }

    private static PacketForge ManyHosts()
    {
        var forge = new PacketForge();
        for (int i = 0; i < 1500; i++)
        {
            string client = $"192.0.2.{i % 23 + 1}", server = $"198.51.100.{i % 17 + 1}";
            ushort port = (ushort)(20000 + i);
            forge.Conversation(client, port, server, 7777, (true, Encoding.ASCII.GetBytes($"some data {i}")), (false, "answer"u8.ToArray()));
            if (i % 5 == 0) forge.Udp(client, port, server, 53, PacketForge.DnsQuery((ushort)i, $"mark{i % 60}.example"));
            if (i % 97 == 0) forge.Udp(client, port, server, 9999, "tag"u8);
            if (i % 11 == 0) forge.Http(client, (ushort)(port + 7000), server, $"GET /{i} HTTP/1.1\r\nHost: x.example\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            if (i % 13 == 0) Fragments(forge, client, port, server, (ushort)i);
            if (i % 19 == 0) forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip("203.0.113.1", "203.0.113.2", 4, forge.Ip(client, server, 6, PacketForge.TcpSegment(client, port, server, 7777, 100, 0, 2, default)))));
            if (i % 29 == 0) Unreachable(forge, client, port, server);
            if (i % 101 == 0) forge.Wait(70);
        }
        return forge;
    }

    /// <summary>A datagram in two pieces, the second first; its ports are in the first only.</summary>
    private static void Fragments(PacketForge forge, string client, ushort port, string server, ushort id)
    {
        byte[] datagram = new byte[1600];
        (datagram[0], datagram[1], datagram[2], datagram[3]) = ((byte)(port >> 8), (byte)port, 6000 >> 8, 6000 & 255);
        (datagram[4], datagram[5]) = ((byte)(datagram.Length >> 8), (byte)(datagram.Length & 255));
        "far end"u8.CopyTo(datagram.AsSpan(1500));
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(client, server, 17, datagram.AsSpan(800), 100, id)));
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(client, server, 17, datagram.AsSpan(0, 800), 0x2000, id)));
    }

    /// <summary>A router's word about a conversation of two others.</summary>
    private static void Unreachable(PacketForge forge, string client, ushort port, string server)
    {
        byte[] about = forge.Ip(client, server, 6, PacketForge.TcpSegment(client, port, server, 7777, 100, 0, 2, default));
        byte[] message = new byte[8 + about.Length];
        (message[0], message[1]) = (3, 1);
        about.CopyTo(message, 8);
        ushort sum = PacketForge.Checksum(message, 0);
        (message[2], message[3]) = ((byte)(sum >> 8), (byte)sum);
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip("203.0.113.9", client, 1, message)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Several_workers_write_what_one_writes(int workers)
    {
        using var folder = new TemporaryFolder();
        string capture = Path.Combine(folder.Path, "in.pcap"), rules = Path.Combine(folder.Path, "r.rules");
        await File.WriteAllBytesAsync(capture, ManyHosts().ToArray(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(rules, Rules, TestContext.Current.CancellationToken);
        List<string> one = await Records(capture, rules, "--runmode", "single");
        List<string> several = await Records(capture, rules, "--runmode", "autofp", "--threads", workers.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (int sid in Enumerable.Range(1, 9)) Assert.True(one.Any(l => l.Contains($"\"signature_id\":{sid},", StringComparison.Ordinal)), $"rule {sid} never matched");
        Assert.Equal(one, several);
    }

    [Fact]
    public async Task By_flow_they_write_it_too_where_no_connection_announces_another()
    {
        using var folder = new TemporaryFolder();
        string capture = Path.Combine(folder.Path, "in.pcap"), rules = Path.Combine(folder.Path, "r.rules");
        await File.WriteAllBytesAsync(capture, ManyHosts().ToArray(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(rules, Rules, TestContext.Current.CancellationToken);
        Assert.Equal(await Records(capture, rules), await Records(capture, rules, "--threads", "3", "--set", "autofp-scheduler=hash"));
    }

    [Fact]
    public async Task Captures_of_the_kit_come_out_the_same()
    {
        string? kit = Environment.GetEnvironmentVariable("APPLIANCE_CONFORMANCE");
        Assert.SkipWhen(string.IsNullOrEmpty(kit), "APPLIANCE_CONFORMANCE names no conformance kit");
        using var folder = new TemporaryFolder();
        string captures = Path.Combine(folder.Path, "captures"), rules = Path.Combine(folder.Path, "r.rules");
        Directory.CreateDirectory(captures);
        int number = 0;
        foreach (FileInfo file in new DirectoryInfo(Path.Combine(kit, "sensing", "verify", "tests")).EnumerateFiles("*.pcap", SearchOption.AllDirectories).Where(f => f.Length < 500_000).OrderBy(f => f.FullName, StringComparer.Ordinal))
            file.CopyTo(Path.Combine(captures, $"{number++:d4}.pcap"));
        await File.WriteAllTextAsync(rules, """
            alert ip any any -> any any (msg:"few"; content:"a"; threshold:type limit, track by_src, count 2, seconds 60; sid:1;)
            alert http any any -> any any (msg:"web"; http.uri; content:"/"; xbits:set,web,track ip_dst,expire 60; sid:2;)
            alert tcp any any -> any any (msg:"after web"; flow:established; xbits:isset,web,track ip_src; threshold:type both, track by_both, count 1, seconds 60; sid:3;)
            """, TestContext.Current.CancellationToken);
        List<string> one = await Records(captures, rules);
        Assert.InRange(one.Count, 1000, int.MaxValue);
        Assert.Equal(one, await Records(captures, rules, "--threads", "3"));
    }

    [Fact]
    public void A_packet_moved_elsewhere_reads_as_one_decoded_there()
    {
        var forge = new PacketForge();
        foreach (byte[] frame in (byte[][])[PacketForge.Ethernet(0x0800, forge.Ip("192.0.2.1", "192.0.2.2", 6, PacketForge.TcpSegment("192.0.2.1", 80, "192.0.2.2", 81, 1, 1, 0x18, "payload"u8))),
            PacketForge.Ethernet(0x0800, forge.Ip("192.0.2.1", "192.0.2.2", 1, [3, 1, 0, 0, 0, 0, 0, 0, .. forge.Ip("192.0.2.2", "192.0.2.1", 17, new byte[16])]))])
        {
            const int by = 1000;
            var far = new byte[by + frame.Length];
            frame.CopyTo(far, by);
            Packet moved = Decoded(frame, 0, frame.Length), there = Decoded(far, by, frame.Length);
            moved.Move(far, by);
            foreach (var field in typeof(Packet).GetFields().Where(f => f.FieldType == typeof(int))) Assert.True(Equals(field.GetValue(there), field.GetValue(moved)), field.Name);
        }
    }

    private static Packet Decoded(byte[] buffer, int offset, int length)
    {
        var packet = new Packet();
        new Appliance.Sensing.Engine.Decode.Decoder(new DecodeOptions(), new DecodeCounters()).Decode(new RawPacket { Buffer = buffer, Offset = offset, Length = length, WireLength = length, LinkType = 1 }, packet, 1);
        return packet;
    }

    [Fact]
    public async Task An_unknown_run_mode_is_refused()
    {
        var log = new StringWriter();
        Assert.Equal(1, await SensorProgram.RunAsync(["-r", "x.pcap", "--runmode", "sideways"], log, log, TestContext.Current.CancellationToken));
        Assert.Contains("sideways", log.ToString(), StringComparison.Ordinal);
    }
}
