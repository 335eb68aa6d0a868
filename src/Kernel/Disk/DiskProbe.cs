using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Disk;

/// <summary>How much room is left wherever the appliance writes: the place that is worst off.</summary>
internal sealed class DiskProbe(DiskWatch watch, DataFolder data, KernelOptions options) : IHealthProbe
{
    public string Name => "kernel.health.disk";

    public Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        // A verb has no watch running: it looks for itself.
        if (watch.Rooms.Count == 0)
            watch.Look();
        var full = watch.Rooms.Where(r => r.IsFull).ToList();
        if (full.Count > 0)
        {
            var places = string.Join(", ", full.Select(r => $"{r.Place.Name} {Text(r.FreeMiB)}"));
            return Task.FromResult(new HealthReading(HealthState.Failed, places, Text(full[0].LimitMiB), string.Join(", ", full.Select(r => r.Place.Path))));
        }

        var disk = new DriveInfo(data.Root);
        var free = disk.AvailableFreeSpace / 1024 / 1024;
        var limit = Math.Min(options.FreeSpaceMiB, disk.TotalSize / 1024 / 1024 / 5);
        return Task.FromResult(new HealthReading(free < limit ? HealthState.Degraded : HealthState.Good, Text(free), Text(limit), data.Root));
    }

    private static string Text(long mebibytes) => string.Create(CultureInfo.InvariantCulture, $"{mebibytes} MiB");
}
