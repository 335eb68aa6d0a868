using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Capture.Ring;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>The last packets on disk: found again by conversation and time, bounded, readable after a crash.</summary>
public sealed class PacketRingTests
{
    private static readonly byte[] Capture = new PacketForge()
        .Conversation("192.0.2.2", 4000, "192.0.2.9", 80, (true, "GET / HTTP/1.1\r\n\r\n"u8.ToArray()), (false, "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray()))
        .Udp("192.0.2.3", 4001, "192.0.2.9", 53, "question"u8)
        .Conversation("192.0.2.2", 4002, "192.0.2.9", 80, (true, "GET /2 HTTP/1.1\r\n\r\n"u8.ToArray())).ToArray();

    private static List<(byte[] Bytes, long Time)> Packets(byte[] capture)
    {
        var packets = new List<(byte[], long)>();
        using var reader = new PcapReader(new MemoryStream(capture));
        RawPacket raw = default;
        while (reader.TryRead(ref raw)) packets.Add((raw.Buffer.AsSpan(raw.Offset, raw.Length).ToArray(), raw.Time));
        return packets;
    }

    private static void Fill(PacketRing ring, int times = 1)
    {
        var decoder = new Decoder(new DecodeOptions(), new DecodeCounters());
        var packet = new Packet();
        for (int i = 0; i < times; i++)
            foreach (var (bytes, time) in Packets(Capture))
            {
                var raw = new RawPacket { Buffer = bytes, Length = bytes.Length, WireLength = bytes.Length, LinkType = 1, Time = time };
                decoder.Decode(raw, packet, 1);
                ring.Add(raw, [FlowTable.HashFor(packet)]);
                decoder.Recycle();
            }
    }

    private static IpAddress Address(string text) => IpAddress.ReadV4(System.Net.IPAddress.Parse(text).GetAddressBytes());

    private static PacketQuery Ends(int port) => new() { From = 0, To = long.MaxValue, Source = Address("192.0.2.9"), Destination = Address("192.0.2.2"), SourcePort = 80, DestinationPort = port, Protocol = 6 };

    private static List<byte[]> Extracted(string folder, PacketQuery query)
    {
        string into = Path.Combine(folder, "extracted", "x.pcap");
        new PacketExtract(folder, query).Run(into, TestContext.Current.CancellationToken);
        return Packets(File.ReadAllBytes(into)).ConvertAll(p => p.Bytes);
    }

    [Fact]
    public async Task A_conversation_is_found_by_its_ends_and_by_its_Community_ID()
    {
        using var folder = new TemporaryFolder();
        using (var ring = new PacketRing(folder.Path, "eth1-0", 1 << 20)) Fill(ring);
        List<byte[]> all = Packets(Capture).ConvertAll(p => p.Bytes);
        int first = all.FindIndex(p => p.AsSpan().IndexOf("question"u8) >= 0);
        Assert.Equal(all[..first], Extracted(folder.Path, Ends(4000)));
        Assert.Equal(all[(first + 1)..], Extracted(folder.Path, Ends(4002)));
        Assert.Empty(Extracted(folder.Path, Ends(4003)));
        var files = new Dictionary<string, string> { ["suricata.yaml"] = "outputs:\n  - eve-log:\n      enabled: yes\n      community-id: yes\n" };
        Replayed run = await Replayed.Configured(Capture, "alert udp any any -> any any (msg:\"u\"; sid:1;)", files);
        string? id = run.Of("alert")[0].GetProperty("community_id").GetString();
        Assert.Equal([all[first]], Extracted(folder.Path, new PacketQuery { From = 0, To = long.MaxValue, CommunityId = id }));
    }

    [Fact]
    public void Time_narrows_what_is_found()
    {
        using var folder = new TemporaryFolder();
        using (var ring = new PacketRing(folder.Path, "eth1-0", 1 << 20)) Fill(ring);
        long second = Packets(Capture)[1].Time;
        Assert.Equal([Packets(Capture)[1].Bytes], Extracted(folder.Path, Ends(4000) with { From = second, To = second }));
    }

    [Fact]
    public void The_oldest_files_make_room_and_the_numbers_go_on_after_a_start()
    {
        using var folder = new TemporaryFolder();
        using (var ring = new PacketRing(folder.Path, "eth1-0", 3 << 20)) Fill(ring, 10_000);
        string[] files = [.. Directory.EnumerateFiles(folder.Path, "*.pcap").Order(StringComparer.Ordinal)];
        Assert.InRange(files.Length, 2, 3);
        Assert.InRange(files.Sum(f => new FileInfo(f).Length), 1 << 20, 4 << 20);
        Assert.Equal(files.Length, Directory.EnumerateFiles(folder.Path, "*.idx").Count());
        using (var again = new PacketRing(folder.Path, "eth1-0", 3 << 20)) Fill(again);
        Assert.True(string.CompareOrdinal(Directory.EnumerateFiles(folder.Path, "*.pcap").Order(StringComparer.Ordinal).Last(), files[^1]) > 0);
    }

    [Fact]
    public void A_file_cut_anywhere_is_still_read_up_to_there()
    {
        using var folder = new TemporaryFolder();
        using (var ring = new PacketRing(folder.Path, "eth1-0", 1 << 20)) Fill(ring);
        string pcap = Directory.EnumerateFiles(folder.Path, "*.pcap").Single(), index = Path.ChangeExtension(pcap, ".idx");
        byte[] packets = File.ReadAllBytes(pcap), entries = File.ReadAllBytes(index);
        int before = int.MaxValue;
        for (int cut = packets.Length; cut >= 0; cut -= 7)
        {
            File.WriteAllBytes(pcap, packets[..cut]);
            File.WriteAllBytes(index, entries[..Math.Min(entries.Length, entries.Length * cut / packets.Length + 5)]);
            int found = Extracted(folder.Path, Ends(4002)).Count;
            Assert.InRange(found, 0, before);
            before = found;
        }
        Assert.Equal(0, before);
    }
}
