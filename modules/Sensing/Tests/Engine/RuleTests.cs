using System.Text;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class RuleTests
{
    private static string Rule(string options, string header = "alert tcp any any -> any any") => $"{header} (msg:\"t\"; {options} sid:7;)";

    private static RuleFault? Fault(string text) => RuleCheck.RunText(text, "t.rules").Errors.FirstOrDefault();

    [Theory]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; content:\"a\";)", "sid", "no sid")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; nonsense; sid:7;)", "nonsense", "unknown keyword")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; content:\"|4|\"; sid:7;)", "content", "odd number")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; content:\"abc\"; depth:2; sid:7;)", "depth", "less than")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; nocase; sid:7;)", "nocase", "needs a content")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; pcre:\"/(a/\"; sid:7;)", "pcre", "offset")]
    [InlineData("alert tcp any any -> $NOWHERE any (msg:\"t\"; sid:7;)", "address", "not defined")]
    [InlineData("alert tcp any 99999 -> any any (msg:\"t\"; sid:7;)", "port", "99999")]
    [InlineData("alert smoke any any -> any any (msg:\"t\"; sid:7;)", "protocol", "smoke")]
    [InlineData("alert tcp any any => any any (msg:\"t\"; sid:7;)", "direction", "=>")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; flow:to_server,to_client; sid:7;)", "flow", "to_client")]
    [InlineData("alert http any any -> any any (msg:\"t\"; flow:to_client; http.uri; content:\"a\"; sid:7;)", "http.uri", "towards the server")]
    [InlineData("alert dns any any -> any any (msg:\"t\"; http.uri; content:\"a\"; sid:7;)", "http.uri", "dns")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; byte_test:9,>,1,0; sid:7;)", "byte_test", "9 bytes")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; threshold:type limit, track by_src; sid:7;)", "threshold", "count")]
    [InlineData("alert tcp any any -> any any (msg:\"t\"; lua:x.lua; sid:7;)", "lua", "not supported")]
    [InlineData("alert tcp any any -> any any msg:\"t\"; sid:7;", "rule", "parentheses")]
    public void A_bad_rule_is_named_with_keyword_and_reason(string text, string keyword, string reason)
    {
        RuleFault? fault = Fault(text);
        Assert.NotNull(fault);
        Assert.Equal(keyword, fault.Keyword);
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
        Assert.Equal(1, fault.Line);
    }

    [Fact]
    public void One_bad_rule_costs_no_other()
    {
        RuleCheckResult result = RuleCheck.RunText(Rule("content:\"a\";") + "\n" + Rule("bad;").Replace("sid:7", "sid:8", StringComparison.Ordinal) + "\n# comment\n" + Rule("dsize:>3;").Replace("sid:7", "sid:9", StringComparison.Ordinal), "t.rules");
        Assert.Equal((2, 1), (result.Loaded, result.Failed));
        Assert.Equal((2, 8u), (result.Errors[0].Line, result.Errors[0].Sid));
        Assert.Contains("\"keyword\": \"bad\"", result.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content:\"abc\"; content:\"def\"; distance:1; within:3;", "abcXdef", true)]
    [InlineData("content:\"abc\"; content:\"def\"; distance:1; within:3;", "abcdef", false)]
    [InlineData("content:\"abc\"; content:\"def\"; distance:0; within:3;", "abcZabcdef", true)]
    [InlineData("content:\"abc\"; offset:2;", "abcdef", false)]
    [InlineData("content:\"abc\"; offset:2; depth:4;", "xxxabc", true)]
    [InlineData("content:\"ABC\"; nocase;", "xabcx", true)]
    [InlineData("content:\"abc\"; content:!\"bad\";", "abc good", true)]
    [InlineData("content:\"abc\"; content:!\"bad\";", "abc bad", false)]
    [InlineData("content:\"abc\"; startswith;", "abcdef", true)]
    [InlineData("content:\"abc\"; startswith;", "xabc", false)]
    [InlineData("content:\"def\"; endswith;", "abcdef", true)]
    [InlineData("content:\"def\"; endswith;", "defx", false)]
    [InlineData("content:\"abc\"; isdataat:3,relative;", "abcdef", true)]
    [InlineData("content:\"abc\"; isdataat:!1,relative;", "abc", true)]
    [InlineData("content:\"abc\"; isdataat:!1,relative;", "abcd", false)]
    [InlineData("pcre:\"/a.c$/\";", "xxabc", true)]
    [InlineData("content:\"abc\"; pcre:\"/^de/R\";", "abcdef", true)]
    [InlineData("content:\"abc\"; pcre:\"/^ef/R\";", "abcdef", false)]
    [InlineData("content:\"L\"; byte_test:2,>,258,0,relative;", "L\x0001\x0003x", true)]
    [InlineData("content:\"L\"; byte_test:2,=,513,0,relative,little;", "L\x0001\x0002", true)]
    [InlineData("content:\"N\"; byte_test:3,=,123,0,relative,string,dec;", "N123", true)]
    [InlineData("byte_jump:1,0; content:\"XY\"; within:2;", "\x0003abcXY", true)]
    [InlineData("byte_jump:1,0; content:\"XY\"; within:2;", "\x0002abcXY", false)]
    [InlineData("byte_extract:1,0,n; content:\"XY\"; offset:n;", "\x0004abcXY", true)]
    [InlineData("byte_jump:4,0; content:\"x\"; within:1;", "\x00ff\x00ff\x00ff\x00ffx", false)]
    [InlineData("content:\"b64:\"; base64_decode:relative; base64_data; content:\"secret\";", "b64:c2VjcmV0", true)]
    [InlineData("content:\"|41 42|c\";", "xABc", true)]
    public void Terms_match_as_documented(string options, string payload, bool expected)
    {
        var parser = new RuleParser(new RuleVariables(), new Classification(), new NameTable());
        Assert.True(parser.TryParse(Rule(options), "t", 1, out Rule? rule, out RuleFault? fault), fault?.Reason);
        Assert.Equal(expected, new ContentInspector().Matches(rule!.PayloadPart!.Compiled, Encoding.Latin1.GetBytes(payload)));
    }

    [Theory]
    [InlineData("[10.0.0.0/8,!10.1.0.0/16]", "10.2.0.1", true)]
    [InlineData("[10.0.0.0/8,!10.1.0.0/16]", "10.1.0.1", false)]
    [InlineData("!$HOME_NET", "192.168.1.1", false)]
    [InlineData("!$HOME_NET", "8.8.8.8", true)]
    [InlineData("[192.0.2.1-192.0.2.9]", "192.0.2.9", true)]
    [InlineData("[192.0.2.1-192.0.2.9]", "192.0.2.10", false)]
    [InlineData("2001:db8::/32", "2001:db8::5", true)]
    [InlineData("any", "2001:db8::5", true)]
    public void Address_lists_mean_what_they_say(string text, string address, bool inside)
    {
        Assert.True(AddressSet.TryRange(address, out var range));
        Assert.Equal(inside, new RuleVariables().AddressesOf(text).Contains(Appliance.Sensing.Engine.Decode.IpAddress.FromValue(range.Low)));
    }

    [Fact]
    public void The_plain_matcher_finds_what_hyperscan_finds()
    {
        var random = new Random(3);
        var patterns = new List<SearchPattern>();
        for (int i = 0; i < 300; i++)
        {
            byte[] bytes = new byte[random.Next(1, 7)];
            for (int b = 0; b < bytes.Length; b++) bytes[b] = (byte)"abcABC\0\xff"[random.Next(8)];
            patterns.Add(new SearchPattern(bytes, random.Next(2) == 0));
        }
        using var plain = new AhoCorasick(patterns);
        using MultiMatcher native = MultiMatcher.Make(patterns, true);
        using var one = new SearchScratch();
        using var two = new SearchScratch();
        plain.Prepare(one);
        native.Prepare(two);
        for (int round = 0; round < 200; round++)
        {
            byte[] text = new byte[random.Next(0, 60)];
            for (int b = 0; b < text.Length; b++) text[b] = (byte)"abcABC\0\xff"[random.Next(8)];
            plain.Search(text, one);
            native.Search(text, two);
            var expected = Enumerable.Range(0, patterns.Count).Where(i => patterns[i].NoCase ? Appliance.Sensing.Engine.Memory.Bytes.IndexOfNoCase(text, patterns[i].Bytes) >= 0 : text.AsSpan().IndexOf(patterns[i].Bytes) >= 0).Select(i => (uint)i).ToArray();
            Assert.Equal(expected, one.Found.ToArray().Order());
            Assert.Equal(expected, two.Found.ToArray().Order());
        }
    }

    [Fact]
    public void A_check_names_each_rule_that_fails_also_one_whose_sid_another_has()
    {
        RuleCheckResult result = RuleCheck.RunTexts([("a.rules", "alert tcp any any -> any any (msg:\"a\"; sid:1;)\n# off\nalert tcp any any -> any any \\\n  (msg:\"b\"; nonsense:1; sid:2;)\n"),
            ("b.rules", "alert tcp any any -> any any (msg:\"newer\"; sid:1; rev:2;)\nalert tcp any any -> any any (requires: version >= 99; sid:3;)\n")]);
        Assert.Equal((1, 2, 1), (result.Loaded, result.Failed, result.Skipped));
        Assert.Equal([("a.rules", 3, 2u, "nonsense"), ("a.rules", 1, 1u, "sid")], result.Errors.Select(e => (e.File, e.Line, e.Sid, e.Keyword)));
        using var json = System.Text.Json.JsonDocument.Parse(result.ToJson());
        Assert.Equal(2, json.RootElement.GetProperty("rules_failed").GetInt32());
        Assert.Equal(3, json.RootElement.GetProperty("errors")[0].GetProperty("line").GetInt32());
    }
}
