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

    [PeerFact]
    public async Task A_live_suricata_is_read_through_reload_rename_copy_and_restart()
    {
        var folder = Directory.CreateTempSubdirectory("cirt-live-").FullName;
        try
        {
            await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?>
            {
                ["sensing:folders:0:name"] = "stock",
                ["sensing:folders:0:path"] = folder,
                ["sensing:folders:0:kind"] = "suricata",
            });
            var eve = Path.Combine(folder, "eve.json");
            var port = FreePort.Take();
            var rules = Path.Combine(folder, "live.rules");
            await File.WriteAllTextAsync(rules, Rule(port, "one", 1), Cancel);
            await using (var suricata = await LiveAsync(folder, rules, port))
            {
                await SendAsync(port, "one", 20);
                await AlertsAsync(world, folder, 1, 20);

                // SIGUSR2 reads the rules anew while it runs.
                await File.WriteAllTextAsync(rules, Rule(port, "one", 1) + Rule(port, "two", 2), Cancel);
                await SignalAsync(suricata, "USR2");
                await UntilAsync(() => File.ReadAllText(Path.Combine(folder, "suricata.log")).Contains("rule reload complete", StringComparison.OrdinalIgnoreCase), suricata);
                await SendAsync(port, "two", 20);
                await AlertsAsync(world, folder, 2, 20);

                // logrotate's rename, and then SIGHUP; what comes between still goes into the old file.
                File.Move(eve, eve + ".1");
                await SendAsync(port, "one", 20);
                await SignalAsync(suricata, "HUP");
                await UntilAsync(() => File.Exists(eve), suricata);
                await SendAsync(port, "two", 20);
                await AlertsAsync(world, folder, 1, 40);
                await AlertsAsync(world, folder, 2, 40);

                // logrotate's copytruncate, with lines that the host has not read yet.
                await SendAsync(port, "one", 20);
                await UntilAsync(() => File.ReadLines(eve).Count(static l => l.Contains("LIVE one", StringComparison.Ordinal)) > 0, suricata);
                File.Move(eve + ".1", eve + ".2");
                File.Copy(eve, eve + ".1");
                await using (new FileStream(eve, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite))
                {
                }
                await SendAsync(port, "two", 20);
                await AlertsAsync(world, folder, 1, 60);
                await AlertsAsync(world, folder, 2, 60);
                await suricata.StopAsync();
            }
            // Killed and started again, it goes on in the same file.
            await using (var again = await LiveAsync(folder, rules, port))
            {
                await SendAsync(port, "one", 20);
                await AlertsAsync(world, folder, 1, 80);
                await again.StopAsync();
            }
            await world.ReadAsync();
            var lines = Directory.GetFiles(folder, "eve.json*").Sum(static f => File.ReadLines(f).LongCount());
            Assert.Equal(lines, await world.AskAsync<long>("select lines from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal(0, await world.AskAsync<long>("select lines - records - rejected - blank from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal((Written(folder, 1), Written(folder, 2)), (await CountAsync(world, 1), await CountAsync(world, 2)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Rule(int port, string word, int sid) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"alert udp any any -> any {port} (msg:\"LIVE {word}\"; content:\"live-{word}-\"; sid:{9_000_000 + sid};)\n");

    private static async Task<CirtProcess> LiveAsync(string folder, string rules, int port)
    {
        var log = Path.Combine(folder, "suricata.log");
        File.Delete(log);
        // Filtered by the kernel: what other tests send over the loopback would push ours out of its ring.
        var suricata = CirtProcess.StartProgram(PeerFactAttribute.Program!, ["run", "-i", "lo", "-S", rules, "-l", folder, "-k", "none", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"udp and dst port {port}")]);
        await UntilAsync(() => File.Exists(log) && File.ReadAllText(log).Contains("Engine started", StringComparison.Ordinal), suricata);
        return suricata;
    }

    /// <summary>The tool becomes the engine by exec, so its number is the engine's.</summary>
    private static async Task SignalAsync(CirtProcess suricata, string signal)
    {
        await using var kill = CirtProcess.StartProgram("kill", [$"-{signal}", suricata.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        Assert.Equal(0, await kill.EndAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>One flow a datagram, so that each is an alert of its own.</summary>
    private static async Task SendAsync(int port, string word, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var socket = new System.Net.Sockets.UdpClient();
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"live-{word}-{i}"), "127.0.0.1", port);
            await Task.Delay(5, Cancel);
        }
    }

    private static Task<long> CountAsync(SensingWorld world, int sid) => world.AskAsync<long>("select count(*) from sensing.alerts where sid = @sid", new { sid = 9_000_000L + sid });

    /// <summary>Waits until all is read that the engine wrote. On a busy machine it loses packets itself; some of each round are there.</summary>
    private static async Task AlertsAsync(SensingWorld world, string folder, int sid, long sent)
    {
        for (var tries = 0; ; tries++)
        {
            var (written, read) = (Written(folder, sid), await CountAsync(world, sid));
            if (read == written && written > sent - 20)
                return;
            Assert.True(tries < 100, $"{sent} sent of {sid}, {written} written, {read} read");
            await Task.Delay(100, Cancel);
            await world.ReadAsync();
        }
    }

    /// <summary>What the engine itself wrote of them, in all its files.</summary>
    private static long Written(string folder, int sid) =>
        Directory.GetFiles(folder, "eve.json*").Sum(f => File.ReadLines(f).LongCount(l => l.Contains($"\"signature_id\":{9_000_000 + sid},", StringComparison.Ordinal)));

    private static async Task UntilAsync(Func<bool> isSo, CirtProcess suricata)
    {
        for (var tries = 0; !isSo(); tries++)
        {
            Assert.True(tries < 600 && !suricata.HasEnded, suricata.Output);
            await Task.Delay(100, Cancel);
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
