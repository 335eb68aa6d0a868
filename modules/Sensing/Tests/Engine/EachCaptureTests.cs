using Appliance.Sensing.Engine;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class EachCaptureTests
{
    [Theory]
    [InlineData(false, 1, 0)]
    [InlineData(true, 0, 2)]
    public async Task Captures_of_a_folder_share_flows_unless_each_stands_alone(bool each, int together, int apart)
    {
        using var folder = new TemporaryFolder();
        string captures = Path.Combine(folder.Path, "in"), deep = Path.Combine(captures, "deep"), logs = Path.Combine(folder.Path, "out");
        Directory.CreateDirectory(deep);
        foreach (string path in (string[])[Path.Combine(captures, "a.pcap"), Path.Combine(deep, "b.pcap")])
            await File.WriteAllBytesAsync(path, new PacketForge().Udp("192.0.2.2", 4000, "198.51.100.1", 9999, "x"u8).ToArray(), TestContext.Current.CancellationToken);
        var log = new StringWriter();
        Assert.Equal(0, await SensorProgram.RunAsync(["-r", captures, "-l", logs, "--disable-detection", "--pcap-file-recursive", .. each ? (string[])["--each"] : []], log, log, TestContext.Current.CancellationToken));
        Assert.Equal((together, apart), (Flows("eve.json"), Flows("a.pcap/eve.json") + Flows("deep/b.pcap/eve.json")));

        int Flows(string name) => File.Exists(Path.Combine(logs, name)) ? File.ReadLines(Path.Combine(logs, name)).Count(l => l.Contains("\"event_type\":\"flow\"", StringComparison.Ordinal)) : 0;
    }
}
