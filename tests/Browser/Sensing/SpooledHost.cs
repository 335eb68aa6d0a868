using System.Globalization;
using System.Text;
using Appliance.Tests.Case;
using Xunit;

namespace Appliance.Tests.Sensing;

/// <summary>A host whose sensor's folder was written by hand: forty groups of ten signatures, some with names that mean harm, and no sensor running.</summary>
public sealed class SpooledHost : IAsyncLifetime
{
    /// <summary>Right-to-left override, markup and blanks: as an attacker would name a host.</summary>
    public const string Hostile = "evil \u202etxt.exe <img src=x onerror=alert(1)>";

    /// <summary>Groups there are.</summary>
    public const int Groups = 40;

    /// <summary>The host.</summary>
    public HostProcess Host { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await Host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        Put(Host.SensorFolder);
        for (var tries = 0; await CaseStage.CountAsync(Host, "select count(*) from sensing.alert_groups") < Groups; tries++)
        {
            Assert.True(tries < 150, Host.Process.Output);
            await Task.Delay(200);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private static void Put(string folder)
    {
        var spool = Directory.CreateDirectory(Path.Combine(folder, "spool")).FullName;
        var lines = new StringBuilder();
        var seen = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture);
        for (var i = 0; i < Groups; i++)
        {
            var name = i == 0 ? Hostile.Replace("\"", "", StringComparison.Ordinal) : $"host{i % 5}.example";
            lines.Append(CultureInfo.InvariantCulture, $"{{\"timestamp\":\"{seen}\",\"flow_id\":{i},\"event_type\":\"alert\",\"src_ip\":\"198.51.100.{i}\",\"src_port\":1025,\"dest_ip\":\"10.0.0.{i % 7}\",\"dest_port\":80,\"proto\":\"TCP\",\"app_proto\":\"http\",\"http\":{{\"hostname\":\"{name}\",\"url\":\"/\"}},\"alert\":{{\"action\":\"allowed\",\"gid\":1,\"signature_id\":{9000 + (i / 4)},\"rev\":1,\"signature\":\"Probe number {i / 4}\",\"category\":\"Misc\",\"severity\":{1 + (i / 4 % 3)}}}}}\n");
        }
        File.WriteAllText(Path.Combine(spool, "alerts-0000000001.open"), lines.ToString());
        File.Move(Path.Combine(spool, "alerts-0000000001.open"), Path.Combine(spool, "alerts-0000000001.json"));
    }
}
