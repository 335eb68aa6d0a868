using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Appliance.Sensing.Engine.AppLayer.Http2;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;
using static Appliance.Sensing.Tests.Engine.Forge.Http2Forge;

namespace Appliance.Sensing.Tests.Engine;

public sealed class Http2Tests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";

    private static Task<Replayed> Run(string rules, params (bool FromClient, byte[] Bytes)[] messages) =>
        Replayed.Of(new PacketForge().Conversation(C, 4000, S, 80, [(true, Magic), .. messages]), rules);

    private static string Show(Http2Headers headers)
    {
        var text = new StringBuilder();
        for (int i = 0; i < headers.Count; i++) text.Append(Encoding.Latin1.GetString(headers.NameAt(i))).Append('=').Append(Encoding.Latin1.GetString(headers.ValueAt(i))).Append(';');
        return text.ToString();
    }

    private static string[] Decode(int table, params string[] blocks)
    {
        var decoder = new HpackDecoder(table);
        return Array.ConvertAll(blocks, b =>
        {
            var headers = new Http2Headers();
            Assert.Equal(HpackOutcome.Whole, decoder.Decode(Convert.FromHexString(b), headers));
            return Show(headers);
        });
    }

    // RFC 7541, appendix C.4 and C.6
    [Fact]
    public void Requests_of_the_standard_unpack() => Assert.Equal(
        [":method=GET;:scheme=http;:path=/;:authority=www.example.com;", ":method=GET;:scheme=http;:path=/;:authority=www.example.com;cache-control=no-cache;",
            ":method=GET;:scheme=https;:path=/index.html;:authority=www.example.com;custom-key=custom-value;"],
        Decode(4096, "828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));

    [Fact]
    public void A_small_table_forgets_its_oldest_fields()
    {
        string[] answers = Decode(256, "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3", "4883640effc1c0bf");
        Assert.Equal(":status=302;cache-control=private;date=Mon, 21 Oct 2013 20:13:21 GMT;location=https://www.example.com;", answers[0]);
        Assert.Equal(":status=307;cache-control=private;date=Mon, 21 Oct 2013 20:13:21 GMT;location=https://www.example.com;", answers[1]);
    }

    [Theory]
    [InlineData("0010616263", HpackOutcome.Broken, 0)]         // a text longer than the block
    [InlineData("82ff", HpackOutcome.Broken, 0)]               // a number without its end
    [InlineData("82c1", HpackOutcome.Whole, 2)]                // a field nobody has sent
    [InlineData("ffffffffffffffffff01", HpackOutcome.LeftOver, 1)]
    public void Damaged_blocks_are_told_apart(string block, object outcome, int fields)
    {
        var headers = new Http2Headers();
        Assert.Equal((HpackOutcome)outcome, new HpackDecoder(4096).Decode(Convert.FromHexString(block), headers));
        Assert.Equal(fields, headers.Count);
    }

    [Fact]
    public void References_unfold_to_no_more_than_the_bound()
    {
        var decoder = new HpackDecoder(65536);
        var headers = new Http2Headers();
        byte[] large = [0x3f, 0xe1, 0xff, 0x03, 0x40, 1, (byte)'x', 0x7f, 0x81, 0xf7, 0x02, .. new byte[48128]];
        Assert.Equal(HpackOutcome.Whole, decoder.Decode(large, headers));
        Assert.Equal(HpackOutcome.Whole, decoder.Decode(Enumerable.Repeat((byte)0xbe, 16000).ToArray(), headers));
        Assert.InRange(headers.Count, 2, 12);
    }

    [Fact]
    public async Task A_stream_becomes_one_record_and_a_file()
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionMode.Compress, true)) brotli.Write("some EVIL text"u8);
        Replayed run = await Run("alert http any any -> any any (http.uri; content:\"/a?b\"; bsize:4; sid:1;)\nalert http2 any any -> any any (file.data; content:\"EVIL\"; sid:2;)\n"
            + "alert http2 any any -> any any (http.request_body; content:\"question\"; sid:3;)\nalert http1 any any -> any any (http.uri; content:\"a\"; sid:4;)",
            (true, [.. Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 100]), .. Frame(Headers, 0x24, 1, [0, 0, 0, 0, 7, .. Request("/a?b", "POST")]), .. Frame(Data, 9, 1, [2, .. "question"u8, 0, 0])]),
            (false, [.. Frame(Settings, 1, 0), .. Frame(Headers, 0, 1, Fields((":status", "200"))), .. Frame(Continuation, 4, 1, Fields(("content-encoding", "br"), ("content-length", "18"))), .. Frame(Data, 1, 1, packed.ToArray())]));
        Assert.Equal([1, 2, 3], run.Sids);
        List<JsonElement> http = run.Of("http");
        Assert.Equal(2, http.Count);
        Assert.Equal("SETTINGSMAXCONCURRENTSTREAMS", http[0].GetProperty("http").GetProperty("http2").GetProperty("request").GetProperty("settings")[0].GetProperty("settings_id").GetString());
        JsonElement stream = http[1].GetProperty("http");
        Assert.Equal("/a?b", stream.GetProperty("url").GetString());
        Assert.Equal(200, stream.GetProperty("status").GetInt32());
        Assert.Equal(18, stream.GetProperty("length").GetInt32());
        Assert.Equal(7, stream.GetProperty("http2").GetProperty("request").GetProperty("priority").GetInt32());
        Assert.Equal([8, 14], run.Of("fileinfo").Select(f => f.GetProperty("fileinfo").GetProperty("size").GetInt32()).Order());
    }

    [Fact]
    public async Task Frames_and_their_numbers_can_be_asked_for()
    {
        Replayed run = await Run("alert http2 any any -> any any (http2.frametype:ping; sid:1;)\nalert http2 any any -> any any (http2.errorcode:CANCEL; sid:2;)\nalert http2 any any -> any any (http2.window:70-80; sid:3;)\n"
            + "alert http2 any any -> any any (http2.settings:SETTINGS_ENABLE_PUSH=0; sid:4;)\nalert http2 any any -> any any (http2.size_update:>2000; sid:5;)\nalert http2 any any -> any any (http2.header_name; content:\"x-odd\"; sid:6;)\n"
            + "alert http2 any any -> any any (http2.settings:SETTINGS_ENABLE_PUSH=1; sid:7;)\nalert http2 any any -> any any (http2.errorcode:1; sid:8;)",
            (true, [.. Frame(Ping, 0, 0, "12345678"u8), .. Frame(Settings, 0, 0, [0, 2, 0, 0, 0, 0]), .. Frame(Headers, 5, 1, [0x3f, 0xe1, 0x0f, .. Request("/"), .. Fields(("x-odd", "1"))]), .. Frame(Window, 0, 1, Word(77))]),
            (false, Frame(Reset, 0, 1, Word(8))));
        Assert.Equal([1, 2, 3, 4, 5, 6], run.Sids.Distinct());
    }

    [Fact]
    public async Task A_promised_stream_has_the_promise_and_the_answer()
    {
        Replayed run = await Run("", (true, Frame(Headers, 5, 1, Request("/asked"))),
            (false, [.. Frame(Push, 4, 1, [.. Word(2), .. Request("/pushed")]), .. Frame(Headers, 5, 1, Fields((":status", "200"))), .. Frame(Headers, 4, 2, Fields((":status", "200"))), .. Frame(Data, 1, 2, "pushed"u8)]));
        JsonElement pushed = run.Of("http").Single(r => r.GetProperty("http").GetProperty("http2").GetProperty("stream_id").GetInt32() == 2).GetProperty("http");
        Assert.Equal("/pushed", pushed.GetProperty("url").GetString());
        Assert.Equal(4, pushed.GetProperty("response_headers").GetArrayLength());
    }

    [Theory]
    [InlineData("invalid_header", 1, 5, "c1")]
    [InlineData("invalid_frame_data", 1, 5, "0010616263")]
    [InlineData("userinfo_in_uri", 1, 5, "000a3a617574686f72697479036140623a")]
    [InlineData("data_stream_zero", 0, 0, "00")]
    [InlineData("invalid_frame_length", 8, 0, "0001")]
    public async Task What_breaks_the_protocol_is_raised(string name, byte type, byte flags, string payload)
    {
        uint stream = name == "data_stream_zero" ? 0u : 1u;
        if (name == "userinfo_in_uri") payload = Convert.ToHexString([0, 10, .. ":authority"u8, 3, .. "a@b"u8]);
        Replayed run = await Run($"alert http2 any any -> any any (app-layer-event:http2.{name}; sid:1;)",
            (true, [.. Frame(Headers, 4, 3, Request("/")), .. Frame(type, flags, stream, Convert.FromHexString(payload))]), (false, Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 1])));
        Assert.Contains(1, run.Sids);
    }

    [Fact]
    public async Task An_upgrade_from_http1_goes_on_as_the_first_stream()
    {
        var forge = new PacketForge().Conversation(C, 4001, S, 8080,
            (true, "GET /up HTTP/1.1\r\nHost: h.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"u8.ToArray()),
            (false, [.. "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"u8, .. Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 50])]),
            (true, [.. Magic, .. Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 100])]),
            (false, [.. Frame(Headers, 4, 1, Fields((":status", "200"))), .. Frame(Data, 1, 1, "hello"u8)]));
        Replayed run = await Replayed.Of(forge, "alert http1 any any -> any any (http.uri; content:\"/up\"; sid:1;)\nalert http2 any any -> any any (http.uri; content:\"/up\"; sid:2;)\nalert http any any -> any any (http.uri; content:\"/up\"; sid:3;)");
        Assert.Equal([1, 2, 3, 3], run.Sids);
        Assert.Equal("http", run.Of("flow").Single().GetProperty("app_proto_orig").GetString());
        Assert.Equal(["0:101", "0:200", "1:", "2:", "3:"], run.Of("http").Select(r => $"{r.GetProperty("tx_id")}:{(r.GetProperty("http").TryGetProperty("status", out JsonElement s) ? s.ToString() : "")}").Order());
    }

    [Fact]
    public async Task Streams_beyond_the_limit_push_out_the_oldest()
    {
        byte[] many = [.. Enumerable.Range(0, 20).SelectMany(i => Frame(Headers, 5, (uint)(2 * i + 1), Request($"/{i}")))];
        var forge = new PacketForge().Conversation(C, 4002, S, 80, (true, Magic), (true, many), (false, Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 1])));
        Replayed run = await Replayed.Of(forge, "alert http2 any any -> any any (app-layer-event:http2.too_many_streams; sid:1;)", "--set", "app-layer.protocols.http2.max-streams=8");
        Assert.Contains(1, run.Sids);
        Assert.Equal(20, run.Of("http").Count(r => r.GetProperty("http").TryGetProperty("url", out _)));
    }
}
