using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Appliance.Fuzz;

/// <summary>What an input did wrong, and where it is kept.</summary>
internal sealed record Finding(string Target, string What, string Kept);

/// <summary>Runs one input at a time on a thread of its own and holds it to the limits: no exception, 10 seconds of the processor, 256 MiB.</summary>
internal sealed class Judge(string target)
{
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(90);
    public const long MostBytes = 256L << 20;

    private const double WorthTellingSeconds = 3;
    public TimeSpan Slowest { get; private set; }
    public long Largest { get; private set; }

    /// <summary>Null when the input is survived.</summary>
    public Finding? Try(byte[] input, Action<byte[]> run)
    {
        Exception? thrown = null;
        long before = ResetPeak();
        using var process = Process.GetCurrentProcess();
        TimeSpan started = process.TotalProcessorTime;
        var thread = new Thread(() =>
        {
            try
            {
                run(input);
            }
            catch (Exception e)
            {
                thrown = e;
            }
        }, 1 << 20)
        { IsBackground = true };
        thread.Start();
        bool ended = thread.Join(MostPatience);
        process.Refresh();
        // a machine that is busy with other work makes no input slow
        TimeSpan took = process.TotalProcessorTime - started;
        if (took > Slowest) Slowest = took;
        ended &= took <= MostTime;
        if (ended && took.TotalSeconds > WorthTellingSeconds) Campaign.Tell($"slow: {took.TotalSeconds:F1} s, {Keep(input, "slow")}");
        long grown = Peak() - before;
        if (grown > Largest) Largest = grown;
        string? what = !ended ? "took more than 10 seconds" : thrown != null ? thrown.ToString() : grown > MostBytes ? $"needed {grown >> 20} MiB" : null;
        return what == null ? null : new Finding(target, what, Keep(input, what));
    }

    private string Keep(byte[] input, string why = "")
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("CIRT_FUZZ_KEEP") ?? Path.Combine(Path.GetTempPath(), "cirt-fuzz"), target);
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(path, input);
        File.WriteAllText(path + ".txt", why);
        return path;
    }

    /// <summary>Sets the kernel's mark of the largest resident size back to what it is now; returns that.</summary>
    private static long ResetPeak()
    {
        File.WriteAllText("/proc/self/clear_refs", "5");
        return Peak();
    }

    private static long Peak()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return long.Parse(line[6..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) << 10;
        return 0;
    }
}
