using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Appliance.Kernel.Modules;
using Appliance.Sensing;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>A sensor's folder carried by <c>appliance/remote/cirt-carry</c> over a real SSH server and real rsync, on loopback.</summary>
public sealed class RemoteSensorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [RemoteFact]
    public async Task A_generation_and_a_capture_reach_the_remote_sensor_and_its_records_come_back()
    {
        await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?> { ["sensing:packetsBudgetMib"] = "0" });
        await using var link = await Link.OpenAsync(world.Spool.Folder);
        await using var sensor = CirtProcess.Start(["sensor", "--folder", link.Remote]);
        await world.Get<CarryRules>().RunAsync(world.Analyst, new("mine.rules", "alert udp any any -> any any (msg:\"u\"; sid:1;)\n"u8.ToArray()), Cancel);
        await world.Get<GenerationWriter>().PublishAsync(Cancel);
        await using var content = new MemoryStream(KilledSensorTests.Datagrams(500));
        var home = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(Cancel));
        var file = (await CaptureFile.StoreAsync(Path.Combine(home.Control, "captures"), "far.pcap", content, 1 << 20, Cancel)).Value;
        // The generation first: a replay runs with the rules that are in force when it begins.
        await UntilAsync(world, link, static async w => await w.AskAsync<long>("select count(*) from sensing.sensor_generations where state = 'loaded'") > 0);
        var id = (await world.Get<TakeCapture>().RunAsync(world.Analyst, new(home, file), Cancel)).Value;
        await UntilAsync(world, link, async w => Assert.Single((await w.Get<ListCaptures>().RunAsync(w.Analyst, new(id), Cancel)).Value).State == "done");
        var row = Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(id), Cancel)).Value);
        Assert.Equal((500L, 500L), (row.Packets, row.Alerts));
        Assert.Equal(500, await world.AskAsync<long>("select count(*) from sensing.alerts"));
        await world.Get<CaptureJobs>().LookAsync(Cancel);
        Assert.Equal(0, (await link.CarryAsync()).Code);
        Assert.Empty(Directory.GetFiles(Path.Combine(link.Remote, "control", "jobs")));
        // What the host has read the remote hears, and here it is gone.
        using var read = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(link.Remote, "spool", "read"), Cancel));
        Assert.True(read.RootElement.GetProperty("alerts").GetInt64() > 0);
        await sensor.StopAsync();
    }

    [RemoteFact]
    public async Task Carrying_killed_anywhere_and_a_cut_line_lose_nothing_and_show_no_number_before_a_lower_one()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var link = await Link.OpenAsync(world.Spool.Folder, limit: 2000);
        var far = new SensorSpool(link.Remote);
        var lines = 0;
        for (var round = 0; round < 8; round++)
        {
            for (var segment = 0; segment < 4; segment++, lines += 300)
                far.Put("events", Enumerable.Range(lines, 300).Select(i => SensorSpool.Dns(i, $"{Guid.NewGuid():N}.example")));
            await using var carrying = link.Start();
            await Task.Delay(150 + (round * 170), Cancel);
            if (round % 2 == 0)
                await carrying.KillAsync();
            else
                link.Cut();
            await carrying.EndAsync(TimeSpan.FromSeconds(90));
            link.Listen();
            var numbers = Directory.GetFiles(Path.Combine(link.Centre, "spool"), "events-*.json").Select(static f => int.Parse(Path.GetFileName(f)[7..17], CultureInfo.InvariantCulture)).Order().ToList();
            // From the first that the host has not read to the last that is shown none is missing.
            Assert.True(numbers.Count == 0 || numbers[^1] - numbers[0] == numbers.Count - 1, string.Join(' ', numbers));
            await world.ReadAsync();
        }
        // A transfer that outlived its run may still hold the lock for a moment.
        await UntilAsync(world, link, async w => await w.AskAsync<long>("select count(*) from sensing.events") == lines);
        Assert.Equal(lines, await world.AskAsync<long>("select count(*) from sensing.events"));
        Assert.Equal(lines, await world.AskAsync<long>("select count(distinct flow_id) from sensing.events"));
        Assert.Equal(0, await world.AskAsync<long>("select sum(rejected)::bigint from sensing.bookmarks"));
    }

    [RemoteFact]
    public async Task A_remote_that_begins_its_numbers_anew_is_read_from_there()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var link = await Link.OpenAsync(world.Spool.Folder);
        var far = new SensorSpool(link.Remote);
        for (var segment = 0; segment < 3; segment++)
            far.Put("events", SensorSpool.Dns(segment));
        Assert.Equal(0, (await link.CarryAsync()).Code);
        await Task.Delay(1100, Cancel);
        Directory.Delete(Path.Combine(link.Remote, "spool"), recursive: true);
        var anew = new SensorSpool(link.Remote);
        anew.Put("events", SensorSpool.Dns(10));
        anew.Put("events", SensorSpool.Dns(11));
        // The host has not read the old ones: they are waited for.
        var (code, output) = await link.CarryAsync();
        Assert.Equal((0, true), (code, output.Contains("begins its numbers anew", StringComparison.Ordinal)));
        await world.ReadAsync();
        Assert.Equal(0, (await link.CarryAsync()).Code);
        Assert.Equal(0, (await link.CarryAsync()).Code);
        await world.ReadAsync();
        Assert.Equal("0 1 2 10 11", await world.AskAsync<string>("select string_agg(flow_id::text, ' ' order by flow_id) from sensing.events"));
    }

    [RemoteFact]
    public async Task Names_and_links_that_a_hostile_remote_shows_are_neither_run_nor_followed_and_its_segments_still_come()
    {
        await using var world = await SensingWorld.StartAsync();
        await using var link = await Link.OpenAsync(world.Spool.Folder);
        var far = new SensorSpool(link.Remote);
        far.Put("events", SensorSpool.Dns(1));
        var spool = Path.Combine(link.Remote, "spool");
        foreach (var name in new[] { "events-0000000002[$(id>ran)].json", "alerts-a[$(id>ran)].json", "events-0000000003.json\nevents-0000000004.json", "alerts-08.json", "events-00000000012.json" })
            await File.WriteAllTextAsync(Path.Combine(spool, name), SensorSpool.Dns(666) + "\n", Cancel);
        File.CreateSymbolicLink(Path.Combine(spool, "alerts-0000000005.json"), "/etc/passwd");
        Directory.CreateDirectory(Path.Combine(link.Remote, "packets", "extracted"));
        File.CreateSymbolicLink(Path.Combine(link.Remote, "packets", "extracted", "a.pcap"), "/etc/passwd");

        var (code, output) = await link.CarryAsync();
        Assert.True(code == 0, output);
        await world.ReadAsync();
        Assert.Equal("1", await world.AskAsync<string>("select string_agg(flow_id::text, ' ') from sensing.events"));
        Assert.False(File.Exists("ran"), "a name was run");
        Assert.Equal(["events-0000000001.json"], Directory.GetFiles(Path.Combine(link.Centre, "spool"), "*.json").Select(Path.GetFileName));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(link.Centre, "packets", "extracted")));
    }

    [RemoteFact]
    public async Task Another_host_key_is_refused_in_words_and_the_sensors_page_and_health_say_so()
    {
        var folder = Directory.CreateTempSubdirectory("cirt-far-").FullName;
        try
        {
            await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?> { ["sensing:silenceSeconds"] = "20", ["sensing:folders:0:name"] = "far", ["sensing:folders:0:path"] = folder, ["sensing:folders:0:carried"] = "true" });
            await using var link = await Link.OpenAsync(folder);
            await link.PinAnotherAsync();
            var (code, output) = await link.CarryAsync();
            Assert.NotEqual(0, code);
            Assert.Contains("shows another host key", output, StringComparison.Ordinal);
            var row = await FarAsync(world);
            Assert.Equal((null, true, true), (row.Carried!.DoneAt, row.CarriedLate, row.Carried.Reason.Contains("shows another host key", StringComparison.Ordinal)));
            var health = new CarriedProbe(world.Get<SensorFolders>(), world.Get<SensingOptions>(), TimeProvider.System);
            var reading = await health.ReadAsync(Cancel);
            Assert.Equal((HealthState.Degraded, true), (reading.State, $"{reading.Arguments[0]}".Contains("shows another host key", StringComparison.Ordinal)));
            Assert.False(Directory.Exists(Path.Combine(link.Remote, "control")));

            await link.PinAsync();
            Assert.Equal(0, (await link.CarryAsync()).Code);
            row = await FarAsync(world);
            Assert.Equal((true, false, ""), (row.Carried!.DoneAt is not null, row.CarriedLate, row.Carried.Reason));
            Assert.Equal(HealthState.Good, (await health.ReadAsync(Cancel)).State);
            // The key may do nothing else there.
            Assert.NotEqual(0, await link.AskAsync("cat", "/etc/hostname"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [RemoteFact]
    public async Task A_remote_eve_json_is_followed_through_its_rotation()
    {
        var folder = Directory.CreateTempSubdirectory("cirt-far-eve-").FullName;
        try
        {
            await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?> { ["sensing:folders:0:name"] = "stock", ["sensing:folders:0:path"] = folder, ["sensing:folders:0:kind"] = "suricata" });
            await using var link = await Link.OpenAsync(folder, kind: "suricata");
            var eve = Path.Combine(link.Remote, "eve.json");
            var lines = 0;
            for (var turn = 0; turn < 3; turn++)
            {
                for (var part = 0; part < 3; part++)
                {
                    // Half a line at the end of a part: the rest comes with the next.
                    var text = string.Concat(Enumerable.Range(lines, 50).Select(static i => SensorSpool.Dns(i) + "\n"));
                    lines += 50;
                    await File.AppendAllTextAsync(eve, text[..^40], Cancel);
                    Assert.Equal(0, (await link.CarryAsync()).Code);
                    await world.ReadAsync();
                    await File.AppendAllTextAsync(eve, text[^40..], Cancel);
                }
                File.Move(eve, eve + ".1", overwrite: true);
                await File.WriteAllTextAsync(eve, SensorSpool.Dns(lines++) + "\n", Cancel);
                Assert.Equal(0, (await link.CarryAsync()).Code);
                await world.ReadAsync();
            }
            Assert.Equal((long)lines, await world.AskAsync<long>("select count(*) from sensing.events"));
            Assert.Equal((long)lines, await world.AskAsync<long>("select count(distinct flow_id) from sensing.events"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<SensorRow> FarAsync(SensingWorld world)
    {
        await world.Get<SensorFolders>().RegisterAsync(Cancel);
        return Assert.Single((await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value, static r => r.Name == "far");
    }

    private static async Task UntilAsync(SensingWorld world, Link link, Func<SensingWorld, Task<bool>> isSo)
    {
        for (var tries = 0; !await isSo(world); tries++)
        {
            Assert.True(tries < 60, "it took too long");
            await world.Get<CaptureJobs>().LookAsync(Cancel);
            var (code, output) = await link.CarryAsync();
            Assert.True(code == 0, output);
            await world.ReadAsync();
        }
    }

    /// <summary>An SSH server of its own on a high port, a key that may only carry, and both folders.</summary>
    private sealed class Link : IAsyncDisposable
    {
        private static readonly string s_tools = Checkout.At("appliance", "remote");

        private readonly string _root = Directory.CreateTempSubdirectory("cirt-carry-").FullName;
        private readonly int _port = FreePort.Take();
        private CirtProcess? _server;

        public string Remote => Path.Combine(_root, "remote");

        public string Centre { get; private init; } = "";

        public static async Task<Link> OpenAsync(string centre, string kind = "folder", int limit = 0)
        {
            var link = new Link { Centre = centre };
            foreach (var name in new[] { "remote", "etc" })
                Directory.CreateDirectory(Path.Combine(link._root, name));
            foreach (var key in new[] { "host", "other", "etc/far.key" })
                Assert.Equal(0, await RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(link._root, key)));
            var only = kind == "suricata" ? "-ro " : "";
            await File.WriteAllTextAsync(Path.Combine(link._root, "authorized"), $"command=\"{s_tools}/cirt-carried {only}{link.Remote}\",restrict {await File.ReadAllTextAsync(Path.Combine(link._root, "etc", "far.key.pub"))}");
            // A shell that believes it is within another one reads no start-up files: whatever the person who runs the tests has in theirs would run at each step, and be killed with it.
            await File.WriteAllTextAsync(
                Path.Combine(link._root, "sshd.conf"),
                string.Create(CultureInfo.InvariantCulture, $"Port {link._port}\nListenAddress 127.0.0.1\nHostKey {link._root}/host\nAuthorizedKeysFile {link._root}/authorized\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nSetEnv SHLVL=1\n"));
            await File.WriteAllTextAsync(
                Path.Combine(link._root, "etc", "far.conf"),
                string.Create(CultureInfo.InvariantCulture, $"# a comment\nREMOTE=127.0.0.1\nPORT={link._port}\nUSER={Environment.UserName}\nFOLDER={centre}\nKIND={kind}\nKIB_PER_SECOND={limit}\n"));
            await link.PinAsync();
            link.Listen();
            return link;
        }

        public Task PinAsync() => PinAsync("host");

        public Task PinAnotherAsync() => PinAsync("other");

        public void Listen()
        {
            if (_server is { HasEnded: false })
                return;
            Directory.CreateDirectory("/run/sshd");
            _server = CirtProcess.StartProgram("/usr/sbin/sshd", ["-D", "-e", "-f", Path.Combine(_root, "sshd.conf")]);
            _ = _server.LineAsync(static line => line.StartsWith("Server listening", StringComparison.Ordinal), TimeSpan.FromSeconds(20)).GetAwaiter().GetResult();
        }

        /// <summary>The server and every connection to it end, as when a link goes down.</summary>
        public void Cut()
        {
            foreach (var child in ChildrenOf(_server!.Id).Reverse())
            {
                using var process = System.Diagnostics.Process.GetProcesses().FirstOrDefault(p => p.Id == child);
                process?.Kill();
            }
            _server.KillAsync().GetAwaiter().GetResult();
        }

        public CirtProcess Start() => CirtProcess.StartProgram(Path.Combine(s_tools, "cirt-carry"), ["far"], new Dictionary<string, string?> { ["CIRT_CARRY"] = Path.Combine(_root, "etc") });

        public async Task<(int Code, string Output)> CarryAsync()
        {
            await using var process = Start();
            return (await process.EndAsync(TimeSpan.FromSeconds(90)), process.Output);
        }

        public Task<int> AskAsync(params string[] command) => RunAsync(
            "ssh",
            ["-F", "/dev/null", "-p", _port.ToString(CultureInfo.InvariantCulture), "-i", Path.Combine(_root, "etc", "far.key"), "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={_root}/etc/far.known_hosts", "-o", "HostKeyAlias=far", "127.0.0.1", .. command]);

        public async ValueTask DisposeAsync()
        {
            if (_server is not null)
                await _server.DisposeAsync();
            Directory.Delete(_root, recursive: true);
        }

        private async Task PinAsync(string key) =>
            await File.WriteAllTextAsync(Path.Combine(_root, "etc", "far.known_hosts"), "far " + string.Join(' ', (await File.ReadAllTextAsync(Path.Combine(_root, key + ".pub"))).Split(' ')[..2]) + "\n");

        private static string Listed(int parent)
        {
            try
            {
                return File.ReadAllText($"/proc/{parent}/task/{parent}/children");
            }
            catch (IOException)
            {
                // It ended since it was listed itself.
                return "";
            }
        }

        private static IEnumerable<int> ChildrenOf(int parent)
        {
            foreach (var child in Listed(parent).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static c => int.Parse(c, CultureInfo.InvariantCulture)))
            {
                yield return child;
                foreach (var below in ChildrenOf(child))
                    yield return below;
            }
        }

        private static async Task<int> RunAsync(string program, params string[] arguments)
        {
            await using var process = CirtProcess.StartProgram(program, arguments);
            return await process.EndAsync(TimeSpan.FromSeconds(30));
        }
    }
}

/// <summary>A test over real SSH and real rsync. Skipped by name where one is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RemoteFactAttribute : FactAttribute
{
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public RemoteFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) =>
        Skip = new[] { "/usr/sbin/sshd", "/usr/bin/ssh-keygen", "/usr/bin/rsync", "/usr/bin/rrsync" }.FirstOrDefault(static p => !File.Exists(p)) is { } absent
            ? $"{absent} is absent: install rsync and openssh-server"
            : null;
}
