using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Packets that cross a pair of virtual interfaces reach a worker, also after the interface was down; one that is gone is told.</summary>
public sealed class LiveCaptureTests
{
    /// <summary>An interface as the address of a packet socket.</summary>
    private sealed class LinkEndPoint(int index) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            for (int i = 0; i < 4; i++) address[4 + i] = (byte)(index >> 8 * i);
            return address;
        }
    }

    private sealed class Lines : IEveSink
    {
        private int _alerts;
        public int Alerts => Volatile.Read(ref _alerts);

        public void Write(EveStream stream, ReadOnlySpan<byte> line)
        {
            if (line.IndexOf("\"event_type\":\"alert\""u8) >= 0) Interlocked.Increment(ref _alerts);
        }

        public void Flush() { }
        public void Dispose() { }
    }

    private static bool Ip(params string[] line)
    {
        using Process process = Process.Start(new ProcessStartInfo("ip", line) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Sends frames out of an interface as they are.</summary>
    private static void Send(string name, byte[] capture)
    {
        using var socket = new Socket(AddressFamily.Packet, SocketType.Raw, ProtocolType.Unspecified);
        var to = new LinkEndPoint(int.Parse(File.ReadAllText($"/sys/class/net/{name}/ifindex").Trim(), CultureInfo.InvariantCulture));
        for (int at = 24; at + 16 < capture.Length;)
        {
            int length = BitConverter.ToInt32(capture, at + 8);
            Assert.Equal(length, socket.SendTo(capture.AsSpan(at + 16, length), SocketFlags.None, to));
            at += 16 + length;
        }
    }

    [Fact]
    public void Frames_of_an_interface_are_seen_by_all_its_threads_and_after_it_was_down()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/ip"), "virtual interfaces can be made by root only, with iproute2");
        string name = $"t{Environment.ProcessId % 100000}a", peer = $"t{Environment.ProcessId % 100000}b";
        Assert.SkipUnless(Ip("link", "add", name, "type", "veth", "peer", "name", peer), "this machine makes no virtual interfaces");
        try
        {
            Ip("link", "set", name, "up");
            Ip("link", "set", peer, "up");
            var sink = new Lines();
            using var folder = new TemporaryFolder();
            string file = Path.Combine(folder.Path, "r.rules");
            File.WriteAllText(file, "alert udp any any -> any any (msg:\"k\"; content:\"knock\"; sid:1;)\n");
            using var rules = RuleLoading.Load([(file, file)], new RuleVariables(), new Classification(), true);
            using var captures = new CaptureSet(sink, folder.Path);
            var told = new List<string?>();
            void Arrange() => captures.Arrange([new CaptureInterface(name, 2, true)], new EngineSettings(), rules, (_, _, reason) => told.Add(reason), 1 << 20);
            Arrange();
            Assert.Equal([null], told);
            Assert.Equal(2, captures.Threads.Count);
            var forge = new PacketForge();
            for (ushort port = 1000; port < 1040; port++) forge.Udp("192.0.2.2", port, "192.0.2.9", 9, "knock"u8);
            Send(peer, forge.ToArray());
            Assert.True(SpinWait.SpinUntil(() => sink.Alerts == 40, 20_000), $"{sink.Alerts} of 40 alerts");
            Assert.All(captures.Threads, t => Assert.True(t.Counters.Decode.Packets > 0));
            Ip("link", "set", name, "down");
            Thread.Sleep(300);
            Ip("link", "set", name, "up");
            Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/sys/class/net/{name}/operstate").Trim() == "up", 20_000));
            Send(peer, new PacketForge().Udp("192.0.2.2", 2000, "192.0.2.9", 9, "knock"u8).ToArray());
            Assert.True(SpinWait.SpinUntil(() => sink.Alerts == 41, 20_000), $"{sink.Alerts} of 41 alerts");
            Ip("link", "del", name);
            Assert.True(SpinWait.SpinUntil(() => captures.Threads.All(t => t.Fault != null), 20_000));
            Arrange();
            Assert.Empty(captures.Threads);
            Assert.Contains(name, told[^1], StringComparison.Ordinal);
        }
        finally
        {
            Ip("link", "del", name);
        }
    }

    [Fact]
    public async Task A_sensor_that_captures_tells_what_its_rules_cost()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/ip"), "virtual interfaces can be made by root only, with iproute2");
        string name = $"t{Environment.ProcessId % 100000}c", peer = $"t{Environment.ProcessId % 100000}d";
        Assert.SkipUnless(Ip("link", "add", name, "type", "veth", "peer", "name", peer), "this machine makes no virtual interfaces");
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        try
        {
            Ip("link", "set", name, "up");
            Ip("link", "set", peer, "up");
            string generation = Path.Combine(folder.Path, "control", "generation-000001");
            Directory.CreateDirectory(Path.Combine(generation, "rules"));
            File.WriteAllText(Path.Combine(generation, "settings.json"), "{\"costs_interval_seconds\":1}");
            File.WriteAllText(Path.Combine(generation, "rules", "r.rules"), "alert udp any any -> any any (msg:\"k\"; content:\"knock\"; sid:1;)\n");
            Task<int> running = SensorProgram.RunAsync(["--folder", folder.Path, "-i", name], TextWriter.Null, TextWriter.Null, stop.Token);
            var forge = new PacketForge();
            for (int i = 0; i < 100; i++) forge.Udp("203.0.113.5", 100, "192.0.2.1", 9999, "knock"u8);
            byte[] frames = forge.ToArray();
            JsonElement? told = null;
            for (int tries = 0; tries < 100 && told == null; tries++)
            {
                Send(peer, frames);
                await Task.Delay(100, TestContext.Current.CancellationToken);
                told = Directory.EnumerateFiles(Path.Combine(folder.Path, "spool"), "alerts-*.json").SelectMany(File.ReadLines).Select(l => JsonDocument.Parse(l).RootElement)
                    .Where(r => r.TryGetProperty("engine", out JsonElement e) && e.GetProperty("message").GetString() == "rule costs").Select(r => (JsonElement?)r.GetProperty("engine")).FirstOrDefault();
            }
            Assert.True(told != null, running.Exception + string.Join("\n", Directory.EnumerateFiles(Path.Combine(folder.Path, "spool")).SelectMany(File.ReadLines).Select(l => l[..Math.Min(600, l.Length)]).Take(12)));
            Assert.Equal((1, RuleCosts.EveryNth), (told!.Value.GetProperty("generation").GetInt32(), told.Value.GetProperty("every").GetInt32()));
            JsonElement rule = told!.Value.GetProperty("rules")[0];
            Assert.Equal((1, 1), (rule.GetProperty("gid").GetInt32(), rule.GetProperty("sid").GetInt32()));
            Assert.InRange(rule.GetProperty("matches").GetInt64(), 1, told!.Value.GetProperty("packets").GetInt64());
            await stop.CancelAsync();
            Assert.Equal(0, await running.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        }
        finally
        {
            Ip("link", "delete", name);
        }
    }
}
