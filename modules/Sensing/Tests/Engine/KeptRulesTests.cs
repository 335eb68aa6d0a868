using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Kept;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Whole rule sets that an earlier start has kept: the same set comes back, rules are read when they are asked for, and whatever differs or is damaged leads to a new reading.</summary>
public sealed class KeptRulesTests : IDisposable
{
    private const string Many = """
        alert tcp $HOME_NET any -> !192.0.2.0/24 80 (msg:"a"; content:"needle"; flowbits:set,seen; sid:1;)
        alert http any any -> any any (msg:"b"; http.uri; content:"/x"; flowbits:isset,seen; sid:2;)
        alert http any any -> any any (msg:"c"; http.uri; to_lowercase; content:"/y"; sid:3;)
        alert ip [198.51.100.1,198.51.100.9] any -> any any (msg:"d"; sid:4;)
        alert udp any 53 -> any [1000:1010,!1005] (msg:"e"; threshold:type limit, track by_src, count 1, seconds 60; sid:5;)
        alert tls any any -> any any (msg:"f"; ja3.hash; content:"0123456789abcdef0123456789abcdef"; sid:6;)
        alert http any any -> any any (msg:"g"; frame:http1.request; content:"GET"; sid:7;)
        alert tcp any any -> any any (msg:"h"; pcre:"/ab[0-9]{3}c/"; sid:8;)
        drop icmp any any -> any any (msg:"i"; itype:8; sid:9;)
        alert tcp any any -> any any (msg:"wrong"; content; sid:10;)
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly RuleVariables _variables = new();
    private string Cache => Path.Combine(_folder.Path, "patterns");
    private string Rules => Path.Combine(_folder.Path, "r.rules");

    public KeptRulesTests()
    {
        Assert.SkipWhen(!Hyperscan.Available, "Hyperscan is missing, and with it what could be kept");
        File.WriteAllText(Rules, Many);
    }

    public void Dispose() => _folder.Dispose();

    private RuleSet Load(RuleLoadOptions? how = null) =>
        RuleLoading.Load([(Rules, Rules)], _variables, new Classification(), true, (how ?? new RuleLoadOptions()) with { CacheFolder = Cache });

    private string[] Entries => Directory.Exists(Path.Combine(Cache, "sets")) ? Directory.GetFiles(Path.Combine(Cache, "sets")) : [];

    private byte[] Form(RuleSet set)
    {
        var to = new KeptWriter();
        set.Write(to, new KeptTexts.Writer(), [Rules]);
        return to.Written.ToArray();
    }

    [Fact]
    public void What_comes_back_is_what_was_kept()
    {
        using RuleSet first = Load(), second = Load();
        Assert.False(first.WasKept);
        Assert.True(second.WasKept);
        Assert.Equal(Form(first), Form(second));
        Assert.Equal(first.Rules.Select(r => (r.Sid, r.Text, r.File, r.Line)), second.Rules.Select(r => (r.Sid, r.Text, r.File, r.Line)));
        Assert.Equal(first.Faults, second.Faults);
        Assert.Equal(10u, Assert.Single(second.Faults).Sid);
    }

    [Fact]
    public void A_rule_is_read_when_it_is_asked_for_and_then_once()
    {
        Load().Dispose();
        using RuleSet kept = Load();
        // one stands for the buffer that is transformed
        Assert.Equal(1, kept.Rules.Ready);
        Rule rule = kept.Rules[0];
        Assert.Same(rule, kept.Rules[0]);
        Assert.Equal(0, rule.Index);
    }

    [Fact]
    public async Task Traffic_finds_the_same_with_a_kept_set()
    {
        var forge = new PacketForge();
        forge.Udp("198.51.100.9", 53, "192.0.2.2", 1004, "x"u8);
        forge.Udp("192.0.2.7", 53, "192.0.2.2", 1004, "x"u8);
        forge.Udp("192.0.2.7", 53, "192.0.2.2", 1005, "x"u8);
        string[] keep = ["--set", "detect.sgh-mpm-caching-path=" + Cache];
        Replayed first = await Replayed.Of(forge, Many, keep), second = await Replayed.Of(forge, Many, keep);
        Assert.Contains("from cache", second.Log, StringComparison.Ordinal);
        Assert.Equal([4, 5, 5], first.Sids.Order());
        Assert.Equal(first.Sids, second.Sids);
    }

    [Fact]
    public void Other_rules_variables_or_options_are_another_entry()
    {
        Load().Dispose();
        _variables.Addresses["HOME_NET"] = "203.0.113.0/24";
        using (RuleSet other = Load()) Assert.False(other.WasKept);
        using (RuleSet other = Load(new RuleLoadOptions { ActionOrder = [RuleAction.Drop, RuleAction.Alert, RuleAction.Pass, RuleAction.Reject] })) Assert.False(other.WasKept);
        File.AppendAllText(Rules, "\n# a word more\n");
        using (RuleSet other = Load()) Assert.False(other.WasKept);
        Assert.Equal(4, Entries.Length);
    }

    /// <summary>Magic, key, digest, index, cut, longer: all are noticed at once.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(20, 0)]
    [InlineData(50, 0)]
    [InlineData(100, 0)]
    [InlineData(0, -10)]
    [InlineData(0, 10)]
    public void A_damaged_entry_is_made_anew(int at, int more)
    {
        Load().Dispose();
        string entry = Assert.Single(Entries);
        byte[] bytes = File.ReadAllBytes(entry);
        if (more == 0) bytes[at] ^= 1;
        Array.Resize(ref bytes, bytes.Length + more);
        File.WriteAllBytes(entry, bytes);
        using (RuleSet damaged = Load())
        {
            Assert.False(damaged.WasKept);
            Assert.Equal(9, damaged.Loaded);
        }
        using RuleSet again = Load();
        Assert.True(again.WasKept);
    }

    [Fact]
    public void A_text_that_was_changed_is_no_rule()
    {
        Load().Dispose();
        string entry = Assert.Single(Entries);
        byte[] bytes = File.ReadAllBytes(entry);
        bytes[^5] ^= 1;
        File.WriteAllBytes(entry, bytes);
        using RuleSet kept = Load();
        Assert.Throws<InvalidDataException>(() => kept.Rules.Count(r => r.Sid > 0));
    }

    [Fact]
    public void Without_its_compiled_patterns_it_is_no_use()
    {
        Load().Dispose();
        File.Delete(Assert.Single(Directory.GetFiles(Cache)));
        using RuleSet set = Load();
        Assert.False(set.WasKept);
    }

    [Fact]
    public void What_lies_outside_of_the_rules_is_read_at_each_start()
    {
        string values = Path.Combine(_folder.Path, "v.lst");
        File.WriteAllText(values, "YQ==\n");
        File.WriteAllText(Rules, "alert dns any any -> any any (msg:\"a\"; dns.query; dataset:isset,v,type string,load v.lst; sid:1;)\n");
        // a set of its own for each start
        RuleLoadOptions Fresh() => new() { Datasets = new DatasetTable() };
        Load(Fresh()).Dispose();
        File.WriteAllText(values, "YQ==\nYg==\n");
        using (RuleSet kept = Load(Fresh()))
        {
            Assert.True(kept.WasKept);
            Assert.Equal(1, kept.Rules.Ready);
            Assert.True(kept.Rules[0].Parts[0].Terms[0].Set!.Apply(DatasetAct.IsSet, "b"u8, Comparison.None, 0));
        }
        File.Delete(values);
        using RuleSet refused = Load(Fresh());
        Assert.False(refused.WasKept);
        Assert.Single(refused.Faults);
        // and what failed today is tried again tomorrow
        File.WriteAllText(values, "YQ==\n");
        using RuleSet mended = Load(Fresh());
        Assert.Empty(mended.Faults);
    }

    /// <summary>Whatever the bytes, reading ends with a refusal or a set.</summary>
    [Fact]
    public void No_bytes_crash_the_reader()
    {
        using RuleSet set = Load();
        byte[] form = Form(set);
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            byte[] bytes = [.. form];
            for (int i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using FileStream entry = File.OpenRead(Assert.Single(Entries));
            var names = new NameTable();
            var texts = new KeptTexts(entry, entry.Length, new RuleParser(_variables, new Classification(), names));
            try
            {
                new RuleSet(new KeptReader(bytes), texts, names, new PatternCache(null), new RuleLoadOptions()).Dispose();
            }
            catch (InvalidDataException)
            {
                // as it should be
                continue;
            }
        }
    }
}
