using Appliance.Host.Composition;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Appliance.Host.Telemetry;

/// <summary>What is measured, and where it goes besides <c>/metrics</c>: an OpenTelemetry collector, when <c>telemetry:otlp</c> names one.</summary>
/// <remarks>The address is the operator's own configuration, so it may lie inside the network; nothing that a stranger sends can change it.</remarks>
internal static class TelemetrySources
{
    /// <summary>Meters that are collected: the product's, the web server's, the database driver's, the runtime's.</summary>
    public static IReadOnlyList<string> Meters { get; } = ["Appliance.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Components", "Npgsql", "System.Runtime"];

    private static readonly string[] s_activities = ["Appliance.*", "Microsoft.AspNetCore", "Npgsql"];

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<Metrics>();
        if (Collector(configuration) is not { } collector)
            return services;
        var resource = ResourceBuilder.CreateDefault().AddService("cirt", serviceVersion: typeof(TelemetrySources).Assembly.GetName().Version?.ToString(3));
        void To(OtlpExporterOptions otlp, string signal)
        {
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
            otlp.Endpoint = new(collector, $"v1/{signal}");
        }

        services.AddSingleton(Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(s_activities).AddOtlpExporter(o => To(o, "traces")).Build());
        services.AddSingleton(Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter([.. Meters]).AddOtlpExporter(o => To(o, "metrics")).Build());
        services.AddLogging(logging => logging.AddOpenTelemetry(o =>
        {
            o.SetResourceBuilder(resource);
            o.IncludeFormattedMessage = true;
            o.AddOtlpExporter(e => To(e, "logs"));
        }));
        return services;
    }

    private static Uri? Collector(IConfiguration configuration)
    {
        var named = configuration["telemetry:otlp"];
        if (string.IsNullOrWhiteSpace(named))
            return null;
        return Uri.TryCreate(named.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new Kernel.OperatorFault("The address of the telemetry collector is not one.", $"telemetry:otlp is '{named}'.", "Write it as http://collector.example:4318, or leave it out.");
    }
}
