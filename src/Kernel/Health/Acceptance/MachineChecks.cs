using System.Globalization;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Health.Acceptance;

/// <summary>Processors, memory and ports, as the kernel shows them.</summary>
internal sealed class MachineCheck : IAcceptanceCheck
{
    private const string Ports = "/sys/class/net";

    public Task<IReadOnlyList<AcceptanceReading>> MeasureAsync(MachineSize size, CancellationToken cancel)
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024);
        List<AcceptanceReading> readings =
        [
            new("processors", $"{Environment.ProcessorCount}", $"{size.Cores}", Environment.ProcessorCount >= size.Cores, "Give the machine more processors, or choose a smaller size."),
            new("memory", $"{memory} MiB", $"{size.MemoryMiB} MiB", memory >= size.MemoryMiB, "Add memory."),
        ];
        foreach (var port in (Directory.Exists(Ports) ? Directory.GetDirectories(Ports) : []).Where(p => Directory.Exists(Path.Combine(p, "device"))).Order(StringComparer.Ordinal))
            readings.Add(Port(port, size));
        if (readings.Count == 2)
            readings.Add(new("network ports", "none with hardware", "1 or more", false, "Connect a network port; a second one for mirrored traffic."));
        return Task.FromResult<IReadOnlyList<AcceptanceReading>>(readings);
    }

    private static AcceptanceReading Port(string place, MachineSize size)
    {
        var name = $"port {Path.GetFileName(place)}";
        var wanted = $"up, {size.LinkMegabits} Mb/s";
        if (Read(place, "carrier") != "1")
            return new(name, "no carrier", wanted, false, "Plug the cable in, or leave the port out of the machine's plan.");
        // Virtual ports name no speed.
        var speed = int.TryParse(Read(place, "speed"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var megabits) ? megabits : -1;
        return new(name, speed > 0 ? $"up, {speed} Mb/s" : "up", wanted, speed <= 0 || speed >= size.LinkMegabits, "Use a faster port, cable or switch, or choose a smaller size.");
    }

    private static string Read(string place, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(place, file)).Trim();
        }
        catch (IOException)
        {
            // A port that is down answers these with an error.
            return "";
        }
    }
}

/// <summary>The disk under the data folder: its size, one large file, and many small writes that must be on it.</summary>
internal sealed class DiskCheck(DataFolder data, TimeProvider time) : IAcceptanceCheck
{
    private const int LargeMiB = 256;
    private const int Small = 200;

    public async Task<IReadOnlyList<AcceptanceReading>> MeasureAsync(MachineSize size, CancellationToken cancel)
    {
        var room = new DriveInfo(data.Root);
        var total = room.TotalSize / (1024L * 1024 * 1024);
        List<AcceptanceReading> readings = [new("disk", $"{total} GiB", $"{size.DiskGiB} GiB", total >= size.DiskGiB, "Use a larger disk; the state grows to its end at the next boot.")];
        if (room.AvailableFreeSpace < 4L * LargeMiB * 1024 * 1024)
            return [.. readings, new("disk writing", "not measured", $"{size.WriteMiBPerSecond} MiB/s", false, $"Make {4 * LargeMiB} MiB of room first.")];
        var file = Path.Combine(data.Temporary, $"acceptance-{Guid.NewGuid():N}");
        try
        {
            var rate = await WriteLargeAsync(file, cancel);
            readings.Add(new("disk writing", $"{rate:0} MiB/s", $"{size.WriteMiBPerSecond} MiB/s", rate >= size.WriteMiBPerSecond, "Use an SSD, or storage of its own for this machine."));
            var wait = SyncSmall(file, cancel);
            readings.Add(new("disk commit", $"{wait:0.0} ms", $"{size.SyncMilliseconds} ms", wait <= size.SyncMilliseconds, "Use an SSD with power-loss protection, or a controller with a battery; do not switch syncing off."));
            return readings;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<double> WriteLargeAsync(string file, CancellationToken cancel)
    {
        var block = new byte[4 * 1024 * 1024];
        new Random(1).NextBytes(block);
        var since = time.GetTimestamp();
        await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        for (var written = 0; written < LargeMiB; written += block.Length / (1024 * 1024))
            await stream.WriteAsync(block, cancel);
        stream.Flush(flushToDisk: true);
        return LargeMiB / time.GetElapsedTime(since).TotalSeconds;
    }

    private double SyncSmall(string file, CancellationToken cancel)
    {
        var block = new byte[8192];
        var waits = new double[Small];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.None, 0);
        for (var i = 0; i < Small; i++)
        {
            cancel.ThrowIfCancellationRequested();
            var since = time.GetTimestamp();
            stream.Write(block);
            stream.Flush(flushToDisk: true);
            waits[i] = time.GetElapsedTime(since).TotalMilliseconds;
        }
        Array.Sort(waits);
        return waits[Small * 19 / 20];
    }
}
