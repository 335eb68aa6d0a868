using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>What is out of order in HTTP is told by name, and what browsers and servers forgive is read as they read it. Expectations are those of Suricata 7.0.10 on the same bytes.</summary>
public sealed class HttpEventTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9", Ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Plain = "GET /f.txt HTTP/1.1\r\nHost: h.example\r\n\r\n";

    private static Task<Replayed> Run(string request, string answer, string rules = "") =>
        Replayed.Of(new PacketForge().Conversation(C, 4000, S, 80, (true, Encoding.Latin1.GetBytes(request)), (false, Encoding.Latin1.GetBytes(answer))), rules);

    private static string[] Events(Replayed run) => run.Of("anomaly").Where(a => a.GetProperty("anomaly").GetProperty("layer").GetString() == "proto_parser").Select(a => a.GetProperty("anomaly").GetProperty("event").GetString()!).Distinct().Order(StringComparer.Ordinal).ToArray();

    [Theory]
    [InlineData(" GET / HTTP/1.1\r\nHost: h\r\n\r\n", "REQUEST_LINE_LEADING_WHITESPACE")]
    [InlineData("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", "METHOD_DELIM_NON_COMPLIANT")]
    [InlineData("GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", "URI_DELIM_NON_COMPLIANT")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "MISSING_HOST_HEADER")]
    [InlineData("GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", "HOST_HEADER_AMBIGUOUS")]
    [InlineData("GET http://a.example:99999/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "REQUEST_URI_HOST_INVALID")]
    [InlineData("GET / HTTP/1.1\r\nHost: h..example\r\n\r\n", "REQUEST_HEADER_HOST_INVALID")]
    [InlineData("GET / HTTP/1.1\r\nnocolon\r\nHost: h\r\n\r\n", "REQUEST_FIELD_MISSING_COLON")]
    [InlineData("GET / HTTP/1.1\r\nX : y\r\nHost: h\r\n\r\n", "REQUEST_HEADER_INVALID")]
    [InlineData("GET / HTTP/1.1\r\n X: y\r\nHost: h\r\n\r\n", "INVALID_REQUEST_FIELD_FOLDING")]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Odd x\r\n\r\n", "REQUEST_AUTH_UNRECOGNIZED")]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\nabc", "INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST")]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST")]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: odd\r\n\r\nabc", "INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST")]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", "INVALID_REQUEST_CHUNK_LEN")]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n", "REQUEST_CHUNK_EXTENSION")]
    public async Task Odd_requests_are_told_by_name(string request, string expected) => Assert.Equal([expected], Events(await Run(request, Ok)));

    [Theory]
    [InlineData("http/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "RESPONSE_INVALID_PROTOCOL")]
    [InlineData("HTTP/1.1 2x0 OK\r\nContent-Length: 3\r\n\r\nabc", "RESPONSE_INVALID_STATUS")]
    [InlineData("HTTP/1.1 200 OK\r\nX: y\r\n Z: a\r\nContent-Length: 3\r\n\r\nabc", "INVALID_RESPONSE_FIELD_FOLDING")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc", "INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "RESPONSE_ABNORMAL_TRANSFER_ENCODING")]
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "RESPONSE_CHUNKED_OLD_PROTO")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzzzzzzzabc", "INVALID_RESPONSE_CHUNK_LEN")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: multipart/byteranges; boundary=x\r\n\r\nabc", "RESPONSE_MULTIPART_BYTERANGES")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", "ABNORMAL_CE_HEADER")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip,gzip,gzip\r\nContent-Length: 3\r\n\r\nabc", "GZIP_DECOMPRESSION_FAILED,TOO_MANY_ENCODING_LAYERS")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "100_CONTINUE_ALREADY_SEEN")]
    [InlineData(Ok + Ok, "UNABLE_TO_MATCH_RESPONSE_TO_REQUEST")]
    public async Task Odd_answers_are_told_by_name(string answer, string expected) => Assert.Equal(expected.Split(','), Events(await Run(Plain, answer)));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 8\n\nBODYMARK", 8)]
    [InlineData("HTTP/1.1 200 OK\r\nX: y\rContent-Length: 8\r\n\r\nBODYMARK", 8)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 8\n\r\r\n\r\nBODYMARK", 8)]
    [InlineData("junk\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nBODYMARK", 8)]
    [InlineData("\0HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nBODYMARK\r\n0\r\n\r\n", 8)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Enc\0oding: chu\0nked\r\n\r\n8\r\nBODYMARK\r\n0\r\n\r\n", 8)]
    [InlineData("HTTP/1.1 204 No\r\nContent-Length: 8\r\n\r\nBODYMARK", 8)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nBODYMARK", 8)]
    [InlineData("XTTP/1.1 200 OK\r\nX: y\r\n\r\nBODYMARK", 31)]
    public async Task An_answer_that_browsers_show_is_read_as_they_read_it(string answer, int size)
    {
        Replayed run = await Run(Plain, answer, "alert http any any -> any any (msg:\"b\"; flow:to_client; file.data; content:\"BODYMARK\"; sid:1;)");
        Assert.Equal([1], run.Sids);
        JsonElement file = Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo");
        Assert.Equal(size, file.GetProperty("size").GetInt32());
        Assert.Equal("CLOSED", file.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_tunnel_is_followed_into_whatever_is_spoken_in_it()
    {
        var forge = new PacketForge().Conversation(C, 4000, S, 80, (true, "CONNECT h.example:80 HTTP/1.1\r\nHost: h.example\r\n\r\n"u8.ToArray()), (false, "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray()),
            (true, Encoding.ASCII.GetBytes(Plain)), (false, Encoding.ASCII.GetBytes(Ok)));
        var http = (await Replayed.Of(forge, "")).Of("http").Select(r => r.GetProperty("http").GetProperty("http_method").GetString());
        Assert.Equal(["CONNECT", "GET"], http);
    }

    [Fact]
    public async Task A_tunnel_in_which_nothing_known_is_spoken_tells_what_opened_it()
    {
        var forge = new PacketForge().Conversation(C, 4000, S, 80, (true, "CONNECT h.example:80 HTTP/1.1\r\nHost: h.example\r\n\r\n"u8.ToArray()), (false, "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray()), (false, "junk\n"u8.ToArray()));
        JsonElement flow = Assert.Single((await Replayed.Of(forge, "")).Of("flow"));
        Assert.Equal("failed", flow.GetProperty("app_proto").GetString());
        Assert.Equal("http", flow.GetProperty("app_proto_orig").GetString());
    }

    [Fact]
    public async Task Whoever_goes_on_after_a_signed_reset_of_its_own_did_not_send_it()
    {
        byte[] reset = PacketForge.TcpSegment(S, 80, C, 4000, 501, 101, 20, default);
        // RFC 2385: only the hosts can tell whether the signature holds
        byte[] signed = [.. reset.AsSpan(0, 20), 19, 18, .. new byte[16], 1, 1];
        signed[12] = 0xa0;
        var forge = new PacketForge().Tcp(C, 4000, S, 80, 100, 0, 2).Tcp(S, 80, C, 4000, 500, 101, 18).Tcp(C, 4000, S, 80, 101, 501, 16);
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(S, C, 6, signed))).Tcp(S, 80, C, 4000, 501, 101, 24, "HTTP/1.1 200 OK\r\n\r\n"u8).Tcp(S, 80, C, 4000, 520, 101, 16);
        Replayed run = await Replayed.Of(forge, "alert tcp any any -> any any (msg:\"r\"; stream-event:suspected_rst_inject; sid:1;)", "-k", "none");
        Assert.Equal([1], run.Sids);
    }

    [Fact]
    public async Task A_file_ends_where_the_stream_is_followed_no_further()
    {
        string body = new('x', 60_000);
        byte[] capture = new PacketForge().Http(C, 4000, S, Plain, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}").ToArray();
        JsonElement file = Assert.Single((await Replayed.Of(capture, "", "--set", "stream.reassembly.depth=20000")).Of("fileinfo")).GetProperty("fileinfo");
        Assert.Equal("TRUNCATED", file.GetProperty("state").GetString());
        Assert.InRange(file.GetProperty("size").GetInt32(), 1, 20_000);
    }

    [Fact]
    public async Task A_packed_request_body_is_unpacked()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionMode.Compress, true)) zip.Write("BODYMARK"u8);
        byte[] head = Encoding.ASCII.GetBytes($"POST /u HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n");
        var forge = new PacketForge().Conversation(C, 4000, S, 80, (true, [.. head, .. packed.ToArray()]), (false, Encoding.ASCII.GetBytes(Ok)));
        Replayed run = await Replayed.Of(forge, "alert http any any -> any any (msg:\"b\"; http.request_body; content:\"BODYMARK\"; sid:1;)");
        Assert.Equal([1], run.Sids);
    }

    [Fact]
    public async Task A_file_longer_than_the_body_limit_is_followed_to_the_limit_only()
    {
        string body = new('x', 150_000);
        Replayed run = await Run(Plain, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        JsonElement file = Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo");
        Assert.Equal(102400, file.GetProperty("size").GetInt32());
        Assert.Equal("TRUNCATED", file.GetProperty("state").GetString());
        Assert.Equal(body.Length, Assert.Single(run.Of("http")).GetProperty("http").GetProperty("length").GetInt32());
    }

    [Theory]
    [InlineData("custom: [server, Accept]", "Accept", "Server")]
    [InlineData("dump-all-headers: both", "Host,Accept", "Server,Content-Length")]
    [InlineData("custom: [content_length, x-unknown]", "", "Content-Length")]
    public async Task The_record_shows_headers_when_asked_to(string wish, string request, string answer)
    {
        string yaml = $"outputs:\n  - eve-log:\n      enabled: yes\n      filename: eve.json\n      types:\n        - http:\n            extended: no\n            {wish}\n";
        byte[] capture = new PacketForge().Http(C, 4000, S, "GET / HTTP/1.1\r\nHost: h\r\nAccept: a/b\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n").ToArray();
        JsonElement http = Assert.Single((await Replayed.Configured(capture, "", new() { ["suricata.yaml"] = yaml })).Of("http")).GetProperty("http");
        string Names(string key) => http.TryGetProperty(key, out JsonElement all) ? string.Join(',', all.EnumerateArray().Select(h => h.GetProperty("name").GetString())) : "";
        Assert.False(http.TryGetProperty("status", out _));
        Assert.Equal(request, Names("request_headers"));
        Assert.Equal(answer, Names("response_headers"));
    }
}
