using System.Runtime.CompilerServices;
using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class SampleCaseTests
{
    private static string Samples([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../Module/Samples"));

    [Fact]
    public void The_bundled_capture_is_what_the_generator_makes() =>
        Assert.Equal(SampleCase.Make(), File.ReadAllBytes(Path.Combine(Samples(), "sample-case.pcap")));

    [Fact]
    public async Task Replaying_the_case_with_the_starter_rules_raises_its_alerts()
    {
        using var folder = new TemporaryFolder();
        var log = new StringWriter();
        int exit = await SensorProgram.RunAsync(["-r", Path.Combine(Samples(), "sample-case.pcap"), "-S", Path.Combine(Samples(), "starter.rules"), "-l", folder.Path,
            "--set", "vars.address-groups.HOME_NET=[192.0.2.0/24]"], log, log, TestContext.Current.CancellationToken);
        Assert.Equal(0, exit);
        var alerts = File.ReadLines(Path.Combine(folder.Path, "eve.json")).Select(l => JsonDocument.Parse(l).RootElement).Where(r => r.GetProperty("event_type").GetString() == "alert").ToList();
        var sids = alerts.Select(a => a.GetProperty("alert").GetProperty("signature_id").GetInt32()).ToHashSet();
        int[] expected = [.. Enumerable.Range(9000001, 25).Where(s => s != 9000012)];
        Assert.Equal(expected, sids.Order());
        Assert.Equal([1, 2, 3], alerts.Select(a => a.GetProperty("alert").GetProperty("severity").GetInt32()).Distinct().Order());
        Assert.All(alerts, a => Assert.True(a.GetProperty("src_ip").GetString()!.StartsWith("192.0.2.", StringComparison.Ordinal) || a.GetProperty("dest_ip").GetString()!.StartsWith("192.0.2.", StringComparison.Ordinal)));
    }
}
