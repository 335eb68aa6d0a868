using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Compiled patterns that an earlier start has kept: used when whole and ours, rebuilt otherwise; what is found stays the same.</summary>
public sealed class PatternCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string Cache => Path.Combine(_folder.Path, "patterns");

    public PatternCacheTests() => Assert.SkipWhen(!Hyperscan.Available, "Hyperscan is missing, and with it what could be kept");

    public void Dispose() => _folder.Dispose();

    private RuleSet Load(string content = "needle")
    {
        string rules = Path.Combine(_folder.Path, "r.rules");
        File.WriteAllText(rules, $"alert tcp any any -> any any (msg:\"a\"; content:\"{content}\"; sid:1;)\nalert http any any -> any any (msg:\"b\"; http.uri; content:\"/x\"; sid:2;)\n");
        return RuleLoading.Load([(rules, rules)], new RuleVariables(), new Classification(), true, new RuleLoadOptions { CacheFolder = Cache });
    }

    private string[] Files => Directory.Exists(Cache) ? Directory.GetFiles(Cache) : [];

    [Fact]
    public void The_second_start_compiles_nothing()
    {
        using RuleSet first = Load();
        Assert.Equal(0, first.FromCache);
        Assert.Single(Files);
        using RuleSet second = Load();
        Assert.InRange(second.FromCache, 1, int.MaxValue);
        using var scratch = new SearchScratch();
        second.Prepare(scratch);
        second.Stream[0].Far!.Matcher!.Search("a NEEDLE, a needle"u8, scratch);
        Assert.Equal(1, scratch.Count);
    }

    [Fact]
    public void Other_patterns_are_another_entry()
    {
        Load().Dispose();
        using RuleSet other = Load("haystack");
        Assert.Equal(0, other.FromCache);
        Assert.Equal(2, Files.Length);
    }

    /// <summary>What is whole may still be used; what is damaged is compiled anew, and kept again.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(20, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 40)]
    public void A_damaged_or_cut_entry_is_rebuilt(int at, int cut)
    {
        Load().Dispose();
        string file = Assert.Single(Files);
        int whole;
        using (RuleSet undamaged = Load()) whole = undamaged.FromCache;
        byte[] bytes = File.ReadAllBytes(file)[..^cut];
        if (cut == 0) bytes[at < 0 ? bytes.Length + at : at] ^= 1;
        File.WriteAllBytes(file, bytes);
        using (RuleSet damaged = Load())
        {
            Assert.InRange(damaged.FromCache, 0, whole - 1);
            using var scratch = new SearchScratch();
            damaged.Prepare(scratch);
            damaged.Stream[0].Far!.Matcher!.Search("a needle"u8, scratch);
            Assert.Equal(1, scratch.Count);
        }
        using RuleSet again = Load();
        Assert.Equal(whole, again.FromCache);
    }

    [Fact]
    public void What_others_may_write_is_not_trusted()
    {
        Load().Dispose();
        string file = Assert.Single(Files);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        using (RuleSet open = Load()) Assert.Equal(0, open.FromCache);
        using (RuleSet mended = Load()) Assert.InRange(mended.FromCache, 1, int.MaxValue);
        File.SetUnixFileMode(Cache, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite);
        using RuleSet refused = Load();
        Assert.Equal(0, refused.FromCache);
        Assert.NotNull(refused.CacheFault);
    }

    [Fact]
    public void A_link_in_the_folders_place_is_not_followed()
    {
        string elsewhere = Path.Combine(_folder.Path, "elsewhere");
        Directory.CreateDirectory(elsewhere);
        File.CreateSymbolicLink(Cache, elsewhere);
        using RuleSet set = Load();
        Assert.NotNull(set.CacheFault);
        Assert.Empty(Directory.GetFiles(elsewhere));
    }

    [Fact]
    public void The_folder_stays_small()
    {
        for (int i = 0; i < 12; i++) Load($"needle{i}").Dispose();
        Assert.Equal(8, Files.Length);
        using RuleSet newest = Load("needle11");
        Assert.InRange(newest.FromCache, 1, int.MaxValue);
    }

    [Fact]
    public async Task Standing_alone_it_keeps_them_below_the_data_folder_only()
    {
        var forge = new PacketForge();
        forge.Udp("192.0.2.1", 1000, "192.0.2.2", 2000, "x"u8);
        const string rule = "alert udp any any -> any any (msg:\"a\"; content:\"x\"; sid:1;)";
        await Replayed.Of(forge, rule);
        Assert.Empty(Files);
        Replayed kept = await Replayed.Of(forge, rule, "--set", "detect.sgh-mpm-caching-path=" + Cache);
        Assert.Equal([1], kept.Sids);
        Assert.Single(Files);
        kept = await Replayed.Of(forge, rule, "--set", "detect.sgh-mpm-caching-path=" + Cache);
        Assert.Contains("from cache", kept.Log, StringComparison.Ordinal);
        Assert.Equal([1], kept.Sids);
    }
}
