using System.IO.Compression;
using System.Text;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class HttpTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";

    [Theory]
    [InlineData("/a/../b/./c//d", "/b/c/d")]
    [InlineData("/%2e%2e/%41dmin", "/Admin")]
    [InlineData("/a\\b", "/a/b")]
    [InlineData("http://h.example/x%20y?q=%41", "/x y?q=A")]
    [InlineData("/%zz%4", "/%zz%4")]
    [InlineData("", "")]
    [InlineData("/../../..", "/")]
    public void A_target_is_brought_to_the_form_servers_act_on(string target, string expected)
    {
        var buffer = new SlidingBuffer();
        UriText.Normalize(Encoding.Latin1.GetBytes(target), buffer, false, false);
        Assert.Equal(expected, Encoding.Latin1.GetString(buffer.Span));
    }

    [Fact]
    public async Task Request_and_answer_become_one_record()
    {
        var forge = new PacketForge().Http(C, 4000, S, "GET /p?q=1 HTTP/1.1\r\nHost: Site.Example:8080\r\nUser-Agent: ua\r\nReferer: r\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /n\r\nContent-Type: text/html; charset=x\r\nContent-Length: 2\r\n\r\nhi");
        var http = Assert.Single((await Replayed.Of(forge, "")).Of("http")).GetProperty("http");
        Assert.Equal("site.example", http.GetProperty("hostname").GetString());
        Assert.Equal(8080, http.GetProperty("http_port").GetInt32());
        Assert.Equal("/p?q=1", http.GetProperty("url").GetString());
        Assert.Equal(302, http.GetProperty("status").GetInt32());
        Assert.Equal("/n", http.GetProperty("redirect").GetString());
        Assert.Equal("text/html", http.GetProperty("http_content_type").GetString());
        Assert.Equal(2, http.GetProperty("length").GetInt32());
    }

    [Fact]
    public async Task Bodies_are_inspected_unchunked_and_unpacked()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionMode.Compress, true)) zip.Write("before EVIL-BODY after"u8);
        byte[] body = packed.ToArray();
        byte[] chunked = [.. "5\r\n"u8, .. body.AsSpan(0, 5), .. "\r\n"u8, .. Encoding.ASCII.GetBytes($"{body.Length - 5:x}\r\n"), .. body.AsSpan(5), .. "\r\n0\r\n\r\n"u8];
        var forge = new PacketForge().Conversation(C, 4001, S, 80, (true, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray()),
            (false, [.. "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"u8, .. chunked]));
        Replayed run = await Replayed.Of(forge, "alert http any any -> any any (msg:\"b\"; file.data; content:\"EVIL-BODY\"; sid:1;)\nalert http any any -> any any (msg:\"n\"; http.response_body; content:\"before\"; startswith; sid:2;)");
        Assert.Equal([1, 2], run.Sids);
        Assert.Equal(22, run.Of("fileinfo")[0].GetProperty("fileinfo").GetProperty("size").GetInt32());
    }

    [Theory]
    [InlineData("\x001f\x008b")]
    [InlineData("\x001f\x008b\x0008\x0004\x0000\x0000\x0000\x0000\x0000\x0003\x00ff\x00ff")]
    public void Damaged_compression_ends_quietly(string bad)
    {
        var inflater = new Inflater(Inflater.Format.Gzip);
        var to = new SlidingBuffer();
        for (int i = 0; i < 50; i++) inflater.Feed(Encoding.Latin1.GetBytes(bad), to, 1 << 16);
        Assert.True(to.Length <= 50 << 16);
    }

    [Fact]
    public void Inflating_byte_by_byte_gives_what_the_framework_packed()
    {
        var random = new Random(7);
        byte[] plain = new byte[70_000];
        for (int i = 0; i < plain.Length; i++) plain[i] = (byte)(random.Next(4) == 0 ? random.Next(256) : 'a' + i % 7);
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.Optimal, true)) zip.Write(plain);
        var inflater = new Inflater(Inflater.Format.Gzip);
        var to = new SlidingBuffer();
        byte[] bytes = packed.ToArray();
        for (int i = 0; i < bytes.Length; i += 3) inflater.Feed(bytes.AsSpan(i, Math.Min(3, bytes.Length - i)), to, 1 << 20);
        Assert.True(to.Span.SequenceEqual(plain));
        Assert.True(inflater.Finished);
    }

    [Fact]
    public async Task Pipelined_requests_keep_their_answers()
    {
        var forge = new PacketForge().Http(C, 4002, S, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nbb");
        var http = (await Replayed.Of(forge, "")).Of("http").Select(r => r.GetProperty("http")).ToList();
        Assert.Equal([("/1", 200), ("/2", 404)], http.Select(h => (h.GetProperty("url").GetString()!, h.GetProperty("status").GetInt32())));
    }

    [Fact]
    public async Task Any_mutilation_of_a_conversation_leaves_valid_records()
    {
        byte[] good = new PacketForge().Http(C, 4003, S, "POST /u HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 80\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nabc\r\n--b--\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").ToArray();
        var random = new Random(11);
        for (int round = 0; round < 40; round++)
        {
            byte[] bad = [.. good];
            for (int i = 0; i < 6; i++) bad[random.Next(40, bad.Length)] = (byte)random.Next(256);
            Replayed run = await Replayed.Of(bad, round % 8 == 0 ? "alert http any any -> any any (msg:\"x\"; http.uri; content:\"/u\"; sid:1;)" : "", "-k", "none");
            Assert.Equal(0, run.Exit);
        }
    }
}
