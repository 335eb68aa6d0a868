using System.Text;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Rules that are an expression alone: looked for together, they match what they match when each is asked by itself.</summary>
public sealed class SearchExpressionTests
{
    private static readonly string[] Expressions =
    [
        "/ (3[4|7]\\d{2}|2014) \\d{4} /", "/^begin\\w+ end$/", "/ABC\\x20\\d/i", "/a.c\\r\\n/s", "/^second/m", "/(?:one|two){2}/", "/x{3,5}y/", "/tail$/", "/[^a-z ]{4}/", "/\\bword\\b/", "/(\\d)\\1\\1/", "/(?=ahead)a/", "/q*/",
        "/\\sspace/", "/\\x80\\xff/",
    ];

    private static readonly string[] Payloads =
    [
        " 3412 1234 ", " 2014 99 ", "beginning end", "beginning end\n", "abc 7", "a\nc\r\n", "first\nsecond", "onetwo", "oneone", "xxxxy", "xxy", "the tail", "the tail\n", "A1B2", "a word here", "words", "x777y", "ahead", "\u000bspace", "\u0080\u00ff", "",
    ];

    private static string Rules => string.Join('\n', Expressions.Select((e, i) => $"alert udp any any -> any any (msg:\"e\"; pcre:\"{e}\"; sid:{i + 1};)\nalert tcp any any -> any any (msg:\"e\"; pcre:\"{e}\"; sid:{i + 101};)"));

    [Fact]
    public async Task They_match_the_same()
    {
        var forge = new PacketForge();
        for (int i = 0; i < Payloads.Length; i++)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(Payloads[i]);
            forge.Udp("192.0.2.1", (ushort)(1000 + i), "198.51.100.1", 2000, bytes);
            if (bytes.Length > 1) forge.Conversation("192.0.2.1", (ushort)(3000 + i), "198.51.100.1", 2000, (true, bytes[..1]), (true, bytes[1..]), (false, bytes));
        }
        Replayed together = await Replayed.Of(forge, Rules), alone = await Replayed.Of(forge, Rules, "--set", "mpm-algo=ac");
        Assert.InRange(together.Sids.Length, 20, int.MaxValue);
        Assert.Equal(alone.Sids, together.Sids);
    }

    [Fact]
    public void Only_what_both_libraries_read_alike_is_looked_for()
    {
        Assert.SkipWhen(!Hyperscan.Available, "Hyperscan is missing");
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "r.rules");
        File.WriteAllText(file, Rules);
        using RuleSet set = RuleLoading.Load([(file, file)], new RuleVariables(), new Classification(), true);
        // not: a word's edge, a group repeated, a look ahead, what matches nothing, white space
        Assert.Equal(Expressions.Length - 5, set.Packet[(int)PacketClass.Udp, 0].Expressions!.Matcher!.PatternCount);
    }
}
