using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class RdpTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";

    private static byte[] Tpkt(params byte[] body) => [3, 0, (byte)(body.Length + 4 >> 8), (byte)(body.Length + 4), .. body];

    private static byte[] Negotiation(byte type, string line, params byte[] tail) =>
        Tpkt([(byte)(6 + line.Length + tail.Length), type, 0, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(line), .. tail]);

    private static byte[] Block(ushort type, byte[] body)
    {
        byte[] block = new byte[4 + body.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block, type);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(2), (ushort)block.Length);
        body.CopyTo(block, 4);
        return block;
    }

    private static byte[] ConnectInitial(byte[] blocks)
    {
        byte[] Long(byte[] body) => [(byte)(0x80 | body.Length >> 8), (byte)body.Length, .. body];
        byte[] Ber(byte[] tag, byte[] body) => [.. tag, 0x82, (byte)(body.Length >> 8), (byte)body.Length, .. body];
        byte[] conference = [0, 5, 0, 0x14, 0x7c, 0, 1, .. Long([0, 8, 0, 0x10, 0, 1, 0xc0, 0, .. "Duca"u8, .. Long(blocks)])];
        byte[] domain = [0x30, 3, 2, 1, 2];
        return Tpkt([2, 0xf0, 0x80, .. Ber([0x7f, 0x65], [4, 1, 1, 4, 1, 1, 1, 1, 0xff, .. domain, .. domain, .. domain, .. Ber([4], conference)])]);
    }

    private static byte[] Core(string name, ushort capabilities)
    {
        var core = new MemoryStream();
        void Words(params uint[] words) { foreach (uint w in words) core.Write(BitConverter.GetBytes(w)); }
        void Shorts(params ushort[] shorts) { foreach (ushort s in shorts) core.Write(BitConverter.GetBytes(s)); }
        byte[] Wide(string text, int size) => [.. Encoding.Unicode.GetBytes(text), .. new byte[size - 2 * text.Length]];
        Words(0x80004);
        Shorts(1152, 864, 0xca01, 0xaa03);
        Words(0x407, 7601);
        core.Write(Wide(name, 32));
        Words(4, 0, 12);
        core.Write(new byte[64]);
        Shorts(0xca01, 1, 0, 0, 24, 7, capabilities);
        core.Write(Wide("an-id", 64));
        core.Write([6, 0, 0, 0, 0, 0]);
        return core.ToArray();
    }

    private static async Task<List<JsonElement>> Run(params (bool, byte[])[] messages) =>
        [.. (await Replayed.Of(new PacketForge().Conversation(C, 4000, S, 3389, messages), "")).Of("rdp").Select(r => r.GetProperty("rdp"))];

    [Fact]
    public async Task The_settings_exchange_is_told_message_by_message()
    {
        byte[] channels = [2, 0, 0, 0, .. "cliprdr\0"u8, 0, 0, 0, 0, .. "rdpsnd\0\0"u8, 0, 0, 0, 0];
        List<JsonElement> rdp = await Run((true, Negotiation(0xe0, "Cookie: mstshash=alice\r\n", 1, 1, 8, 0, 3, 0, 0, 0)), (false, Negotiation(0xd0, "", 2, 1, 8, 0, 0, 0, 0, 0)),
            (true, ConnectInitial([.. Block(0xc001, Core("DESK", 0x21)), .. Block(0xc003, channels)])), (false, Tpkt(2, 0xf0, 0x80, 0x7f, 0x66, 0)), (true, [0xff, 0xff, 0xff]));
        Assert.Equal(["initial_request", "initial_response", "connect_request", "connect_response"], rdp.Select(r => r.GetProperty("event_type").GetString()));
        Assert.Equal("alice", rdp[0].GetProperty("cookie").GetString());
        Assert.Equal("restricted_admin_mode_required", rdp[0].GetProperty("flags")[0].GetString());
        Assert.Equal("rdp", rdp[1].GetProperty("protocol").GetString());
        JsonElement client = rdp[2].GetProperty("client");
        Assert.Equal(["DESK", "de-DE", "Windows 7 SP1", "enhanced", "an-id", "lan", "v5"],
            ((string[])["client_name", "keyboard_layout", "build", "keyboard_type", "id", "connection_hint", "version"]).Select(k => client.GetProperty(k).GetString()));
        Assert.Equal(24, client.GetProperty("color_depth").GetInt32());
        Assert.Equal(["support_errinfo_pdf", "valid_connection_type"], client.GetProperty("capabilities").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(["cliprdr", "rdpsnd"], rdp[2].GetProperty("channels").EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public async Task Fields_behind_one_that_makes_no_sense_are_left_out()
    {
        List<JsonElement> rdp = await Run((true, Negotiation(0xe0, "")), (false, Negotiation(0xd0, "", 3, 0, 8, 0, 5, 0, 0, 0)), (true, ConnectInitial(Block(0xc001, Core("X", 0x8000)))));
        Assert.Equal("hybrid required by server", rdp[1].GetProperty("reason").GetString());
        Assert.False(rdp[2].GetProperty("client").TryGetProperty("capabilities", out _));
        Assert.False(rdp[2].GetProperty("client").TryGetProperty("id", out _));
        Assert.Equal(1, rdp[2].GetProperty("client").GetProperty("product_id").GetInt32());
    }
}
