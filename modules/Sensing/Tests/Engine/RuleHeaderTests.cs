using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Groups;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>The indexes over rule headers say the same as the sets themselves.</summary>
public sealed class RuleHeaderTests
{
    private static readonly string[] Texts =
    [
        "192.0.2.0/24", "!192.0.2.0/24", "[192.0.2.0/25,198.51.100.7]", "$HOME_NET", "$EXTERNAL_NET", "[10.0.0.0/8,!10.1.0.0/16]", "0.0.0.0/1", "255.255.255.255", "2001:db8::/32", "[2001:db8::1,192.0.2.9]", "!2001:db8::/33", "any",
    ];

    [Fact]
    public void The_address_index_agrees_with_every_set_at_every_edge()
    {
        var variables = new RuleVariables();
        AddressSet[] sets = Texts.Select(variables.AddressesOf).ToArray();
        for (int i = 0; i < sets.Length; i++) sets[i].Id = i;
        var index = new AddressIndex(sets);
        IEnumerable<UInt128> edges = sets.SelectMany(s => s.Ranges).SelectMany(r => new[] { r.Low, r.Low - 1, r.Low + 1, r.High, r.High - 1, r.High + 1 });
        foreach (UInt128 edge in edges)
        {
            IpAddress address = IpAddress.FromValue(edge);
            int found = index.ClassOf(address);
            foreach (AddressSet set in sets)
            {
                if (set.IsAny) continue;
                Assert.Equal(set.Contains(address), index.Contains(found, set.Id));
                Assert.Equal(set.Contains(address), index.SetsOf(found).Contains(set.Id));
            }
        }
        Assert.True(index.Classes > 5);
    }

    [Fact]
    public void A_port_set_holds_what_its_text_says()
    {
        var variables = new RuleVariables();
        variables.Ports["WEB"] = "[80,8000:8100]";
        (string Text, Func<int, bool> Holds)[] cases =
        [
            ("80", p => p == 80), ("!80", p => p != 80), ("1024:", p => p >= 1024), (":1023", p => p <= 1023), ("[1:100,!50,!60:70]", p => p is >= 1 and <= 100 and not 50 and not (>= 60 and <= 70)),
            ("[$WEB,443,444]", p => p is 80 or 443 or 444 or >= 8000 and <= 8100), ("!$WEB", p => !(p is 80 or >= 8000 and <= 8100)), ("any", _ => true), ("[0:32767,32768:65535]", _ => true),
        ];
        foreach (var (text, holds) in cases)
        {
            PortSet set = variables.PortsOf(text);
            Assert.Equal(Enumerable.Range(0, 65536).Count(holds), set.Count);
            Assert.All(Enumerable.Range(0, 65536).Where(p => set.Contains((ushort)p) != holds(p)), p => Assert.Fail($"{text}: port {p}"));
            Assert.Equal(set.Count == 65536, set.IsAny);
        }
    }

    [Fact]
    public async Task Rules_filed_by_address_or_port_are_found_and_address_lists_speak_once_per_flow()
    {
        const string rules = """
            alert tcp [203.0.113.0/24,198.51.100.1] any -> $HOME_NET any (msg:"list"; flowbits:set,seen; sid:1;)
            alert tcp $HOME_NET any -> any 7777 (msg:"port"; flow:to_server; flags:S; sid:2;)
            alert tcp any 7777 -> any any (msg:"source port"; flow:to_client; flags:SA; sid:3;)
            alert ip any any -> 192.0.2.77 any (msg:"other"; sid:4;)
            alert tcp 203.0.113.5 any <> 192.0.2.9 any (msg:"both ways"; flags:S; sid:5;)
            alert tcp $HOME_NET any -> any any (msg:"bit"; flowbits:isset,seen; flags:PA; sid:6;)
            alert ip any any <> 203.0.113.5 any (msg:"one end"; sid:7;)
            alert ip 192.0.2.9 any <> any any (msg:"the other end"; sid:8;)
            alert ip any any <> 203.0.113.6 any (msg:"no end"; sid:9;)
            alert ip any any <> [203.0.113.5,203.0.113.6] any (msg:"a pair"; threshold:type limit,track by_both,count 1,seconds 60; sid:10;)
            """;
        var forge = new PacketForge();
        forge.Conversation("192.0.2.9", 5000, "203.0.113.5", 7777, (true, "hello"u8.ToArray()), (false, "you"u8.ToArray()), (true, "again"u8.ToArray()), (false, "and again"u8.ToArray()));
        Replayed run = await Replayed.Of(forge, rules);
        // both directions of a flow are asked once each, and a limit by pair leaves one of the two
        Assert.Equal([1, 2, 3, 5, 6, 6, 7, 7, 8, 8, 10], run.Sids);
    }
}
