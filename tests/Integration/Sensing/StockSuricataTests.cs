using System.Runtime.CompilerServices;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>The real Suricata beside the host: its eve.json is read as it is written, through a rotation and a restart.</summary>
public sealed class StockSuricataTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [PeerFact]
    public async Task Records_of_a_real_suricata_are_read_through_rotation_and_restart()
    {
        var folder = Directory.CreateTempSubdirectory("cirt-suricata-").FullName;
        try
        {
            var rules = Checkout.At("modules", "Sensing", "Module", "Samples", "starter.rules");
            var capture = Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap");
            await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?>
            {
                ["sensing:folders:0:name"] = "stock",
                ["sensing:folders:0:path"] = folder,
                ["sensing:folders:0:kind"] = "suricata",
            });
            await RunAsync("run", "-r", capture, "-S", rules, "-l", folder, "-k", "none", "--runmode", "single");
            var first = await File.ReadAllLinesAsync(Path.Combine(folder, "eve.json"), Cancel);
            await world.ReadAsync();
            Assert.Equal(first.Length, await world.AskAsync<long>("select lines from sensing.bookmarks where stream = 'eve'"));

            File.Move(Path.Combine(folder, "eve.json"), Path.Combine(folder, "eve.json.1"));
            await world.RestartAsync();
            await RunAsync("run", "-r", capture, "-S", rules, "-l", folder, "-k", "none", "--runmode", "single");
            var second = await File.ReadAllLinesAsync(Path.Combine(folder, "eve.json"), Cancel);
            await world.ReadAsync();
            Assert.Equal(first.Length + second.Length, await world.AskAsync<long>("select lines from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal(first.Concat(second).Count(l => l.Contains("\"event_type\":\"alert\"", StringComparison.Ordinal)), await world.AskAsync<long>("select count(*) from sensing.alerts"));
            Assert.Equal(0, await world.AskAsync<long>("select rejected from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal("running", Assert.Single((await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value).State);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(params string[] arguments)
    {
        await using var process = CirtProcess.StartProgram(PeerFactAttribute.Program!, arguments);
        var code = await process.EndAsync(TimeSpan.FromMinutes(2));
        Assert.True(code == 0, process.Output);
    }
}

/// <summary>A test that needs the real Suricata, installed by the tool beside the kits. Skipped by name where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeerFactAttribute : FactAttribute
{
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public PeerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) =>
        Skip = Program is null
            ? $"the peer's tool is absent: set {Kit.Variable} to the kits beside which tools/peer-suricata.sh lies"
            : File.Exists(Ready) ? null : $"the peer is not installed: run {Program} install";

    /// <summary>The tool, or null where it is absent.</summary>
    public static string? Program { get; } = Kit.Root is { } root && File.Exists(Path.Combine(root, "..", "tools", "peer-suricata.sh")) ? Path.GetFullPath(Path.Combine(root, "..", "tools", "peer-suricata.sh")) : null;

    private static string Ready =>
        Path.Combine(
            Environment.GetEnvironmentVariable("PEER_DIR") is { Length: > 0 } set
                ? set
                : Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "peer-suricata"),
            ".peer-ready");
}
