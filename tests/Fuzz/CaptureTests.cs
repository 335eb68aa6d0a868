using Appliance.Fuzz.Targets;
using Xunit;

namespace Appliance.Fuzz;

/// <summary>Every capture of the kit as it is, and thousands made from them, with the kit's rules and a rule for every event: no crash, no hang, no growth.</summary>
[Collection("one at a time")]
public sealed class CaptureTests
{
    private const int Sample = 60, Long = 10_000;

    private static LoadedEngine Engine(string kit)
    {
        string rules = Path.Combine(kit, "rules", "et-open-a.rules");
        string[] named = (Environment.GetEnvironmentVariable("CIRT_FUZZ_RULES") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        string[] files = named.Length > 0 ? named : Campaign.IsLong && File.Exists(rules) ? [rules] : [];
        var engine = new LoadedEngine(files, EventRules.Text);
        Campaign.Tell($"{engine.Rules} rules");
        return engine;
    }

    [Fact]
    public void Every_capture_of_the_kit_is_survived_with_all_rules()
    {
        Assert.SkipWhen(Captures.Kit == null, "APPLIANCE_CONFORMANCE names no conformance kit");
        List<string> all = Captures.Of(Captures.Kit);
        Assert.NotEmpty(all);
        if (!Campaign.IsLong) all = all.Where((_, i) => i % 20 == 0).ToList();
        using LoadedEngine engine = Engine(Captures.Kit);
        var judge = new Judge("kit");
        var features = new Features();
        List<Finding> found = all.Select(path => judge.Try(File.ReadAllBytes(path), bytes => engine.Run(Captures.Read(bytes), features)) is { } f ? f with { Kept = path } : null).OfType<Finding>().ToList();
        Campaign.Tell($"kit: {all.Count} captures, slowest {judge.Slowest.TotalSeconds:F2} s, largest {judge.Largest >> 20} MiB, {features.Total} features");
        Assert.Empty(found);
    }

    /// <summary>For whoever looks into a finding: CIRT_FUZZ_TRY names the kept inputs.</summary>
    [Fact]
    public void A_kept_input_is_survived()
    {
        string? tried = Environment.GetEnvironmentVariable("CIRT_FUZZ_TRY");
        Assert.SkipWhen(string.IsNullOrEmpty(tried), "CIRT_FUZZ_TRY names no kept inputs");
        using LoadedEngine engine = Engine(Captures.Kit ?? "");
        var judge = new Judge("tried");
        var features = new Features();
        Assert.All(tried.Split(':'), path => Assert.Null(judge.Try(File.ReadAllBytes(path), bytes => engine.Run(Captures.Read(bytes), features))?.What));
    }

    [Fact]
    public void Changed_captures_are_survived()
    {
        Assert.SkipWhen(Captures.Kit == null, "APPLIANCE_CONFORMANCE names no conformance kit");
        List<byte[]> seeds = Captures.Of(Captures.Kit).Where(f => new FileInfo(f).Length <= 200_000).Select(File.ReadAllBytes).ToList();
        using LoadedEngine engine = Engine(Captures.Kit);
        List<Finding> found = new Campaign("captures", seeds, 24) { Budget = Campaign.IsLong ? Long : Sample }.Run((bytes, features) => engine.Run(Captures.Read(bytes), features));
        Assert.Empty(found);
    }
}
