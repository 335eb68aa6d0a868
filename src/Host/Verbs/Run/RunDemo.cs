using System.Globalization;

namespace Appliance.Host.Verbs.Run;

/// <summary>What the sample country adds to a run: the regional centre as a second host with its own database, and the player.</summary>
internal sealed class RunDemo(RunOptions options, RunPlace place, RunDemo.Starter start, Action<string> say) : IDisposable
{
    /// <summary>The centre answers ten ports further.</summary>
    public const int Apart = 10;

    private Child? _centre;
    private Child? _player;

    /// <summary>Starts a child process with its own data folder.</summary>
    public delegate Child Starter(string name, IReadOnlyList<string> words, Dictionary<string, string?> environment, string? data = null, params string[] capabilities);

    public static string CentreFolder(RunPlace place) => Path.Combine(place.Data, "centre");

    public static void SettingsOfHome(Dictionary<string, string?> settings)
    {
        settings["CIRT_uplink__nodeName"] = "Samplia CIRT";
        settings["CIRT_uplink__pullSeconds"] = "3";
        settings["CIRT_demo"] = "true";
    }

    public void StartCentre()
    {
        _centre = start(
            "centre",
            ["serve", "--https-port", Text(options.HttpsPort + Apart), "--http-port", Text(options.HttpPort + Apart)],
            new()
            {
                ["CIRT_DATABASE"] = null,
                ["CIRT_kernel__plainLoopback"] = "true",
                ["CIRT_uplink__role"] = "hub",
                ["CIRT_uplink__nodeName"] = "Regional Response Centre",
                ["CIRT_uplink__pullSeconds"] = "3",
                // The sample nodes live on this machine; a real peer is reached without this.
                ["CIRT_kernel__http__allow__0"] = $"127.0.0.1:{Text(options.HttpPort)}",
                ["CIRT_demo"] = "true",
            },
            CentreFolder(place));
        say($"The sample centre answers on http://127.0.0.1:{Text(options.HttpPort + Apart)}/");
    }

    public void StartPlayer() => _player = start(
        "demo",
        ["demo", "play", $"http://127.0.0.1:{Text(options.HttpPort)}/", $"http://127.0.0.1:{Text(options.HttpPort + Apart)}/", CentreFolder(place)],
        new() { ["CIRT_DATABASE"] = null });

    public async Task StopAsync(Func<Child, Task> stop)
    {
        foreach (var child in new[] { _player, _centre }.OfType<Child>())
            await stop(child);
    }

    public void Dispose()
    {
        _player?.Dispose();
        _centre?.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
