using System.Diagnostics;
using Appliance.Sensing.Engine.Output;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>A disk that is full: the sensor goes on, says so, loses nothing it need not lose, and recovers by itself.</summary>
public sealed class SpoolTests
{
    private static bool Run(params string[] line)
    {
        using Process process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    [Fact]
    public void A_full_disk_costs_what_cannot_wait_and_nothing_else()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a small disk can be made by root only");
        using var folder = new TemporaryFolder();
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path), "this machine mounts no tmpfs");
        try
        {
            string spool = Path.Combine(folder.Path, "spool"), filler = Path.Combine(folder.Path, "filler");
            var news = new List<(string? Reason, long Lost)>();
            byte[] line = [.. "{\"n\":\""u8, .. Enumerable.Repeat((byte)'x', 1000), .. "\"}\n"u8];
            long written = 0, lost;
            using (var sink = new SpoolSink(spool, Path.Combine(folder.Path, "state")) { Changed = (reason, gone) => news.Add((reason, gone)) })
            {
                sink.Write(EveStream.Alerts, line);
                written++;
                sink.Flush();
                File.WriteAllBytes(filler, new byte[600_000]);
                for (; written < 4000; written++) sink.Write(EveStream.Alerts, line);
                Assert.NotNull(sink.Trouble);
                Assert.True(sink.RecordsLost > 0);
                File.Delete(filler);
                Run("mount", "-o", "remount,size=16m", folder.Path);
                Assert.True(SpinWait.SpinUntil(() => sink.Trouble == null, 10_000));
                sink.Write(EveStream.Alerts, line);
                written++;
                lost = sink.RecordsLost;
            }
            Assert.Equal(2, news.Count);
            Assert.Contains("space", news[0].Reason, StringComparison.OrdinalIgnoreCase);
            Assert.Equal((null, lost), news[1]);
            Assert.Empty(Directory.EnumerateFiles(spool, "*.open"));
            List<string> kept = [.. Directory.EnumerateFiles(spool, "alerts-*.json").SelectMany(File.ReadLines)];
            Assert.Equal(written - lost, kept.Count);
            Assert.All(kept, l => Assert.Equal(line.Length - 1, l.Length));
        }
        finally
        {
            Run("umount", folder.Path);
        }
    }
}
