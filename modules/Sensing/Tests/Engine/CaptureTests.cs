using System.IO.Compression;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class CaptureTests
{
    private static byte[] Two() => new PacketForge().Udp("192.0.2.1", 1000, "198.51.100.1", 2000, "one"u8).Udp("192.0.2.1", 1000, "198.51.100.1", 2000, "two"u8).ToArray();

    private static (int Packets, PcapReader Reader) Read(byte[] bytes)
    {
        var reader = new PcapReader(new MemoryStream(bytes));
        RawPacket raw = default;
        int count = 0;
        while (reader.TryRead(ref raw)) count++;
        return (count, reader);
    }

    [Fact]
    public void A_capture_is_read_to_its_end()
    {
        var (packets, reader) = Read(Two());
        Assert.Equal(2, packets);
        Assert.Equal(-1, reader.TruncatedAt);
    }

    [Fact]
    public void A_gzipped_capture_is_read_as_if_it_were_plain()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionMode.Compress, true)) zip.Write(Two());
        Assert.Equal(2, Read(packed.ToArray()).Packets);
    }

    [Fact]
    public void A_capture_cut_inside_a_packet_names_the_byte()
    {
        byte[] whole = Two();
        int second = 24 + (whole.Length - 24) / 2;
        var (packets, reader) = Read(whole[..(second + 20)]);
        Assert.Equal(1, packets);
        Assert.Equal(second, reader.TruncatedAt);
        Assert.Contains("inside a packet", reader.TruncatedReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_packet_that_claims_gigabytes_ends_the_reading()
    {
        byte[] bytes = Two();
        bytes[24 + 8 + 3] = 0x7f;
        var (packets, reader) = Read(bytes);
        Assert.Equal(0, packets);
        Assert.Equal(24, reader.TruncatedAt);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { (byte)'P', (byte)'K', 3, 4, 0, 0, 0, 0 })]
    public void What_is_no_capture_is_refused_with_a_reason(byte[] bytes)
    {
        CaptureException refused = Assert.Throws<CaptureException>(() => new PcapReader(new MemoryStream(bytes)));
        Assert.NotEmpty(refused.Message);
    }

    [Fact]
    public void Pcapng_with_nanosecond_clock_is_read()
    {
        using var memory = new MemoryStream();
        using var w = new BinaryWriter(memory);
        void Block(uint type, byte[] body)
        {
            uint total = (uint)(12 + body.Length);
            w.Write(type);
            w.Write(total);
            w.Write(body);
            w.Write(total);
        }
        Block(0x0a0d0d0a, [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        Block(1, [1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        ulong nanos = 1_700_000_000_123_456_789;
        byte[] frame = PacketForge.Ethernet(0x0806, new byte[28]);
        byte[] body = [0, 0, 0, 0, .. BitConverter.GetBytes((uint)(nanos >> 32)), .. BitConverter.GetBytes((uint)nanos), .. BitConverter.GetBytes(frame.Length), .. BitConverter.GetBytes(frame.Length), .. frame, 0, 0];
        Block(6, body);
        w.Flush();
        var reader = new PcapReader(new MemoryStream(memory.ToArray()));
        RawPacket raw = default;
        Assert.True(reader.TryRead(ref raw));
        Assert.Equal(1_700_000_000_123_456, raw.Time);
        Assert.Equal(frame.Length, raw.Length);
        Assert.False(reader.TryRead(ref raw));
    }

    [Fact]
    public async Task A_cut_capture_is_processed_up_to_the_break_and_told()
    {
        byte[] whole = Two();
        Replayed run = await Replayed.Of(whole[..^3], "", "--strict-capture");
        Assert.Equal(2, run.Exit);
        Assert.Contains("at byte", run.Log, StringComparison.Ordinal);
        Assert.Contains("at byte", run.Of("stats")[0].GetProperty("stats").GetProperty("capture").GetProperty("truncated").GetString(), StringComparison.Ordinal);
        Assert.Single(run.Of("flow"));
    }
}
