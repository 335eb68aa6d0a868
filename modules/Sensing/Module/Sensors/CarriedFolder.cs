using System.Globalization;
using System.Text.Json;
using Appliance.Kernel.Modules;

namespace Appliance.Sensing.Sensors;

/// <summary>What <c>cirt-carry</c> wrote of its last run into <c>carried.json</c> of the folder.</summary>
/// <param name="DoneAt">When a run last came to its end; null before the first did.</param>
/// <param name="TriedAt">When one was last tried.</param>
/// <param name="Reason">What stopped the last one, in words; empty when nothing did. Text from outside.</param>
internal sealed record CarriedFolder(DateTimeOffset? DoneAt, DateTimeOffset? TriedAt, string Reason)
{
    private const int MostBytes = 1 << 16;
    private const int LongestReason = 300;

    /// <summary>Twice the silence of a sensor: a run over a thin link may take as long as that.</summary>
    public static TimeSpan Patience(SensingOptions options) => TimeSpan.FromSeconds(options.SilenceSeconds * 2);

    /// <summary>True when no run came to its end for longer than <paramref name="patience"/>.</summary>
    public bool IsLate(DateTimeOffset now, TimeSpan patience) => DoneAt is not { } done || now - done > patience;

    /// <summary>What stands there; nothing of it where the file is absent or unreadable.</summary>
    public static CarriedFolder Read(string folder)
    {
        try
        {
            var file = new FileInfo(Path.Combine(folder, "carried.json"));
            if (file is not { Exists: true, Length: > 0 and <= MostBytes })
                return new(null, null, "");
            using var document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            return new(Time(document.RootElement, "done_at"), Time(document.RootElement, "tried_at"), Text(document.RootElement, "reason"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return new(null, null, fault.Message);
        }
    }

    private static string Text(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text ? text[..Math.Min(text.Length, LongestReason)] : "";

    private static DateTimeOffset? Time(JsonElement root, string name) =>
        DateTimeOffset.TryParse(Text(root, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}

/// <summary>Whether the folders of sensors on other machines are carried.</summary>
internal sealed class CarriedProbe(SensorFolders folders, SensingOptions options, TimeProvider time) : IHealthProbe
{
    public string Name => "sensing.carried";

    public Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var patience = CarriedFolder.Patience(options);
        var limit = string.Create(CultureInfo.InvariantCulture, $"{patience.TotalSeconds:0} s");
        var now = time.GetUtcNow();
        var all = folders.Configured.Where(static f => f.Carried).Select(f => (f.Name, State: CarriedFolder.Read(f.Path))).ToList();
        var late = all.Where(f => f.State.IsLate(now, patience)).ToList();
        var value = string.Create(CultureInfo.InvariantCulture, $"{all.Count - late.Count}/{all.Count}");
        if (late.Count == 0)
            return Task.FromResult(new HealthReading(HealthState.Good, value, limit));
        var words = string.Join("; ", late.Select(static f => f.State.DoneAt is { } done
            ? string.Create(CultureInfo.InvariantCulture, $"{f.Name} {done:yyyy-MM-dd HH:mm:ss} UTC {f.State.Reason}").TrimEnd()
            : $"{f.Name} {f.State.Reason}".TrimEnd()));
        // One that was never carried is still being set up.
        var state = late.TrueForAll(static f => f.State.DoneAt is null) ? HealthState.Degraded : HealthState.Failed;
        return Task.FromResult(new HealthReading(state, value, limit, words));
    }
}
