using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Kernel;

namespace Appliance.Host.Verbs.Run;

/// <summary>Starts the host and the sensor, watches both, and stops them in the order in which facts flow: sensor, then host.</summary>
internal sealed class RunSupervisor(RunOptions options, RunPlace place, Action<string> say)
{
    private const int SensorTries = 5;

    /// <summary>How the sensor ends when the console told it to start again (the engine's README).</summary>
    private const int RestartOrdered = 86;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sensorEnds;
    private bool _saidWhatIsMissing;

    private string SensorFolder => Path.Combine(place.Data, "sensor");

    public async Task MigrateAsync(string owner, CancellationToken cancel, string? data = null)
    {
        using var migrate = Start("migrate", ["migrate"], new() { ["CIRT_DATABASE"] = owner }, data);
        var code = await migrate.EndAsync(cancel);
        if (code != 0)
            throw new OperatorFault("The database could not be brought up to date.", $"cirt migrate ended with {code}; its reason stands above.", "Mend what it names, then start again. Nothing was started and nothing is lost.");
    }

    /// <summary>Migrates the sample centre's database and makes the people of both nodes.</summary>
    public async Task PrepareDemoAsync(string centre, CancellationToken cancel)
    {
        var folder = RunDemo.CentreFolder(place);
        await MigrateAsync(centre, cancel, folder);
        say("Sign in as (log-in name and password, made for this installation):");
        foreach (var (where, data) in new[] { ("Samplia", place.Data), ("Centre", folder) })
        {
            using var people = Start(where, ["demo", "people"], new() { ["CIRT_DATABASE"] = null }, data);
            if (await people.EndAsync(cancel) is not 0 and var code)
                throw new OperatorFault("The sample country could not be made.", $"cirt demo people ended with {code}; its reason stands above.", "Mend what it names, or delete the sample country's folder, then start again.");
        }
    }

    /// <summary>Runs until <paramref name="stop"/> or until the host ends by itself, and answers the exit code.</summary>
    public async Task<int> RunAsync(string owner, Stopwatch since, CancellationToken stop)
    {
        using var host = Start("host", HostArguments(), HostSettings());
        using var demo = options.Demo ? new RunDemo(options, place, Start, say) : null;
        demo?.StartCentre();
        var sensor = StartSensor();
        try
        {
            var ended = host.EndAsync(CancellationToken.None);
            await Task.WhenAny(ended, _listening.Task, Task.Delay(Timeout.Infinite, stop));
            if (_listening.Task.IsCompleted)
            {
                Welcome(since.Elapsed);
                demo?.StartPlayer();
            }
            while (!stop.IsCancellationRequested && !ended.IsCompleted)
            {
                await Task.WhenAny(ended, Task.Delay(s_look, stop));
                sensor = await TendSensorAsync(sensor, stop);
            }

            if (!ended.IsCompleted)
                return 0;
            say($"The host ended by itself with {await ended}; its reason stands above.");
            return await ended == 0 ? 1 : await ended;
        }
        finally
        {
            await StopAsync(sensor);
            if (demo is not null)
                await demo.StopAsync(StopAsync);
            await StopAsync(host);
            sensor.Dispose();
        }
    }

    private List<string> HostArguments() =>
    [
        "serve", "--listen", options.Listen.ToString(),
        "--https-port", options.HttpsPort.ToString(CultureInfo.InvariantCulture), "--http-port", options.HttpPort.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>Plain http keeps a log-in on this machine only, and only in this profile.</summary>
    private Dictionary<string, string?> HostSettings()
    {
        Dictionary<string, string?> settings = new() { ["CIRT_DATABASE"] = null, ["CIRT_kernel__plainLoopback"] = "true" };
        if (options.Demo)
            RunDemo.SettingsOfHome(settings);
        return settings;
    }

    private Child StartSensor()
    {
        var wantsPackets = Interfaces().Count > 0;
        string[] capabilities = wantsPackets && place.User is not null ? ["net_raw"] : [];
        List<string> words = ["sensor", "--folder", SensorFolder];
        foreach (var name in options.Interfaces)
            words.AddRange(["-i", name]);
        if (wantsPackets && place.User is null && !_saidWhatIsMissing)
        {
            _saidWhatIsMissing = true;
            say("Capture from an interface needs the right CAP_NET_RAW, which an ordinary user lacks. Replays work. To capture, start as root: only the sensor gets the right, everything else runs as an ordinary user.");
        }

        return Start("sensor", words, new() { ["CIRT_DATABASE"] = null }, null, capabilities);
    }

    /// <summary>Starts the sensor again when it died, or when an interface was chosen that it has no right to.</summary>
    private async Task<Child> TendSensorAsync(Child sensor, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
            return sensor;
        if (sensor is { HasEnded: true, ExitCode: RestartOrdered })
        {
            say("The sensor was told to start again; starting it.");
        }
        else if (sensor.HasEnded)
        {
            if (_sensorEnds == SensorTries)
                return sensor;
            if (++_sensorEnds == SensorTries)
            {
                say($"The sensor ended {SensorTries} times and stays down; the console goes on. Its reason stands above.");
                return sensor;
            }

            say("The sensor ended; starting it again.");
        }
        else if (place.User is null || Interfaces().Count == 0 || HasRawSockets(sensor.Id))
        {
            return sensor;
        }
        else
        {
            say("An interface was chosen: starting the sensor again with the right to capture.");
            await sensor.StopAsync(s_patience);
        }

        sensor.Dispose();
        return StartSensor();
    }

    /// <summary>The interfaces chosen in the console, and those of the command line.</summary>
    private IReadOnlyList<string> Interfaces()
    {
        var control = Path.Combine(SensorFolder, "control");
        var newest = Directory.Exists(control) ? Directory.GetDirectories(control, "generation-*").Max(StringComparer.Ordinal) : null;
        var settings = newest is null ? null : Path.Combine(newest, "settings.json");
        if (settings is null || !File.Exists(settings))
            return options.Interfaces;
        try
        {
            var chosen = JsonNode.Parse(File.ReadAllText(settings))?["interfaces"]?.AsArray() ?? [];
            return [.. options.Interfaces, .. chosen.Select(one => (string?)one?["name"]).OfType<string>()];
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or IOException)
        {
            // The sensor itself answers what is wrong with a generation; here it only means that nothing new was chosen.
            return options.Interfaces;
        }
    }

    private static bool HasRawSockets(int process)
    {
        const ulong netRaw = 1UL << 13;
        var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(text => text.StartsWith("CapEff:", StringComparison.Ordinal));
        return line is not null && (ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & netRaw) != 0;
    }

    private void Welcome(TimeSpan after)
    {
        say("");
        say(string.Create(CultureInfo.InvariantCulture, $"Ready after {after.TotalSeconds:0.0} s. Stop with Ctrl-C."));
        say($"  https://{Shown(options.Listen)}:{options.HttpsPort}/  with a certificate of its own, which the browser will ask about");
        if (options.HttpPort > 0)
            say($"  http://127.0.0.1:{options.HttpPort}/  plain, on this machine only");
        if (options.Demo)
            say("  The sample country plays its case by itself: sign in with one of the names above and watch.");
        say("");
    }

    private static string Shown(System.Net.IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private async Task StopAsync(Child child)
    {
        if (child.HasEnded)
            return;
        say($"Stopping the {child.Name}");
        if (!await child.StopAsync(s_patience))
            say($"The {child.Name} did not stop within {s_patience.TotalSeconds:0} s and was killed; it recovers at the next start.");
    }

    private Child Start(string name, IReadOnlyList<string> words, Dictionary<string, string?> environment, string? data = null, params string[] capabilities)
    {
        environment["CIRT_DATA"] = data ?? place.Data;
        environment["DOTNET_ROOT"] = place.Runtime;
        environment["HOME"] = place.Data;
        return Child.Start(name, place.Program, words, place.User, environment, line => Print(name, line), capabilities);
    }

    private void Print(string name, string line)
    {
        // The one-time link is for the person in front, so it stands alone.
        if (line.Contains("/setup", StringComparison.Ordinal) && line.Contains("http", StringComparison.Ordinal))
            say($"\n  {line}\n");
        else
            say($"{name,-8}| {line}");
        if (name == "host" && line.StartsWith("listening on", StringComparison.Ordinal))
            _listening.TrySetResult();
    }
}
