using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Appliance.Sensing.Engine.Detect.Keywords;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Keywords about files, sets, reputation and what a match leaves behind.</summary>
public sealed class KeywordTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const string Body = "%PDF-1.4\nthis is the body of a small document, long enough to be told by its kind and by its size\n";

    private static byte[] Download() => new PacketForge().Http(C, 4000, S, "GET /dir/Report.PDF?x=1 HTTP/1.1\r\nHost: h\r\nUser-Agent: tester/7\r\n\r\n", $"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: {Body.Length}\r\n\r\n{Body}").ToArray();

    private static async Task<int[]> Sids(string options, Dictionary<string, string>? files = null, params string[] more)
    {
        Replayed run = await Replayed.Configured(Download(), $"alert http any any -> any any (msg:\"t\"; {options} sid:1;)", files, more);
        Assert.DoesNotContain("not loaded", run.Log, StringComparison.Ordinal);
        return run.Sids;
    }

    [Theory]
    [InlineData("filename:\"report.pdf\";", true)]
    [InlineData("filename:\"other\";", false)]
    [InlineData("filename:!\"other\";", true)]
    [InlineData("fileext:\"pdf\";", true)]
    [InlineData("fileext:!\"pdf\";", false)]
    [InlineData("fileext:\"exe\";", false)]
    [InlineData("filesize:>50;", true)]
    [InlineData("filesize:<50;", false)]
    [InlineData("filesize:1kb<>2kb;", false)]
    [InlineData("filesize:10<>1kb;", true)]
    [InlineData("file.name; content:\"Report\";", true)]
    [InlineData("filename:\"report\"; filesize:<10;", false)]
    [InlineData("http.method; content:\"GET\"; filename:\"report\";", false)] // the file goes the other way
    public async Task Files_are_asked_for_name_extension_and_size(string options, bool expected) => Assert.Equal(expected ? [1] : [], await Sids(options));

    [Theory]
    [InlineData("filemagic:\"pdf document\";", true)]
    [InlineData("filemagic:!\"pdf document\";", false)]
    [InlineData("file.magic; content:\"PDF\"; startswith;", true)]
    public async Task Files_are_asked_what_kind_they_are(string options, bool expected)
    {
        Assert.SkipUnless(Magic.Available, "libmagic is not installed");
        Assert.Equal(expected ? [1] : [], await Sids(options));
    }

    [Theory]
    [InlineData("filemd5:list.txt;", true)]
    [InlineData("filemd5:!list.txt;", false)]
    [InlineData("filesha1:list.txt;", true)]
    [InlineData("filesha256:list.txt;", true)]
    [InlineData("filesha256:other.txt;", false)]
    public async Task Files_are_asked_for_their_digest(string options, bool expected)
    {
        byte[] body = Encoding.Latin1.GetBytes(Body);
        string digest = Convert.ToHexString(options.Contains("md5", StringComparison.Ordinal) ? MD5.HashData(body) : options.Contains("sha1", StringComparison.Ordinal) ? SHA1.HashData(body) : SHA256.HashData(body));
        Assert.Equal(expected ? [1] : [], await Sids(options, new() { ["list.txt"] = "# known\n" + digest + "  name\n", ["other.txt"] = new string('0', 64) + "\n" }));
    }

    [Fact]
    public async Task A_wanted_file_is_kept_under_its_digest_and_others_are_not()
    {
        const string yaml = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - files\n  - file-store:\n      version: 2\n      enabled: yes\n";
        string store = Directory.CreateTempSubdirectory("store-").FullName;
        try
        {
            Replayed kept = await Replayed.Configured(Download(), "alert http any any -> any any (msg:\"t\"; fileext:\"pdf\"; filestore; sid:1;)", new() { ["suricata.yaml"] = yaml + $"      dir: {store}\n" });
            JsonElement file = Assert.Single(kept.Of("fileinfo")).GetProperty("fileinfo");
            Assert.True(file.GetProperty("stored").GetBoolean());
            string sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(Body)));
            Assert.Equal(Body, await File.ReadAllTextAsync(Path.Combine(store, sha256[..2], sha256), TestContext.Current.CancellationToken));
            Directory.Delete(Path.Combine(store, sha256[..2]), true);
            Replayed left = await Replayed.Configured(Download(), "alert http any any -> any any (msg:\"t\"; fileext:\"exe\"; filestore; sid:1;)", new() { ["suricata.yaml"] = yaml + $"      dir: {store}\n" });
            Assert.False(Assert.Single(left.Of("fileinfo")).GetProperty("fileinfo").GetProperty("stored").GetBoolean());
            Assert.Empty(Directory.EnumerateFiles(store, "*", SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(store, true);
        }
    }

    [Theory]
    [InlineData("http.user_agent; dataset:isset,ua,type string,load ua.csv;", true)]
    [InlineData("http.user_agent; dataset:isnotset,ua,type string,load ua.csv;", false)]
    [InlineData("http.user_agent; to_sha256; dataset:isset,uas,type sha256,load uas.csv;", true)]
    [InlineData("http.user_agent; datarep:rep,>,10,load rep.csv,type string;", true)]
    [InlineData("http.user_agent; datarep:rep,>,90,load rep.csv,type string;", false)]
    [InlineData("http.user_agent; dataset:set,fresh,type string;", true)]
    [InlineData("ip.dst; dataset:isset,ips,type ip,load ips.csv; http.method; content:\"GET\";", true)]
    [InlineData("ip.src; dataset:isset,ips,type ip,load ips.csv; http.method; content:\"GET\";", false)]
    [InlineData("http.host; dataset:isset,names,type domain,load names.csv;", true)]
    [InlineData("http.host; dataset:isnotset,names,type domain,load names.csv;", false)]
    [InlineData("http.uri; dataset:isset,names,type domain,load names.csv;", false)]
    [InlineData("http.request_line; pcrexform:\"^GET (\\S+)\"; content:\"/dir/Report.PDF?x=1\"; startswith; endswith;", true)]
    [InlineData("http.request_line; pcrexform:\"^POST (\\S+)\"; content:\"/dir\"; startswith;", false)]
    public async Task Buffers_are_looked_up_in_sets(string options, bool expected)
    {
        string agent = Convert.ToBase64String("tester/7"u8);
        var files = new Dictionary<string, string> { ["ua.csv"] = agent + "\n", ["uas.csv"] = Convert.ToHexString(SHA256.HashData("tester/7"u8)) + "\n", ["rep.csv"] = agent + ",40\n", ["ips.csv"] = $"{S}\n2001:db8::1\n", ["names.csv"] = "elsewhere.example\nH.\n" };
        Assert.Equal(expected ? [1] : [], await Sids(options, files));
    }

    [Fact]
    public void A_name_lies_in_a_set_of_domains_with_all_names_below_it_and_none_beside_it()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "names.lst");
        File.WriteAllText(file, "Evil.Example.\n# a remark\nexact.host.example\n");
        var set = new Dataset("names", DatasetKind.Domain, 10);
        set.Load("dataset", file, false);
        Assert.Equal(2, set.Count);
        foreach (string name in (string[])["evil.example", "EVIL.example.", "a.b.evil.example", "exact.host.example"]) Assert.True(set.Apply(DatasetAct.IsSet, Encoding.ASCII.GetBytes(name), default, 0), name);
        foreach (string name in (string[])["notevil.example", "example", "evil.example.com", "host.example", "", ".", "..", new string('a', 300) + ".evil.example"]) Assert.False(set.Apply(DatasetAct.IsSet, Encoding.ASCII.GetBytes(name), default, 0), name);
        Assert.False(set.Apply(DatasetAct.IsSet, [0xff, 0xfe, (byte)'.', 0xc3], default, 0));
        Assert.True(set.Apply(DatasetAct.IsNotSet, "good.example"u8, default, 0));
        File.WriteAllText(file, "a b\u00e9\n");
        Assert.Throws<RuleException>(() => set.Load("dataset", file, false));
    }

    [Theory]
    [InlineData("iprep:dst,Bad,>,10;", true)]
    [InlineData("iprep:dst,Bad,>,50;", false)]
    [InlineData("iprep:src,Bad,>,10;", false)]
    [InlineData("iprep:any,Odd,=,5;", true)]
    [InlineData("iprep:both,Odd,>,1;", false)]
    public async Task Addresses_have_a_reputation(string options, bool expected)
    {
        var files = new Dictionary<string, string> { ["categories.txt"] = "1,Bad,bad hosts\n2,Odd,odd ones\n", ["reputation.list"] = $"{S},1,40\n192.0.2.0/28,2,5\n", ["suricata.yaml"] = "%YAML 1.1\n---\ndefault-reputation-path: FOLDER\nreputation-files:\n  - reputation.list\n" };
        Assert.Equal(expected ? [1] : [], await Sids(options + " http.method; content:\"GET\";", files, "--set", "reputation-categories-file=FOLDER/categories.txt"));
    }

    [Fact]
    public async Task Captured_text_and_traffic_labels_are_told()
    {
        const string rules = "alert http any any -> any any (msg:\"t\"; http.uri; pcre:\"/x=(\\d)/,flow:x,\"; sid:1;)";
        Replayed run = await Replayed.Configured(Download(), rules.Replace(",\"", "\"", StringComparison.Ordinal) + "\nalert http any any -> any any (msg:\"l\"; http.method; content:\"GET\"; flowbits:set,traffic/id/fetch; flowbits:set,plain; sid:2;)", null);
        JsonElement flow = Assert.Single(run.Of("flow"));
        Assert.Equal("1", flow.GetProperty("metadata").GetProperty("flowvars")[0].GetProperty("x").GetString());
        Assert.Equal("fetch", flow.GetProperty("traffic").GetProperty("id")[0].GetString());
        Assert.Equal("plain", Assert.Single(flow.GetProperty("metadata").GetProperty("flowbits").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task A_tag_records_the_packets_that_follow_up_to_its_count()
    {
        Replayed run = await Replayed.Configured(Download(), "alert tcp any any -> any 80 (msg:\"t\"; flags:S; tag:session,3,packets; sid:1;)", null);
        Assert.Equal([2, 3, 4], run.Of("packet").Select(p => p.GetProperty("pcap_cnt").GetInt32()));
    }

    [Fact]
    public async Task A_bypassed_flow_is_counted_and_no_longer_read()
    {
        Replayed run = await Replayed.Configured(Download(), "alert tcp any any -> any 80 (msg:\"t\"; flags:S; bypass; sid:1;)\nalert http any any -> any any (msg:\"u\"; http.method; content:\"GET\"; sid:2;)", null);
        Assert.Equal([1], run.Sids);
        Assert.Equal("bypassed", Assert.Single(run.Of("flow")).GetProperty("flow").GetProperty("state").GetString());
        Assert.Equal(9, run.Of("stats")[^1].GetProperty("stats").GetProperty("flow_bypassed").GetProperty("local_pkts").GetInt32());
    }

    [Fact]
    public async Task A_config_rule_silences_the_record()
    {
        Replayed run = await Replayed.Configured(Download(), "config http any any -> any any (http.host; content:\"h\"; config:logging disable,type tx,scope tx; sid:1;)", null);
        Assert.Empty(run.Of("alert"));
        Assert.Empty(run.Of("http"));
        Assert.NotEmpty((await Replayed.Configured(Download(), "", null)).Of("http"));
    }

    [Theory]
    [InlineData("port 80", 1)]
    [InlineData("port 81", 0)]
    [InlineData("src host 192.0.2.9", 1)]
    public async Task A_capture_filter_chooses_packets(string filter, int flows)
    {
        Replayed run = await Replayed.Configured(Download(), "", null, filter.Split(' '));
        Assert.Equal(flows, run.Of("flow").Count);
        Assert.Equal(1, (await Replayed.Configured(Download(), "", null, "no such filter".Split(' '))).Exit);
    }

    [Theory]
    [InlineData("asn1:oversize_length 1000;", "\x0030\x0082\x0010\x0000zz", true)]
    [InlineData("asn1:oversize_length 1000;", "\x0030\x0003\x0002\x0001\x0005", false)]
    [InlineData("asn1:bitstring_overflow;", "\x0030\x0004\x0003\x0002\x0009\x0001", true)]
    [InlineData("asn1:bitstring_overflow;", "\x0030\x0004\x0003\x0002\x0000\x0001", false)]
    [InlineData("content:\"A\"; asn1:double_overflow, relative_offset 0;", "A\x0009\x0082\x0001\x0001zz", true)]
    [InlineData("asn1:oversize_length 5;", "\x0030\x0080\x0030\x0080\x0030\x0080", false)]
    public async Task Encoded_lengths_are_walked(string options, string payload, bool expected)
    {
        byte[] capture = new PacketForge().Udp(C, 4000, S, 161, Encoding.Latin1.GetBytes(payload)).ToArray();
        Replayed run = await Replayed.Configured(capture, $"alert udp any any -> any any (msg:\"t\"; {options} sid:1;)", null);
        Assert.DoesNotContain("not loaded", run.Log, StringComparison.Ordinal);
        Assert.Equal(expected ? [1] : [], run.Sids);
    }

    [Theory]
    [InlineData("PORT 198,51,100,77,10,1", true)]
    [InlineData("PORT 192,0,2,9,10,1", false)]
    public async Task A_port_command_for_another_host_is_a_bounce(string command, bool expected)
    {
        byte[] capture = new PacketForge().Conversation(C, 4000, S, 21, (false, "220 ready\r\n"u8.ToArray()), (true, "USER a\r\n"u8.ToArray()), (false, "331 more\r\n"u8.ToArray()), (true, Encoding.ASCII.GetBytes(command + "\r\n")), (false, "200 ok\r\n"u8.ToArray())).ToArray();
        Replayed run = await Replayed.Configured(capture, "alert ftp any any -> any any (msg:\"t\"; flow:established,to_server; ftpbounce; sid:1;)", null);
        Assert.Equal(expected ? [1] : [], run.Sids);
    }

    [Theory]
    [InlineData("ipv4-csum:valid;", new int[0], false)]
    [InlineData("tcpv4-csum:invalid;", new[] { 1 }, false)]
    [InlineData("tcpv4-csum:invalid;", new[] { 1 }, true)] // as the reference: what is not checked for the stream can still be asked for
    public async Task Checksums_are_asked_for(string options, int[] expected, bool ignored)
    {
        byte[] bad = new PacketForge().Tcp(C, 4000, S, 80, 1, 0, 2).ToArray();
        bad[24 + 16 + 14 + 20 + 16] ^= 0xff;
        if (options.StartsWith("ipv4", StringComparison.Ordinal)) bad[24 + 16 + 14 + 10] ^= 0xff;
        Replayed run = await Replayed.Configured(bad, $"alert ip any any -> any any (msg:\"t\"; {options} sid:1;)", null, "-k", ignored ? "none" : "all");
        Assert.Equal(expected, run.Sids);
    }
}
