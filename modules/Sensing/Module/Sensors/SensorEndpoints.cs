using Appliance.Contracts;

namespace Appliance.Sensing.Sensors;

/// <summary><c>/api/v1/sensing/sensors/…</c>: one sensor, and what can be told to it.</summary>
internal static class SensorEndpoints
{
    public static async Task<Outcome<SensorDetail>> ShowAsync(Viewer viewer, ShowSensor show, int id, CancellationToken cancel)
    {
        var outcome = await show.RunAsync(viewer, new(Short(id)), cancel);
        return outcome.TryGet(out var page)
            ? new SensorDetail(SensorLine.Of(page.Sensor), page.Sensor.Kind, page.Sensor.Published, page.Sensor.LastSign, page.Spans, page.Silences)
            : Outcome<SensorDetail>.Refused(outcome.Refusals);
    }

    public static Task<Outcome<Guid>> RestartAsync(Viewer viewer, RestartSensor act, int id, CancellationToken cancel) => act.RunAsync(viewer, new(Short(id)), cancel);

    public static Task<Outcome<Done>> SendAsync(Viewer viewer, SendGeneration act, int id, CancellationToken cancel) => act.RunAsync(viewer, new(Short(id)), cancel);

    // No sensor has the number 0, and none more than there are.
    private static short Short(int id) => id is > 0 and <= short.MaxValue ? (short)id : (short)0;
}

/// <summary>A sensor with its last day in spans of ten minutes.</summary>
internal sealed record SensorDetail(SensorLine Sensor, string Kind, int? PublishedGeneration, DateTimeOffset? LastSign, IReadOnlyList<SensorSpan> Spans, IReadOnlyList<Silence> Silences);
