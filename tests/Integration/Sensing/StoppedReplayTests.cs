using System.Diagnostics;
using System.Text.Json;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>A replay whose order is taken away while the real sensor works on it.</summary>
public sealed class StoppedReplayTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_running_replay_stops_soon_tells_how_far_it_came_and_leaves_the_sensor_free_for_the_next()
    {
        var folder = await FolderAsync(3_000_000);
        try
        {
            await using var sensor = CirtProcess.Start(["sensor", "--folder", folder]);
            var job = Order(folder, "long");
            await AnswerAsync(folder, "job progress", "long");
            File.Delete(job);
            var watch = Stopwatch.StartNew();
            var answer = await AnswerAsync(folder, "job cancelled", "long");
            // The answer waits up to half a second for its segment to close.
            Assert.True(watch.Elapsed < s_soon + TimeSpan.FromSeconds(0.5), $"it took {watch.Elapsed}");
            Assert.InRange(answer.GetProperty("percent").GetDouble(), 1, 99);
            var packets = answer.GetProperty("packets").GetInt64();
            Assert.InRange(packets, 1, 2_999_999);
            Assert.True(answer.GetProperty("alerts").GetInt64() > 0);
            Assert.Equal(answer.GetProperty("alerts").GetInt64(), Lines(folder).Count(l => l.Contains("\"replay\":\"long\"", StringComparison.Ordinal) && l.Contains("\"event_type\":\"alert\"", StringComparison.Ordinal)));
            Assert.Equal(answer.GetProperty("records").GetInt64(), Lines(folder).Count(l => l.Contains("\"replay\":\"long\"", StringComparison.Ordinal)));

            // What was stopped is not begun again, and the next one runs.
            File.WriteAllBytes(Path.Combine(folder, "in.pcap"), KilledSensorTests.Datagrams(1000));
            Order(folder, "short");
            Assert.Equal(1000, (await AnswerAsync(folder, "job done", "short")).GetProperty("packets").GetInt64());
            await sensor.StopAsync();
            await using var again = CirtProcess.Start(["sensor", "--folder", folder]);
            await again.LineAsync(static line => line.StartsWith("Engine started", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
            await again.StopAsync();
            Assert.DoesNotContain(Lines(folder), l => l.Contains("job failed", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public async Task A_sensor_killed_while_it_stops_tells_that_the_job_was_interrupted()
    {
        var folder = await FolderAsync(3_000_000);
        try
        {
            await using (var sensor = CirtProcess.Start(["sensor", "--folder", folder]))
            {
                var job = Order(folder, "killed");
                await AnswerAsync(folder, "job progress", "killed");
                File.Delete(job);
                await sensor.KillAsync();
            }
            await using var again = CirtProcess.Start(["sensor", "--folder", folder]);
            Assert.Equal("interrupted", (await AnswerAsync(folder, "job failed", "killed")).GetProperty("reason").GetString());
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task<string> FolderAsync(int packets)
    {
        var folder = Directory.CreateTempSubdirectory("stopped-").FullName;
        var making = Path.Combine(folder, "making");
        Directory.CreateDirectory(Path.Combine(making, "rules"));
        Directory.CreateDirectory(Path.Combine(folder, "control", "jobs"));
        await File.WriteAllTextAsync(Path.Combine(making, "settings.json"), "{\"stats_interval_seconds\":1}", Cancel);
        await File.WriteAllTextAsync(Path.Combine(making, "rules", "a.rules"), "alert udp any any -> any any (msg:\"u\"; threshold: type limit, track by_src, count 50, seconds 600; sid:1;)\n", Cancel);
        Directory.Move(making, Path.Combine(folder, "control", "generation-000001"));
        await File.WriteAllBytesAsync(Path.Combine(folder, "in.pcap"), KilledSensorTests.Datagrams(packets), Cancel);
        return folder;
    }

    private static string Order(string folder, string id)
    {
        var path = Path.Combine(folder, "control", "jobs", id + ".json");
        File.WriteAllText(Path.Combine(folder, "job"), $"{{\"id\":\"{id}\",\"kind\":\"replay\",\"file\":\"in.pcap\"}}");
        File.Move(Path.Combine(folder, "job"), path);
        return path;
    }

    private static IEnumerable<string> Lines(string folder) =>
        Directory.EnumerateFiles(Path.Combine(folder, "spool"), "*.json").SelectMany(File.ReadLines);

    private static async Task<JsonElement> AnswerAsync(string folder, string message, string job)
    {
        for (var tries = 0; tries < 1200; tries++)
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "spool")).FullName), "alerts-*.json"))
            {
                if (File.ReadLines(path).FirstOrDefault(l => l.Contains($"\"message\":\"{message}\",\"job\":\"{job}\"", StringComparison.Ordinal)) is { } line)
                    return JsonDocument.Parse(line).RootElement.GetProperty("engine");
            }
            await Task.Delay(50, Cancel);
        }
        throw new TimeoutException($"no {message} of {job}");
    }
}
