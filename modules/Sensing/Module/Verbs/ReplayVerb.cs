using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Sensing.Verbs;

/// <summary><c>cirt replay FILE</c>: hands a capture to the running sensor and waits for what it found.</summary>
internal sealed class ReplayVerb(TimeProvider time) : IVerb
{
    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(2);

    public string Name => "replay";

    public string Summary => "replay FILE [--exercise]   hand a capture to the sensor and wait for its result";

    public bool NeedsServices => true;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        if (input.Arguments.FirstOrDefault(static a => !a.StartsWith('-')) is not { } path || !File.Exists(path))
        {
            await io.Error.WriteLineAsync($"There is no capture '{input.Arguments.FirstOrDefault()}'. Give the path of a pcap or pcapng file: cirt replay FILE");
            return 2;
        }
        await using var scope = input.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var sensors = await services.GetRequiredService<SensorFolders>().RegisterAsync(cancel);
        if (sensors.FirstOrDefault(static s => s.IsOurs) is not { } sensor)
        {
            await io.Error.WriteLineAsync("No sensor folder is configured. Add one under sensing:folders and start the host again.");
            return 1;
        }
        var viewer = Viewer.System("sensing");
        await using var content = File.OpenRead(path);
        var stored = await CaptureFile.StoreAsync(Path.Combine(sensor.Control, "captures"), path, content, long.MaxValue, cancel);
        if (!stored.TryGet(out var file))
        {
            await io.Error.WriteLineAsync($"{path} is no capture: its first bytes are neither pcap nor pcapng. Convert it, for example with editcap, and try again.");
            return 2;
        }
        var taken = await services.GetRequiredService<TakeCapture>().RunAsync(
            viewer, new(sensor, file, "command", input.Arguments.Contains("--exercise", StringComparer.Ordinal)), cancel);
        await services.GetRequiredService<CaptureJobs>().LookAsync(cancel);
        return await FollowAsync(services.GetRequiredService<ListCaptures>(), viewer, taken.Value, io, cancel);
    }

    private async Task<int> FollowAsync(ListCaptures captures, Viewer viewer, Guid id, VerbOutput io, CancellationToken cancel)
    {
        var (said, moved) = ("", time.GetTimestamp());
        while (true)
        {
            var row = (await captures.RunAsync(viewer, new(id), cancel)).Value[0];
            var line = string.Create(CultureInfo.InvariantCulture, $"{row.State} {row.Percent ?? 0:0} % {row.Packets ?? 0} packets {row.Alerts ?? 0} alerts");
            if (line != said)
            {
                await io.Out.WriteLineAsync(line);
                (said, moved) = (line, time.GetTimestamp());
            }
            if (row.State == "done")
            {
                if (row.TruncatedAt is { } at)
                    await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"the capture is cut short at byte {at}; everything before it was processed"));
                return 0;
            }
            if (row.State == "failed")
            {
                await io.Error.WriteLineAsync($"The sensor could not replay {row.Name}: {row.Reason}. Look at the sensors page for its state.");
                return 1;
            }
            if (time.GetElapsedTime(moved) > s_silence)
            {
                await io.Error.WriteLineAsync("The sensor has not answered for two minutes. Check that cirt serve and cirt sensor run; the replay stays queued.");
                return 1;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancel);
        }
    }
}
