using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>How the protocol of a conversation is found, each side by itself. What is expected was seen at Suricata 7.0.10.</summary>
public sealed class ProtocolSearchTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static readonly string s_noise = new('~', 200);

    [Theory]
    [InlineData(9999, "16 bytes", ">~16", "<~200", null, null, null, null)]
    [InlineData(9999, "17 bytes are enough of a client", ">~17", "<~200", "failed", null, null, null)]
    [InlineData(9999, "8 bytes are enough of a server", ">~200", "<~8", "failed", null, null, null)]
    [InlineData(9999, "7 are not", ">~200", "<~7", null, null, null, null)]
    [InlineData(9999, "only the client spoke", ">~5000", "", null, null, null, null)]
    [InlineData(80, "the server says something else", ">" + Get, "<~200", "http", null, "failed", "APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION")]
    [InlineData(80, "the client says something else", ">~200", "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "http", "failed", null, "APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION")]
    [InlineData(22, "two protocols", ">" + Get, "<SSH-2.0-OpenSSH_9.7\r\n", "http", null, "ssh", "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS")]
    [InlineData(21, "a greeting alone tells nothing", "<220 hello there friend\r\n", ">~200", "failed", null, null, null)]
    [InlineData(9999, "FTP by what the client says", "<220 hello\r\n", ">USER a\r\n", "ftp", null, "failed", "APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION")]
    [InlineData(9999, "a method that is none", ">NOTIFY * HTTP/1.1\r\n\r\n", "", null, null, null, null)]
    [InlineData(23, "all on its port", ">~20", "<~20", "telnet", null, null, null)]
    [InlineData(1884, "at home elsewhere", ">\u0010\u000e\0\u0004MQTT\u0004\u0002\0<\0\u0002ab", "", null, null, null, null)]
    [InlineData(1883, "at home", ">\u0010\u000e\0\u0004MQTT\u0004\u0002\0<\0\u0002ab", "", "mqtt", null, null, null)]
    public async Task Each_side_tells_its_protocol_or_the_other_decides(int port, string why, string first, string second, string? both, string? toServer, string? toClient, string? anomaly)
    {
        var messages = ((string[])[first, second]).Where(m => m.Length > 0).Select(m => (m[0] == '>', Encoding.Latin1.GetBytes(Spelt(m[1..])))).ToArray();
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.1", 40000, "198.51.100.1", (ushort)port, messages), "");
        JsonElement flow = Assert.Single(run.Of("flow"));
        Assert.Equal((why, both, toServer, toClient), (why, Word(flow, "app_proto"), Word(flow, "app_proto_ts"), Word(flow, "app_proto_tc")));
        Assert.Equal(anomaly, run.Of("anomaly").Select(a => a.GetProperty("anomaly")).Where(a => Word(a, "layer") == "proto_detect").Select(a => Word(a, "event")).SingleOrDefault());
    }

    [Fact]
    public async Task A_tls_server_that_speaks_first_is_not_followed()
    {
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.1", 40000, "198.51.100.1", 443, (false, [0x16, 3, 3, 0, 16, 2, .. new byte[40]])), "");
        JsonElement flow = Assert.Single(run.Of("flow"));
        Assert.Equal(("failed", "tls"), (Word(flow, "app_proto"), Word(flow, "app_proto_tc")));
        Assert.Equal("APPLAYER_WRONG_DIRECTION_FIRST_DATA", Word(Assert.Single(run.Of("anomaly")).GetProperty("anomaly"), "event"));
    }

    [Fact]
    public async Task Rules_hear_of_the_search()
    {
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.1", 40000, "198.51.100.1", 80, (true, Encoding.ASCII.GetBytes(Get)), (false, Encoding.ASCII.GetBytes(s_noise))),
            "alert ip any any -> any any (msg:\"one side\"; flow:established; app-layer-event:applayer_detect_protocol_only_one_direction; sid:1;)\nalert ip any any -> any any (msg:\"two\"; app-layer-event:applayer_mismatch_protocol_both_directions; sid:2;)");
        Assert.Equal((int[])[1], run.Sids);
    }

    [Theory]
    [InlineData("192.0.2.1", 40000, "198.51.100.1", 53, 0x0100, "dns")]
    [InlineData("198.51.100.1", 53, "192.0.2.1", 40000, 0x8180, "failed")]
    public async Task Ports_count_at_the_side_that_was_called(string source, int sourcePort, string destination, int destinationPort, int flags, string protocol)
    {
        byte[] message = [1, 2, (byte)(flags >> 8), (byte)flags, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 0, 0, 1, 0, 1];
        Replayed run = await Replayed.Of(new PacketForge().Udp(source, (ushort)sourcePort, destination, (ushort)destinationPort, message), "");
        Assert.Equal(protocol, Word(Assert.Single(run.Of("flow")), "app_proto"));
    }

    [Fact]
    public async Task The_configuration_says_where_a_protocol_is_at_home()
    {
        byte[] query = [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 0, 0, 1, 0, 1];
        var forge = new PacketForge().Udp("192.0.2.1", 40000, "198.51.100.1", 1053, query).Udp("192.0.2.1", 40000, "198.51.100.1", 53, query);
        Replayed run = await Replayed.Of(forge, "", "--set", "app-layer.protocols.dns.udp.detection-ports.dp=1053");
        Assert.Equal((string[])["1053 dns", "53 failed"], run.Of("flow").Select(f => $"{f.GetProperty("dest_port").GetInt32()} {Word(f, "app_proto")}").OrderBy(f => f.Length).ThenBy(f => f, StringComparer.Ordinal));
    }

    private static string Spelt(string text) => text.StartsWith('~') ? s_noise.PadRight(6000, '~')[..int.Parse(text[1..], System.Globalization.CultureInfo.InvariantCulture)] : text;

    private static string? Word(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
