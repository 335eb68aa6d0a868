using System.Buffers.Binary;
using System.Text.Json;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>The sensor's process is killed at random moments of its writing: whatever lies in the spool under a final name is whole, and the next start closes what was open.</summary>
public sealed class KilledSensorTests
{
    private static readonly int Kills = Environment.GetEnvironmentVariable("CIRT_LONG") == "1" ? 200 : 20;

    [Fact]
    public async Task A_spool_is_readable_after_each_kill_and_no_number_is_used_twice()
    {
        var folder = Directory.CreateTempSubdirectory("killed-").FullName;
        try
        {
            var making = Path.Combine(folder, "making");
            Directory.CreateDirectory(Path.Combine(making, "rules"));
            Directory.CreateDirectory(Path.Combine(folder, "control", "jobs"));
            await File.WriteAllTextAsync(Path.Combine(making, "settings.json"), "{\"stats_interval_seconds\":1}", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(making, "rules", "a.rules"), "alert udp any any -> any any (msg:\"u\"; sid:1;)\n", TestContext.Current.CancellationToken);
            Directory.Move(making, Path.Combine(folder, "control", "generation-000001"));
            await File.WriteAllBytesAsync(Path.Combine(folder, "in.pcap"), Datagrams(200_000), TestContext.Current.CancellationToken);
            var random = new Random(20);
            var ended = new HashSet<string>();
            for (var kill = 0; kill < Kills; kill++)
            {
                var job = Path.Combine(folder, "job");
                await File.WriteAllTextAsync(job, $"{{\"id\":\"job-{kill}\",\"kind\":\"replay\",\"file\":\"in.pcap\"}}", TestContext.Current.CancellationToken);
                File.Move(job, Path.Combine(folder, "control", "jobs", $"{kill:D4}.json"));
                await using var sensor = CirtProcess.Start(["sensor", "--folder", folder]);
                await sensor.LineAsync(static line => line.StartsWith("Engine started", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
                await Task.Delay(random.Next(1500), TestContext.Current.CancellationToken);
                await sensor.KillAsync();
                Check(folder, ended);
            }
            await using (var last = CirtProcess.Start(["sensor", "--folder", folder]))
            {
                Assert.True(SpinWait.SpinUntil(() => Directory.GetFiles(Path.Combine(folder, "spool"), "*.open").Length == 0, TimeSpan.FromSeconds(60)));
                await last.StopAsync();
            }
            Check(folder, ended);
            Assert.Empty(Directory.GetFiles(Path.Combine(folder, "spool"), "*.open"));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Closed segments hold whole JSON lines only, and what was closed before has not changed its length.</summary>
    private static void Check(string folder, HashSet<string> ended)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(folder, "spool"), "*.json"))
        {
            var content = File.ReadAllBytes(path);
            if (!ended.Add($"{Path.GetFileName(path)} {content.Length}"))
                continue;
            Assert.DoesNotContain(ended, e => e.StartsWith(Path.GetFileName(path) + " ", StringComparison.Ordinal) && e != $"{Path.GetFileName(path)} {content.Length}");
            Assert.Equal((byte)'\n', content[^1]);
            foreach (var line in File.ReadLines(path))
                using (JsonDocument.Parse(line)) { }
        }
    }

    /// <summary>A capture of that many datagrams between ever new ports.</summary>
    internal static byte[] Datagrams(int count)
    {
        const int frame = 46;
        var capture = new byte[24 + count * (16 + frame)];
        BinaryPrimitives.WriteUInt32LittleEndian(capture, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(capture.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(capture.AsSpan(6), 4);
        BinaryPrimitives.WriteInt32LittleEndian(capture.AsSpan(16), 65535);
        BinaryPrimitives.WriteInt32LittleEndian(capture.AsSpan(20), 1);
        byte[] head = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9, 0, 0, 0, 99, 0, 12, 0, 0, 1, 2, 3, 4];
        for (var i = 0; i < count; i++)
        {
            var record = capture.AsSpan(24 + i * (16 + frame));
            BinaryPrimitives.WriteInt32LittleEndian(record, 1_700_000_000 + i / 1000);
            BinaryPrimitives.WriteInt32LittleEndian(record[8..], frame);
            BinaryPrimitives.WriteInt32LittleEndian(record[12..], frame);
            head.CopyTo(record[16..]);
            BinaryPrimitives.WriteUInt16BigEndian(record[(16 + 34)..], (ushort)(1 + i % 60_000));
            BinaryPrimitives.WriteUInt16BigEndian(record[(16 + 28)..], (ushort)(i / 60_000));
        }
        return capture;
    }
}
