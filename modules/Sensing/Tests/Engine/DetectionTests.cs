using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>How the protocol of a conversation is found, and what is told when its sides disagree.</summary>
public sealed class DetectionTests
{
    private static readonly byte[] Get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Ssh = "SSH-2.0-x\r\n"u8.ToArray(), Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"u8.ToArray();
    private static readonly byte[] Hello = [0x16, 3, 1, 0, 42, 1, 0, 0, 38, 3, 3, .. new byte[36]];

    private const string Rules = """
        alert ip any any -> any any (flow:established; app-layer-event:applayer_mismatch_protocol_both_directions; sid:1;)
        alert ip any any -> any any (flow:established; app-layer-event:applayer_wrong_direction_first_data; sid:2;)
        alert ip any any -> any any (flow:established; app-layer-event:applayer_detect_protocol_only_one_direction; sid:3;)
        alert ip any any -> any any (flow:established; app-layer-event:applayer_proto_detection_skipped; sid:4;)
        alert tcp any any -> any any (flow:established; app-layer-event:applayer_no_tls_after_starttls; sid:5;)
        alert tcp any any -> any any (flow:established; app-layer-event:applayer_unexpected_protocol; sid:6;)
        """;

    private static Task<Replayed> Talk(ushort port, params (bool, byte[])[] messages) => Replayed.Of(new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", port, messages), Rules);

    private static string Protocols(Replayed run)
    {
        JsonElement flow = Assert.Single(run.Of("flow"));
        return string.Join(' ', ((string[])["app_proto", "app_proto_ts", "app_proto_tc", "app_proto_orig", "app_proto_expected"]).Select(k => flow.TryGetProperty(k, out JsonElement v) ? v.GetString() : "-"));
    }

    [Fact]
    public async Task Two_sides_that_speak_differently_are_told_and_the_first_counts()
    {
        Replayed run = await Talk(80, (true, Get), (false, Ssh));
        Assert.Equal([1], run.Sids);
        Assert.Equal("http - ssh - -", Protocols(run));
        JsonElement anomaly = Assert.Single(run.Of("anomaly")).GetProperty("anomaly");
        Assert.Equal("APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS", anomaly.GetProperty("event").GetString());
        Assert.Equal("proto_detect", anomaly.GetProperty("layer").GetString());
    }

    [Fact]
    public async Task A_side_that_speaks_nothing_known_is_told_once_the_other_is_known()
    {
        Replayed run = await Talk(8000, (true, Get), (false, Encoding.ASCII.GetBytes("xxxxxxxx")));
        Assert.Equal([3], run.Sids);
        Assert.Equal("http - failed - -", Protocols(run));
        Assert.Empty((await Talk(8000, (true, Get), (false, "xxxxxxx"u8.ToArray()))).Sids);
    }

    [Fact]
    public async Task A_server_that_opens_tls_by_itself_is_not_followed()
    {
        Replayed run = await Talk(443, (false, Hello), (true, Hello));
        Assert.Equal([2], run.Sids);
        Assert.Equal("failed - tls - -", Protocols(run));
    }

    [Fact]
    public async Task Something_else_than_tls_after_starttls_is_told()
    {
        Replayed run = await Talk(25, (false, "220 hello there\r\n"u8.ToArray()), (true, "EHLO a\r\n"u8.ToArray()), (false, "250 STARTTLS\r\n"u8.ToArray()), (true, "STARTTLS\r\n"u8.ToArray()),
            (false, "220 go\r\n"u8.ToArray()), (true, Get), (false, Answer));
        Assert.Equal([3, 5, 6], run.Sids);
        Assert.Equal("http - - smtp tls", Protocols(run));
        Assert.Single(run.Of("smtp"));
    }

    [Fact]
    public async Task A_silent_partner_does_not_keep_a_stream_waiting_for_ever()
    {
        var words = new (bool, byte[])[100];
        for (int i = 0; i < words.Length; i++) words[i] = (true, Enumerable.Repeat((byte)'z', 1200).ToArray());
        Replayed run = await Talk(9999, words);
        Assert.Equal([4], run.Sids);
        Assert.Equal("failed - - - -", Protocols(run));
    }

    [Fact]
    public async Task Mail_and_file_servers_are_known_by_what_their_clients_say()
    {
        Replayed run = await Talk(2121, (false, "220 ready when you are\r\n"u8.ToArray()), (true, "USER a\r\n"u8.ToArray()), (false, "331 go on\r\n"u8.ToArray()));
        Assert.Equal("ftp - failed - -", Protocols(run));
    }
}
