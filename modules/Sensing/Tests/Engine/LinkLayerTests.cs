using System.Buffers.Binary;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>The same question in everything it may travel in: whether it is found, in what, and under which VLANs. Expected: what Suricata 7.0.10 wrote; SLL2 and IPv4 in IPv4 it does not read.</summary>
public sealed class LinkLayerTests
{
    private static readonly byte[] s_question = PacketForge.DnsQuery(7, "a.example");
    private static readonly byte[] s_four = new PacketForge().Ip("192.0.2.9", "198.51.100.9", 17, Datagram(4000, 53, s_question)), s_six = new PacketForge().Ip("2001:db8::9", "2001:db8::53", 17, Datagram(4000, 53, s_question));

    private static byte[] Datagram(ushort from, ushort to, byte[] payload)
    {
        byte[] udp = [0, 0, 0, 0, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(udp, from);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), to);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), (ushort)udp.Length);
        return udp;
    }

    private static byte[] Counted(int length) => [(byte)(length >> 8), (byte)length];

    private static byte[] Frame(ushort type, params byte[] payload) => PacketForge.Ethernet(type, payload);

    private static byte[] Outer(byte protocol, params byte[] payload) => Frame(0x0800, new PacketForge().Ip("203.0.113.1", "203.0.113.2", protocol, payload));

    private static byte[] OuterUdp(ushort port, params byte[] payload) => Outer(17, Datagram(5555, port, payload));

    private static byte[] Made(string how) => how switch
    {
        "ethernet" => Frame(0x0800, s_four),
        "802.1Q" => Frame(0x8100, [0, 100, 8, 0, .. s_four]),
        "QinQ" => Frame(0x88a8, [0, 100, 0x81, 0, 0, 200, 8, 0, .. s_four]),
        "QinQ of one type" => Frame(0x8100, [0, 100, 0x81, 0, 0, 200, 8, 0, .. s_four]),
        "three tags" => Frame(0x8100, [0, 100, 0x81, 0, 0, 200, 0x81, 0, 1, 44, 8, 0, .. s_four]),
        "four tags" => Frame(0x8100, [0, 100, 0x81, 0, 0, 200, 0x81, 0, 1, 44, 0x81, 0, 1, 44, 8, 0, .. s_four]),
        "MPLS" => Frame(0x8847, [0, 1, 1, 64, .. s_four]),
        "MPLS of two labels" => Frame(0x8847, [0, 1, 0x10, 64, 0, 1, 1, 64, .. s_four]),
        "MPLS explicit null" => Frame(0x8847, [0, 0, 1, 64, .. s_four]),
        "MPLS with Ethernet" => Frame(0x8847, [0, 1, 1, 64, 0, 0, 0, 0, .. Frame(0x0800, s_four)]),
        "PPPoE" => Frame(0x8864, [0x11, 0, 0, 1, .. Counted(s_four.Length + 2), 0, 0x21, .. s_four]),
        "PPPoE of IPv6" => Frame(0x8864, [0x11, 0, 0, 1, .. Counted(s_six.Length + 2), 0, 0x57, .. s_six]),
        "GRE" => Outer(47, [0, 0, 8, 0, .. s_four]),
        "GRE with key and number" => Outer(47, [0x30, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 2, .. s_four]),
        "GRE with Ethernet" => Outer(47, [0, 0, 0x65, 0x58, .. Frame(0x0800, s_four)]),
        "GRE with a tag" => Outer(47, [0, 0, 0x81, 0, 0, 100, 8, 0, .. s_four]),
        "GRE of PPTP" => Outer(47, [0x20, 1, 0x88, 0x0b, .. Counted(s_four.Length + 4), 0, 1, 0xff, 3, 0, 0x21, .. s_four]),
        "VXLAN" => OuterUdp(4789, [8, 0, 0, 0, 0, 0, 42, 0, .. Frame(0x0800, s_four)]),
        "Geneve" => OuterUdp(6081, [0, 0, 0x65, 0x58, 0, 0, 42, 0, .. Frame(0x0800, s_four)]),
        "Teredo" => OuterUdp(3544, s_six),
        "Teredo at another port" => OuterUdp(5544, s_six),
        "ERSPAN 1" => Outer(47, [0, 0, 0x88, 0xbe, .. Frame(0x0800, s_four)]),
        "ERSPAN 2" => Outer(47, [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 100, 0, 0, 0, 0, 0, 1, .. Frame(0x0800, s_four)]),
        "IPv4 in IPv4" => Outer(4, s_four),
        "IPv6 in IPv4" => Outer(41, s_six),
        "IPv4 in IPv6" => Frame(0x86dd, new PacketForge().Ip("2001:db8::1", "2001:db8::2", 4, s_four)),
        "IPv6 in IPv6" => Frame(0x86dd, new PacketForge().Ip("2001:db8::1", "2001:db8::2", 41, s_six)),
        "802.1ah" => Frame(0x88e7, [0, 0, 0, 1, .. Frame(0x0800, s_four)]),
        "VN-Tag" => Frame(0x8926, [0, 0, 0, 0, 8, 0, .. s_four]),
        "raw" => s_four,
        "raw IPv6" => s_six,
        "null" => [2, 0, 0, 0, .. s_four],
        "null IPv6" => [30, 0, 0, 0, .. s_six],
        "cooked" => [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0, .. s_four],
        "cooked with a tag" => [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0, 0, 100, 8, 0, .. s_four],
        "cooked 2" => [8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, .. s_four],
        "PPP" => [0xff, 3, 0, 0x21, .. s_four],
        "PPP without address" => [0, 0x21, .. s_four],
        "HDLC" => [0x0f, 0, 8, 0, .. s_four],
        _ => throw new ArgumentOutOfRangeException(nameof(how), how, "not in the table"),
    };

    [Theory]
    [InlineData("ethernet", 1, "wire/pcap", "", 1)]
    [InlineData("802.1Q", 1, "wire/pcap", "100", 1)]
    [InlineData("QinQ", 1, "wire/pcap", "100 200", 1)]
    [InlineData("QinQ of one type", 1, "wire/pcap", "100 200", 1)]
    [InlineData("three tags", 1, "wire/pcap", "100 200 300", 1)]
    [InlineData("four tags", 1, null, "", 0)]
    [InlineData("MPLS", 1, "wire/pcap", "", 1)]
    [InlineData("MPLS of two labels", 1, "wire/pcap", "", 1)]
    [InlineData("MPLS explicit null", 1, "wire/pcap", "", 1)]
    [InlineData("MPLS with Ethernet", 1, "wire/pcap", "", 1)]
    [InlineData("PPPoE", 1, "wire/pcap", "", 1)]
    [InlineData("PPPoE of IPv6", 1, "wire/pcap", "", 1)]
    [InlineData("GRE", 1, "gre tunnel", "", 1)]
    [InlineData("GRE with key and number", 1, "gre tunnel", "", 1)]
    [InlineData("GRE with Ethernet", 1, "gre tunnel", "", 1)]
    [InlineData("GRE with a tag", 1, "gre tunnel", "100", 1)]
    [InlineData("GRE of PPTP", 1, "gre tunnel", "", 1)]
    [InlineData("VXLAN", 1, "vxlan encapsulation", "", 2)]
    [InlineData("Geneve", 1, "geneve encapsulation", "", 2)]
    [InlineData("Teredo", 1, "teredo tunnel", "", 2)]
    [InlineData("Teredo at another port", 1, null, "", 1)]
    [InlineData("ERSPAN 1", 1, "gre tunnel", "", 1)]
    [InlineData("ERSPAN 2", 1, "gre tunnel", "100", 1)]
    [InlineData("IPv4 in IPv4", 1, "ipv4 tunnel", "", 1)]
    [InlineData("IPv6 in IPv4", 1, "ipv4 tunnel", "", 2)]
    [InlineData("IPv4 in IPv6", 1, "ipv6 tunnel", "", 1)]
    [InlineData("IPv6 in IPv6", 1, "ipv6 tunnel", "", 1)]
    [InlineData("802.1ah", 1, "wire/pcap", "", 1)]
    [InlineData("VN-Tag", 1, "wire/pcap", "", 1)]
    [InlineData("raw", 101, "wire/pcap", "", 1)]
    [InlineData("raw", 12, "wire/pcap", "", 1)]
    [InlineData("raw IPv6", 101, "wire/pcap", "", 1)]
    [InlineData("null", 0, "wire/pcap", "", 1)]
    [InlineData("null IPv6", 0, "wire/pcap", "", 1)]
    [InlineData("cooked", 113, "wire/pcap", "", 1)]
    [InlineData("cooked with a tag", 113, "wire/pcap", "100", 1)]
    [InlineData("cooked 2", 276, "wire/pcap", "", 1)]
    [InlineData("PPP", 9, "wire/pcap", "", 1)]
    [InlineData("PPP without address", 9, "wire/pcap", "", 1)]
    [InlineData("HDLC", 104, "wire/pcap", "", 1)]
    public async Task A_question_is_found_in_whatever_carries_it(string how, uint link, string? source, string tags, int flows)
    {
        Replayed run = await Replayed.Of(new PacketForge(linkType: link).Frame(Made(how)), "", "-k", "none");
        JsonElement? dns = run.Of("dns") is [JsonElement only] ? only : null;
        Assert.Equal((source, flows), (dns?.GetProperty("pkt_src").GetString(), run.Of("flow").Count));
        Assert.Equal(tags, dns is { } found && found.TryGetProperty("vlan", out JsonElement vlan) ? string.Join(' ', vlan.EnumerateArray().Select(v => v.GetInt32())) : "");
    }
}
