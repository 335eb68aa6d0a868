using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Appliance.Bench;

/// <summary>One run of an engine with Suricata's command line, and what it cost.</summary>
/// <param name="LoadCpu">Processor seconds until it said that it had started.</param>
/// <param name="BusyCpu">Processor seconds after that.</param>
/// <param name="BusyTime">Seconds after that.</param>
/// <param name="PeakMemory">Most resident memory, MiB.</param>
/// <param name="Alerts">Rule and connection of each alert.</param>
internal sealed record EngineRun(double LoadCpu, double BusyCpu, double BusyTime, double PeakMemory, HashSet<string> Alerts)
{
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs <paramref name="command"/> over the capture, with no rules where <paramref name="rules"/> is null, with <paramref name="how"/> behind all other arguments.</summary>
    /// <exception cref="InvalidOperationException">It did not end well; the text has its last words.</exception>
    public static async Task<EngineRun> OfAsync(string command, string capture, string? rules, params string[] how)
    {
        string folder = Directory.CreateTempSubdirectory("cirt-bench-").FullName;
        try
        {
            string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] line = [.. words[1..], "-r", capture, "-l", folder, "-k", "none", .. how, .. rules is null ? (string[])["--disable-detection"] : ["-S", rules]];
            double before = OfChildren();
            long? started = null;
            double load = 0;
            var said = new List<string>();
            using var process = new Process { StartInfo = new ProcessStartInfo(words[0], line) { RedirectStandardOutput = true, RedirectStandardError = true } };
            process.ErrorDataReceived += Heard;
            process.OutputDataReceived += Heard;
            process.Start();
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            double memory = 0;
            Task end = process.WaitForExitAsync();
            do
            {
                memory = Math.Max(memory, Peak(process.Id));
            }
            while (await Task.WhenAny(end, Task.Delay(s_look)) != end);
            double busyTime = started is { } at ? Stopwatch.GetElapsedTime(at).TotalSeconds : 0;
            if (process.ExitCode != 0 || started is null)
                throw new InvalidOperationException($"{command} ended with {process.ExitCode}: {string.Join(" / ", said.TakeLast(5))}");
            return new EngineRun(load, Math.Max(OfChildren() - before - load, 0.01), busyTime, memory, AlertsOf(Path.Combine(folder, "eve.json")));

            void Heard(object sender, DataReceivedEventArgs e)
            {
                if (e.Data is not { } text)
                    return;
                lock (said)
                {
                    said.Add(text);
                    if (started is not null || !text.Contains("Engine started", StringComparison.Ordinal))
                        return;
                    load = Ticks($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/stat", 11, 4);
                    started = Stopwatch.GetTimestamp();
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The part of the peer's alerts that this run has as well.</summary>
    public double RecallOf(EngineRun peer) => peer.Alerts.Count == 0 ? 1 : (double)peer.Alerts.Count(Alerts.Contains) / peer.Alerts.Count;

    // of children that have ended and been waited for
    private static double OfChildren() => Ticks("/proc/self/stat", 13, 2);

    private static double Ticks(string path, int first, int count)
    {
        if (!File.Exists(path))
            return 0;
        string stat = File.ReadAllText(path);
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ').Skip(first).Take(count).Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static double Peak(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) / 1024.0;
        }
        catch (IOException)
        {
            // it has just ended; the look before this one counts
            return 0;
        }
    }

    private static HashSet<string> AlertsOf(string eve)
    {
        var alerts = new HashSet<string>(StringComparer.Ordinal);
        if (!File.Exists(eve))
            return alerts;
        foreach (string line in File.ReadLines(eve).Where(l => l.Contains("\"alert\"", StringComparison.Ordinal)))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement record = json.RootElement;
            if (record.TryGetProperty("event_type", out JsonElement type) && type.GetString() == "alert")
                alerts.Add(string.Join(' ', record.GetProperty("alert").GetProperty("signature_id").GetRawText(), Part("src_ip"), Part("src_port"), Part("dest_ip"), Part("dest_port")));

            string Part(string name) => record.TryGetProperty(name, out JsonElement value) ? value.GetRawText() : "";
        }

        return alerts;
    }
}
