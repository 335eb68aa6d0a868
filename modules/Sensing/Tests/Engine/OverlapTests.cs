using System.Buffers.Binary;
using System.Text;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Data sent twice with different content: what a target of each system would read. Old bytes are a, new ones b, what lies between them c. Expected: what Suricata 7.0.10 read.</summary>
public sealed class OverlapTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";

    // where the newer piece lies; the older one is from 4 to 8
    private static readonly (int From, int To)[] s_shapes = [(2, 6), (2, 8), (2, 10), (4, 6), (4, 8), (4, 10), (5, 7), (6, 8), (6, 10)];

    private static Dictionary<string, string> Like(string system) => new() { ["suricata.yaml"] = $"%YAML 1.1\n---\nhost-os-policy:\n  {system}: [198.51.100.0/24]\noutputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - alert:\n            payload-printable: yes\n        - http\n" };

    private static byte[] Of(char what, int count) => Encoding.ASCII.GetBytes(new string(what, count));

    [Theory]
    [InlineData("bsd", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("bsd-right", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("old-linux", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccbbbbcccc ccccbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("linux", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("old-solaris", "ccbbaaaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccbbbbcccc ccccbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaabbbbcc")]
    [InlineData("solaris", "ccbbaaaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccbbbbcccc ccccbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaabbbbcc")]
    [InlineData("hpux10", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("hpux11", "ccbbaaaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccbbbbcccc ccccbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaabbbbcc")]
    [InlineData("irix", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("macos", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("windows", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("vista", "ccbbaaaacccc ccbbaaaacccc ccbbaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    [InlineData("windows2k3", "ccbbbbaacccc ccbbbbbbcccc ccbbbbbbbbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc ccccaaaacccc ccccaaaacccc ccccaaaabbcc")]
    public async Task Segments_are_read_as_their_target_reads_them(string system, string expected)
    {
        var forge = new PacketForge();
        for (int i = 0; i < s_shapes.Length; i++)
        {
            (int from, int to) = s_shapes[i];
            ushort port = (ushort)(4000 + i);
            int low = Math.Min(4, from), high = Math.Max(8, to);
            const uint text = 1006, end = text + 25;
            forge.Tcp(C, port, S, 80, 1000, 0, 2).Tcp(S, 80, C, port, 5000, 1001, 0x12).Tcp(C, port, S, 80, 1001, 5001, 0x10)
                .Tcp(C, port, S, 80, text + 4, 5001, 0x18, Of('a', 4)).Tcp(C, port, S, 80, text + (uint)from, 5001, 0x18, Of('b', to - from))
                .Tcp(C, port, S, 80, text, 5001, 0x18, Of('c', low)).Tcp(C, port, S, 80, text + (uint)high, 5001, 0x18, [.. Of('c', 12 - high), .. " HTTP/1.0\r\n\r\n"u8])
                .Tcp(C, port, S, 80, 1001, 5001, 0x18, "GET /"u8).Tcp(S, 80, C, port, 5001, end, 0x10)
                .Tcp(S, 80, C, port, 5001, end, 0x18, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"u8).Tcp(C, port, S, 80, end, 5039, 0x10);
        }
        Replayed run = await Replayed.Configured(forge.ToArray(), "", Like(system));
        Assert.Equal(expected, string.Join(' ', run.Of("http").OrderBy(r => r.GetProperty("src_port").GetInt32()).Select(r => r.GetProperty("http").GetProperty("url").GetString()![1..])));
    }

    [Theory]
    [InlineData("bsd", "ccbbbbaaccccc ccbbbbbbccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("bsd-right", "ccbbaaaaccccc ccbbaaaaccccc ccbbaaaabbccc ccccbbaaccccc ccccbbbbccccc ccccbbbbbbccc ccccabbaccccc ccccaabbccccc ccccaabbbbccc")]
    [InlineData("old-linux", "ccbbbbaaccccc ccbbbbbbccccc ccbbbbbbbbccc ccccbbaaccccc ccccbbbbccccc ccccbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("linux", "ccbbbbaaccccc ccbbbbbbccccc ccbbbbbbbbccc ccccbbaaccccc ccccbbbbccccc ccccbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("old-solaris", "ccbbaaaaccccc ccbbaaaaccccc ccbbaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("solaris", "ccbbaaaaccccc ccbbbbbbccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("hpux10", "ccbbbbaaccccc ccbbbbbbccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("hpux11", "ccbbaaaaccccc ccbbaaaaccccc ccbbaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("irix", "ccbbbbaaccccc ccbbbbbbccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("macos", "ccbbaaaaccccc ccbbaaaaccccc ccbbaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("windows", "ccbbaaaaccccc ccbbaaaaccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("vista", "ccbbaaaaccccc ccbbaaaaccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    [InlineData("windows2k3", "ccbbaaaaccccc ccbbaaaaccccc ccbbbbbbbbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc ccccaaaaccccc ccccaaaaccccc ccccaaaabbccc")]
    public async Task Fragments_are_put_together_as_their_target_does(string system, string expected)
    {
        var forge = new PacketForge();
        for (int i = 0; i < s_shapes.Length; i++)
        {
            (int from, int to) = s_shapes[i];
            int low = Math.Min(4, from), high = Math.Max(8, to);
            byte[] head = new byte[8];
            BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)(4000 + i));
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), 9999);
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(4), 8 + 14 * 8);
            void Piece(int at, bool more, byte[] bytes) => forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(C, S, 17, bytes, (ushort)(at | (more ? 0x2000 : 0)), (ushort)(1000 + i))));
            Piece(5, true, Of('a', 32));
            Piece(1 + from, true, Of('b', 8 * (to - from)));
            Piece(1 + high, false, [.. Of('c', 8 * (13 - high)), .. "ENDENDEN"u8]);
            Piece(0, true, [.. head, .. Of('c', 8 * low)]);
        }
        Replayed run = await Replayed.Configured(forge.ToArray(), "alert udp any any -> any 9999 (content:\"ENDENDEN\"; sid:1;)", Like(system), "-k", "none");
        string Every8th(string text) => string.Concat(Enumerable.Range(0, 13).Select(i => text[8 * i]));
        Assert.Equal(expected, string.Join(' ', run.Of("alert").OrderBy(r => r.GetProperty("src_port").GetInt32()).Select(r => Every8th(r.GetProperty("payload_printable").GetString()!))));
    }
}
