using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Which forms of keywords load and which are refused, and what captured texts lead to.</summary>
public sealed class KeywordFormTests
{
    private static PacketForge Talk => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 5000, (true, "user=alice now"u8.ToArray()), (false, "welcome"u8.ToArray()), (true, "bye"u8.ToArray()));

    [Theory]
    [InlineData("content:\"abc\"; startswith; offset:5;")]
    [InlineData("content:\"abc\"; nocase:1;")]
    [InlineData("rawbytes;")]
    [InlineData("pcre:\"/abc/R\";")]
    [InlineData("byte_test:2,==,128,0;")]
    [InlineData("byte_test:4,>,1,0,hex;")]
    [InlineData("byte_jump:4,0,multiplier 0;")]
    [InlineData("byte_jump:4,0,from_beginning,from_end;")]
    [InlineData("byte_math:bytes 4,offset 0,oper %,rvalue 1,result x;")]
    [InlineData("isdataat:70000;")]
    [InlineData("dsize:5; content:\"abcdefgh\";")]
    [InlineData("flow:established; flow:to_server;")]
    [InlineData("flow:only_stream,no_stream;")]
    [InlineData("flowint:a,+,1;")]
    [InlineData("xbits:set,a,track ip_src,expire 0;")]
    [InlineData("hostbits:isset,a,both;")]
    [InlineData("detection_filter:track by_rule,count 1,seconds 9;")]
    [InlineData("threshold:type limit,track by_src,count 1;")]
    [InlineData("ttl:300;")]
    [InlineData("tcp.window:>5;")]
    [InlineData("ip_proto:17;")]
    [InlineData("fragoffset:!1;")]
    [InlineData("tls.sni; content:\"a\"; http.uri; content:\"b\";")]
    [InlineData("ja3.hash; content:\"e7\";")]
    [InlineData("http.host; content:\"ABC\";")]
    [InlineData("http.method; content:\"GET \";")]
    [InlineData("http.header.raw; content:\"a\";")]
    [InlineData("http.uri; content:\"abcdef\"; bsize:3;")]
    [InlineData("rev:0;")]
    [InlineData("lua:x.lua;")]
    [InlineData("geoip:src,CZ;")]
    public async Task A_wrong_form_is_refused_with_its_line_and_keyword(string options)
    {
        Replayed run = await Replayed.Of(Talk, $"alert tcp any any -> any any ({options} sid:1;)\nalert tcp any any -> any any (content:\"bye\"; sid:2;)");
        Assert.Contains(":1 sid 1 ", run.Log, StringComparison.Ordinal);
        Assert.Equal([2], run.Sids);
    }

    [Theory]
    [InlineData("template2:>5;")]
    [InlineData("tag:session,10,packets,src;")]
    [InlineData("priority:0;")]
    [InlineData("ipopts:nop;")]
    [InlineData("ip.src; content:\"a\"; prefilter;")]
    [InlineData("threshold:type limit,track by_src,count 0,seconds 60;")]
    [InlineData("filestore:whatever;")]
    [InlineData("content:\"a\"; replace:\"bc\";")]
    [InlineData("ftpdata_command:stor;")]
    [InlineData("urilen:5,foo;")]
    public async Task A_form_the_reference_takes_is_taken(string options)
    {
        Replayed run = await Replayed.Of(Talk, $"alert tcp any any -> any any ({options} sid:1;)");
        Assert.DoesNotContain("not loaded", run.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_expression_captures_for_the_flow_is_there_for_later_packets()
    {
        Replayed run = await Replayed.Of(Talk, """
            alert tcp any any -> any any (flow:to_server; pcre:"/user=(\w+)/,flow:who"; sid:1;)
            alert tcp any any -> any any (flow:to_server; content:"bye"; flowvar:who,"alice"; sid:2;)
            alert tcp any any -> any any (flow:to_server; content:"bye"; flowvar:who,"bob"; sid:3;)
            """);
        Assert.Equal([1, 2], run.Sids);
    }
}
