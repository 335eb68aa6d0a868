using System.Net;
using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Directories.Networks;
using Xunit;

namespace Appliance.Directories.Tests.Lookup;

public sealed class AddressTableTests
{
    [Fact]
    public void Longest_prefix_wins_among_nested_organisations()
    {
        var table = Table("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32");

        Assert.Equal("10.0.0.0/8", Find(table, "10.0.0.1"));
        Assert.Equal("10.1.0.0/16", Find(table, "10.1.1.255"));
        Assert.Equal("10.1.2.0/24", Find(table, "10.1.2.2"));
        Assert.Equal("10.1.2.3/32", Find(table, "10.1.2.3"));
        Assert.Equal("10.1.2.0/24", Find(table, "10.1.2.4"));
        Assert.Equal("10.1.0.0/16", Find(table, "10.1.3.0"));
        Assert.Equal("10.0.0.0/8", Find(table, "10.255.255.255"));
        Assert.Null(Find(table, "11.0.0.0"));
        Assert.Null(Find(table, "9.255.255.255"));
    }

    [Fact]
    public void Prefix_zero_covers_its_own_family_only()
    {
        var v4 = Table("0.0.0.0/0");
        Assert.Equal("0.0.0.0/0", Find(v4, "0.0.0.0"));
        Assert.Equal("0.0.0.0/0", Find(v4, "255.255.255.255"));
        Assert.Null(Find(v4, "2001:db8::1"));

        var v6 = Table("::/0", "2001:db8::/32", "2001:db8::1/128");
        Assert.Equal("::/0", Find(v6, "::"));
        Assert.Equal("::/0", Find(v6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
        Assert.Equal("2001:db8::1/128", Find(v6, "2001:db8::1"));
        Assert.Equal("2001:db8::/32", Find(v6, "2001:db8::2"));
        Assert.Equal("::/0", Find(v6, "2001:db9::"));
        Assert.Null(Find(v6, "192.0.2.1"));
    }

    [Fact]
    public void Mapped_address_is_the_ipv4_address_it_carries()
    {
        var table = Table("::/0", "192.0.2.0/24", "::ffff:198.51.100.0/120");

        Assert.Equal("192.0.2.0/24", Find(table, "::ffff:192.0.2.7"));
        Assert.Equal("198.51.100.0/24", Find(table, "198.51.100.9"));
        Assert.Null(Find(table, "::ffff:203.0.113.1"));
    }

    [Fact]
    public void Last_address_of_each_family_ends_cleanly()
    {
        var table = Table("255.255.255.255/32", "255.255.255.0/24", "ffff::/16", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");

        Assert.Equal("255.255.255.255/32", Find(table, "255.255.255.255"));
        Assert.Equal("255.255.255.0/24", Find(table, "255.255.255.254"));
        Assert.Equal("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", Find(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
        Assert.Equal("ffff::/16", Find(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"));
    }

    [Fact]
    public void Scope_of_a_link_local_address_does_not_matter() => Assert.Equal("fe80::/10", Find(Table("fe80::/10"), "fe80::1%3"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Agrees_with_asking_every_prefix_in_turn(bool v6)
    {
        var random = new Random(17);
        var prefixes = Enumerable.Range(0, 400).Select(_ => RandomPrefix(random, v6)).DistinctBy(p => p.ToString()).ToList();
        var table = new AddressTable(prefixes.Select(p => (p, Match(p.ToString()))));

        for (var i = 0; i < 4_000; i++)
        {
            // Half of the probes sit on the edges, where a range table is wrong if it is wrong.
            var address = i % 2 == 0 ? RandomAddress(random, v6) : Edge(prefixes[random.Next(prefixes.Count)], random);
            var expected = prefixes.Where(p => p.Contains(address)).OrderByDescending(p => p.PrefixLength).Select(p => p.ToString()).FirstOrDefault();
            Assert.Equal(expected, table.Find(address)?.Matched);
        }
    }

    [Fact]
    public void Look_up_allocates_nothing()
    {
        var table = Table("10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32");
        var domains = new DomainTable([("example.org", Match("example.org"))]);
        IPAddress[] addresses = [IPAddress.Parse("10.1.2.3"), IPAddress.Parse("2001:db8::1"), IPAddress.Parse("::ffff:10.1.2.3")];
        void Ask()
        {
            foreach (var address in addresses)
                table.Find(address);
            domains.Find("www.Example.ORG.");
        }

        for (var i = 0; i < 200; i++)
            Ask();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            Ask();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static ConstituentMatch Match(string written) => new(ConstituentId.New(), written, written);

    private static AddressTable Table(params string[] prefixes) => new(prefixes.Select(p => NetworkText.ReadPrefix(p).Entry!).Select(e => (e.Prefix!.Value, Match(e.Written))));

    private static string? Find(AddressTable table, string address) => table.Find(IPAddress.Parse(address))?.Matched;

    private static IPAddress RandomAddress(Random random, bool v6)
    {
        var bytes = new byte[v6 ? 16 : 4];
        random.NextBytes(bytes);
        // Few values in the first byte, so that prefixes nest often; never ::ffff:0:0/96.
        bytes[0] = (byte)(0x20 + random.Next(3));
        bytes[1] = (byte)random.Next(3);
        return new IPAddress(bytes);
    }

    private static IPNetwork RandomPrefix(Random random, bool v6)
    {
        var length = random.Next(1, v6 ? 129 : 33);
        var bytes = RandomAddress(random, v6).GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << (8 - Math.Clamp(length - (i * 8), 0, 8)));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static IPAddress Edge(IPNetwork prefix, Random random)
    {
        var bytes = prefix.BaseAddress.GetAddressBytes();
        if (random.Next(2) == 0)
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] |= (byte)~(0xFF << (8 - Math.Clamp(prefix.PrefixLength - (i * 8), 0, 8)));
        if (random.Next(3) > 0)
            return new IPAddress(bytes);
        for (var i = bytes.Length - 1; i >= 0 && ++bytes[i] == 0; i--)
        {
        }
        return new IPAddress(bytes);
    }
}
