using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Appliance.Sensing.Rules;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class RuleTests
{
    private const string Body =
        """
        # A comment about sid: numbers
        alert tcp any any -> any any (msg:"one; sid:9; two"; content:"a"; sid:1001; rev:2;)
        #alert tcp any any -> any any (msg:"off"; sid:1002;)

        alert tcp any any -> any any (msg:"split"; \
            content:"b"; \
            sid:1003; gid:5;)
        alert nonsense
        """;

    [Fact]
    public void Rules_are_found_on_off_split_and_broken()
    {
        var rules = RuleScanner.Scan(Body);
        Assert.Equal([(2, 1, true, 1001L, 2), (3, 1, false, 1002L, 0), (5, 3, true, 1003L, 0), (8, 1, true, (long?)null, 0)], rules.Select(r => (r.Line, r.Lines, r.IsOn, r.Sid, r.Rev)));
        Assert.Equal(["one; sid:9; two", "off", "split", ""], rules.Select(r => r.Message));
        Assert.Equal(5, rules[2].Gid);
    }

    [Fact]
    public void Action_replaces_the_rules_own_and_nothing_else_in_its_line()
    {
        var applied = RuleScanner.Apply(Body, r => r.Sid is 1001 or 1002, r => r.Sid == 1003 ? null : "pass").Split('\n');
        Assert.Equal("pass tcp any any -> any any (msg:\"one; sid:9; two\"; content:\"a\"; sid:1001; rev:2;)", applied[1]);
        Assert.Equal("pass tcp any any -> any any (msg:\"off\"; sid:1002;)", applied[2]);
        Assert.StartsWith("# alert tcp", applied[4], StringComparison.Ordinal);
        Assert.Equal("# alert nonsense", applied[7]);
    }

    [Fact]
    public void What_is_written_of_limits_and_suppressions_is_what_the_engine_reads()
    {
        var lines = ThresholdLines.Of(
            [
                new() { Gid = 1, Sid = 1, LimitKind = "limit", LimitTrack = "by_src", LimitCount = 1, LimitSeconds = 60 },
                new() { Gid = 1, Sid = 2, LimitKind = "threshold", LimitTrack = "by_dst", LimitCount = 10, LimitSeconds = 60 },
                new() { Gid = 1, Sid = 3, LimitKind = "both", LimitTrack = "by_src", LimitCount = 5, LimitSeconds = 60 },
                new() { Gid = 1, Sid = 4, Action = "drop" },
            ],
            [new() { Gid = 1, Sid = 5 }, new() { Gid = 1, Sid = 6, Src = "10.0.0.0/8" }, new() { Gid = 1, Sid = 7, Dst = "2001:db8::/32" }]);
        Assert.Equal(6, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, lines);
            var faults = new List<Appliance.Sensing.Engine.Rules.RuleFault>();
            var list = new Appliance.Sensing.Engine.Detect.Thresholds.SuppressionList();
            list.Load(path, new(), faults);
            Assert.Empty(faults);
            Assert.False(list.IsEmpty);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Switching_keeps_every_rule_on_its_line()
    {
        var applied = RuleScanner.Apply(Body, r => r.Sid is 1002);
        var rules = RuleScanner.Scan(applied);
        Assert.Equal([(2, false), (3, true), (5, false)], rules.Select(r => (r.Line, r.IsOn)));
        Assert.Equal(Body.Split('\n').Length, applied.Split('\n').Length);
        Assert.Equal([(2, true), (3, true), (5, true)], RuleScanner.Scan(RuleScanner.Apply(applied, _ => true)).Where(r => r.Sid is not null).Select(r => (r.Line, r.IsOn)));
    }

    [Fact]
    public void Engine_names_what_is_wrong_with_a_rule_and_loads_the_others()
    {
        var body = "alert tcp any any -> any any (msg:\"good\"; content:\"x\"; sid:1;)\nalert tcp any any -> any any (msg:\"bad\"; nosuchkeyword:1; sid:2;)\nalert udp any any -> any any (msg:\"good\"; content:\"y\"; sid:3;)\n";
        var fault = Assert.Single(new RuleChecker().Check("x.rules", RuleScanner.Scan(body)));
        Assert.Equal(2, fault.Key);
        Assert.Equal("nosuchkeyword", fault.Value.Keyword);
        Assert.NotEmpty(fault.Value.Reason);
    }

    [Fact]
    public void Archive_in_the_layout_of_emerging_threats_is_read()
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionMode.Compress, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (name, text) in new[] { ("rules/emerging-dns.rules", Body), ("rules/classification.config", "config classification: x,y,1"), ("rules/LICENSE.txt", "no"), ("rules/../../evil.rules", Body) })
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
        var files = RuleArchive.Read("emerging.rules.tar.gz", memory.ToArray()).Value;
        Assert.Equal([("emerging-dns.rules", "rules"), ("classification.config", "classification"), ("evil.rules", "rules")], files.Select(f => (f.Name, f.Kind)));
    }

    [Theory]
    [InlineData("x.tar.gz", new byte[] { 0x1F, 0x8B, 1, 2, 3 })]
    [InlineData("x.zip", new byte[] { 0x50, 0x4B, 3, 4, 9, 9 })]
    [InlineData("picture.png", new byte[] { 1, 2, 3 })]
    public void Broken_archive_is_refused(string name, byte[] content) => Assert.False(RuleArchive.Read(name, content).Succeeded);
}
