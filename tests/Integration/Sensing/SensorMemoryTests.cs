using System.Globalization;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>What lies in the sensor's process: its memory and its rights are its own, so nothing else of the appliance may be there.</summary>
public sealed class SensorMemoryTests
{
    [Fact]
    public async Task Sensor_loads_neither_kernel_nor_modules_nor_tables_of_languages()
    {
        var folder = Directory.CreateTempSubdirectory("sensor-memory-").FullName;
        try
        {
            await using var sensor = CirtProcess.Start(["sensor", "--folder", folder]);
            await sensor.LineAsync(static line => line.StartsWith("Engine started", StringComparison.Ordinal), TimeSpan.FromSeconds(60));

            var mapped = (await File.ReadAllLinesAsync($"/proc/{sensor.Id.ToString(CultureInfo.InvariantCulture)}/maps", TestContext.Current.CancellationToken))
                .Select(static line => Path.GetFileName(line.Split(' ')[^1]))
                .ToHashSet();
            await sensor.StopAsync();

            // the look itself works
            Assert.Contains("Appliance.Sensing.Engine.dll", mapped);
            Assert.Equal(["Appliance.Sensing.Engine.dll"], mapped.Where(static file => file.StartsWith("Appliance.", StringComparison.Ordinal)));
            Assert.DoesNotContain("Npgsql.dll", mapped);
            Assert.DoesNotContain(mapped, static file => file.StartsWith("libicu", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
