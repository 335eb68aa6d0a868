using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Every parser meets bytes that lie: exchanges cut short and changed at places drawn with a fixed seed. Nothing throws, nothing takes long, all records stay JSON.</summary>
public sealed class MutationTests
{
    private const int Rounds = 40;
    private const int LimitSeconds = 60;

    public static TheoryData<int> Exchanges => [.. Enumerable.Range(0, ProtocolTests.All.Count())];

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task A_changed_exchange_is_survived(int which)
    {
        byte[] whole = ProtocolTests.All.ElementAt(which).ToArray();
        var random = new Random(4711 + which);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int round = 0; round < Rounds; round++) await Survives(Mutated(whole, random));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, LimitSeconds);
    }

    [Fact]
    public async Task Changed_captures_of_the_kit_are_survived()
    {
        string? kit = Environment.GetEnvironmentVariable("APPLIANCE_CONFORMANCE");
        Assert.SkipWhen(string.IsNullOrEmpty(kit), "APPLIANCE_CONFORMANCE names no conformance kit");
        var files = new DirectoryInfo(Path.Combine(kit, "sensing", "verify", "tests")).EnumerateFiles("*.pcap", SearchOption.AllDirectories).Where(f => f.Length is > 24 and < 60_000)
            .OrderBy(f => f.FullName, StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        var random = new Random(1138);
        for (int i = 0; i < 60; i++) await Survives(Mutated(await File.ReadAllBytesAsync(files[random.Next(files.Count)].FullName, TestContext.Current.CancellationToken), random));
    }

    private static async Task Survives(byte[] capture)
    {
        Replayed run = await Replayed.Of(capture, "alert ip any any -> any any (msg:\"any\"; content:\"|00 00|\"; sid:1;)", "-k", "none", "--set", "app-layer.protocols.pgsql.enabled=yes", "--set", "app-layer.protocols.modbus.enabled=yes", "--set", "app-layer.protocols.dnp3.enabled=yes", "--set", "app-layer.protocols.enip.enabled=yes");
        Assert.Equal(0, run.Exit);
    }

    /// <summary>Changes bytes of packets behind their transport headers, most often where lengths and types stand; the capture's own frame stays whole.</summary>
    private static byte[] Mutated(byte[] capture, Random random)
    {
        byte[] changed = [.. capture];
        int at = 24;
        while (at + 16 < changed.Length)
        {
            int length = BitConverter.ToInt32(changed, at + 8);
            int start = at + 16 + 42, end = Math.Min(at + 16 + length, changed.Length);
            if (length < 0 || length > changed.Length) break;
            if (end > start && random.Next(3) == 0)
                for (int n = random.Next(1, 4); n > 0; n--)
                {
                    int place = start + (random.Next(2) == 0 ? random.Next(Math.Min(24, end - start)) : random.Next(end - start));
                    changed[place] = random.Next(4) switch { 0 => 0, 1 => 0xff, 2 => (byte)(changed[place] ^ 1 << random.Next(8)), _ => (byte)random.Next(256) };
                }
            at += 16 + length;
        }
        return random.Next(6) == 0 ? changed[..random.Next(25, changed.Length)] : changed;
    }
}
