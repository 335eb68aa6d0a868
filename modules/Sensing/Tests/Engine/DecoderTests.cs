using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class DecoderTests
{
    private static (Packet Packet, List<Packet> Inner) Decode(byte[] frame, int linkType = 1)
    {
        var decoder = new Decoder(new DecodeOptions(), new DecodeCounters());
        var packet = new Packet();
        decoder.Decode(new RawPacket { Buffer = frame, Length = frame.Length, WireLength = frame.Length, LinkType = linkType, Time = 1 }, packet, 1);
        return (packet, [.. decoder.Inner]);
    }

    private static byte[] Segment() => PacketForge.TcpSegment("192.0.2.1", 1234, "198.51.100.1", 80, 7, 9, 0x18, "hello"u8);
    private static byte[] Datagram() => new PacketForge().Ip("192.0.2.1", "198.51.100.1", 6, Segment());

    [Fact]
    public void Ethernet_with_two_vlan_tags_reaches_the_payload()
    {
        byte[] frame = PacketForge.Ethernet(0x88a8, [0x00, 0x64, 0x81, 0x00, 0x00, 0xc8, 0x08, 0x00, .. Datagram()]);
        Packet p = Decode(frame).Packet;
        Assert.Equal((2, 100, 200), (p.VlanCount, p.Vlan0, p.Vlan1));
        Assert.Equal("hello"u8.ToArray(), p.Payload.ToArray());
        Assert.Equal(80, p.DestinationPort);
    }

    [Theory]
    [InlineData(101, new byte[0])]
    [InlineData(0, new byte[] { 2, 0, 0, 0 })]
    [InlineData(113, new byte[] { 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0 })]
    [InlineData(276, new byte[] { 8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0 })]
    [InlineData(9, new byte[] { 0xff, 3, 0, 0x21 })]
    public void Other_link_types_reach_the_payload(int linkType, byte[] head) =>
        Assert.Equal("hello"u8.ToArray(), Decode([.. head, .. Datagram()], linkType).Packet.Payload.ToArray());

    [Fact]
    public void Tunnels_hand_out_the_packet_inside()
    {
        byte[] gre = new PacketForge().Ip("203.0.113.1", "203.0.113.2", 47, [0, 0, 8, 0, .. Datagram()]);
        var (outer, inner) = Decode(PacketForge.Ethernet(0x0800, gre));
        Assert.Equal(47, outer.Protocol);
        Packet one = Assert.Single(inner);
        Assert.Equal("hello"u8.ToArray(), one.Payload.ToArray());
        Assert.Same(outer, one.Outer);
    }

    [Fact]
    public void Fragments_in_any_order_make_one_datagram()
    {
        var forge = new PacketForge();
        byte[] segment = PacketForge.TcpSegment("192.0.2.1", 1234, "198.51.100.1", 80, 7, 9, 0x18, new byte[100]);
        byte[] first = forge.Ip("192.0.2.1", "198.51.100.1", 6, segment.AsSpan(0, 64), 0x2000, 77);
        byte[] last = forge.Ip("192.0.2.1", "198.51.100.1", 6, segment.AsSpan(64), 8, 77);
        var decoder = new Decoder(new DecodeOptions(), new DecodeCounters());
        var packet = new Packet();
        foreach (byte[] part in (byte[][])[last, first])
            decoder.Decode(new RawPacket { Buffer = part, Length = part.Length, LinkType = 101, Time = 5 }, packet, 1);
        Packet whole = Assert.Single(decoder.Inner);
        Assert.Equal(100, whole.PayloadLength);
        Assert.True(Decoder.ChecksumHolds(whole));
    }

    [Fact]
    public void A_tunnel_inside_a_tunnel_without_end_is_cut_off()
    {
        byte[] packet = Datagram();
        for (int i = 0; i < 60; i++) packet = new PacketForge().Ip("203.0.113.1", "203.0.113.2", 4, packet);
        var (_, inner) = Decode(packet, 101);
        Assert.InRange(inner.Count, 1, 32);
    }

    [Fact]
    public void A_wrong_checksum_is_seen()
    {
        byte[] good = Datagram();
        Assert.True(Decoder.ChecksumHolds(Decode(good, 101).Packet));
        good[^1] ^= 1;
        Assert.False(Decoder.ChecksumHolds(Decode(good, 101).Packet));
    }

    [Fact]
    public void Every_prefix_and_every_flipped_byte_is_survived()
    {
        byte[] six = new PacketForge().Ip("2001:db8::1", "2001:db8::2", 0, [44, 0, 5, 2, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 9, .. Segment()]);
        byte[][] frames = [PacketForge.Ethernet(0x0800, Datagram()), PacketForge.Ethernet(0x86dd, six), PacketForge.Ethernet(0x8847, [0, 1, 1, 64, .. Datagram()]), PacketForge.Ethernet(0x8864, [0x11, 0, 0, 1, 0, 60, 0, 0x21, .. Datagram()])];
        foreach (byte[] frame in frames)
        {
            for (int length = 0; length < frame.Length; length++) Decode(frame[..length]);
            for (int at = 12; at < frame.Length; at++)
                foreach (byte value in (byte[])[0, 0x7f, 0xff, (byte)(frame[at] + 1)])
                {
                    byte[] bad = [.. frame];
                    bad[at] = value;
                    Packet p = Decode(bad).Packet;
                    Assert.True(p.PayloadOffset + p.PayloadLength <= bad.Length);
                }
        }
    }

    [Fact]
    public void Every_decode_event_has_a_name_that_leads_back_to_it()
    {
        foreach (DecodeEvent e in Enum.GetValues<DecodeEvent>())
        {
            Assert.True(DecodeEventNames.TryParse(DecodeEventNames.NameOf(e), out DecodeEvent back), e.ToString());
            Assert.Equal(e, back);
        }
    }
}
