using System.Text;
using Appliance.Kernel.Health;
using Appliance.Kernel.Modules;
using OpenTelemetry.Metrics;

namespace Appliance.Host.Telemetry;

/// <summary>Collects when a scraper asks: the product's instruments, the web server's and the runtime's, and every health check as a number. Thread-safe.</summary>
internal sealed class Metrics : IDisposable
{
    private readonly PrometheusText _text = new();
    private readonly MeterProvider _provider;
    private readonly Lock _one = new();

    public Metrics()
    {
        _provider = OpenTelemetry.Sdk.CreateMeterProviderBuilder().AddMeter([.. TelemetrySources.Meters]).AddReader(new BaseExportingMetricReader(_text)).Build();
    }

    /// <summary><c>GET /metrics</c>.</summary>
    public static async Task<IResult> AnswerAsync(HttpContext http, Metrics metrics, HealthBoard board, CancellationToken cancel)
    {
        var health = await board.ReadAsync(cancel);
        http.Response.Headers.CacheControl = "no-store";
        return Results.Text(metrics.Collect() + Health(health), PrometheusText.ContentType, Encoding.UTF8);
    }

    public void Dispose() => _provider.Dispose();

    /// <summary>0 good, 1 degraded, 2 failed: what a rule compares with.</summary>
    internal static string Health(HealthReport report)
    {
        StringBuilder text = new();
        PrometheusText.Family(text, "cirt_health_state", "Checks of the health page: 0 good, 1 degraded, 2 failed.", "gauge");
        foreach (var line in report.Lines)
            PrometheusText.Sample(text, "cirt_health_state", [new("check", line.Name)], line.Reading.State switch { HealthState.Good => 0, HealthState.Degraded => 1, _ => 2 });
        PrometheusText.Family(text, "cirt_health_since_seconds", "When a check was first seen in its state, as Unix time.", "gauge");
        foreach (var line in report.Lines)
            PrometheusText.Sample(text, "cirt_health_since_seconds", [new("check", line.Name)], line.Since.ToUnixTimeSeconds());
        return text.ToString();
    }

    private string Collect()
    {
        lock (_one)
        {
            return _text.Collect!(2000) ? _text.Text : throw new TimeoutException("the metrics were not collected within 2 s");
        }
    }
}
