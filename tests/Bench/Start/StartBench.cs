using System.Globalization;

namespace Appliance.Bench;

/// <summary>How long an operator waits after a restart, and what an idle appliance takes of the machine.</summary>
internal static class StartBench
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(BenchOptions options)
    {
        await using var host = await BenchHost.PrepareAsync();
        var first = await host.StartAsync();
        await host.StopAsync();
        var starts = new List<double>();
        for (var run = 0; run < options.Runs; run++)
        {
            starts.Add((await host.StartAsync()).TotalSeconds);
            await host.StopAsync();
        }

        await host.StartAsync();
        host.StartSensor();
        await Task.Delay(s_idle);
        var memory = host.Memory();
        starts.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"""
              first start after migration   {first.TotalSeconds,6:0.00} s
              warm start, median of {options.Runs,-2}      {starts[starts.Count / 2],6:0.00} s   (least {starts[0]:0.00}, most {starts[^1]:0.00})
              idle after {s_idle.TotalSeconds:0} s: host       {memory.Host,6:0} MiB
                             sensor     {memory.Sensor,6:0} MiB
                             PostgreSQL {memory.Database,6:0} MiB
                             together   {memory.Host + memory.Sensor + memory.Database,6:0} MiB
            """));
    }
}
