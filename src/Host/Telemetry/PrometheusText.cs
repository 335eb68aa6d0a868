using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Appliance.Host.Telemetry;

/// <summary>Writes collected metrics in Prometheus' text form 0.0.4: names with underscores and units, counters ending in <c>_total</c>, histograms with cumulated buckets.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusText : BaseExporter<Metric>, IPullMetricExporter
{
    /// <summary>What a scraper is told it gets.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Collects now, at most so many milliseconds; set by the reader that owns this exporter.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>The text of the latest collection.</summary>
    public string Text => _text.ToString();

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _text.Clear();
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            var name = NameOf(metric.Name, metric.Unit, IsCounter(metric.MetricType));
            // Two meters may use one name; the text may name a family only once.
            if (!seen.Add(name))
                continue;
            Family(_text, name, metric.Description, metric.MetricType switch
            {
                MetricType.Histogram => "histogram",
                var type when IsCounter(type) => "counter",
                _ => "gauge",
            });
            foreach (ref readonly var point in metric.GetMetricPoints())
                Point(metric, name, point);
        }

        return ExportResult.Success;
    }

    /// <summary>Begins a family: its help and type.</summary>
    public static void Family(StringBuilder text, string name, string help, string type)
    {
        text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    /// <summary>One line: name, labels, value.</summary>
    public static void Sample(StringBuilder text, string name, IEnumerable<KeyValuePair<string, object?>> labels, double value)
    {
        text.Append(name);
        var first = true;
        foreach (var (label, content) in labels)
        {
            text.Append(first ? '{' : ',').Append(Letters(label)).Append("=\"").Append(Escaped(Convert.ToString(content, CultureInfo.InvariantCulture) ?? "")).Append('"');
            first = false;
        }

        text.Append(first ? " " : "} ").Append(Number(value)).Append('\n');
    }

    internal static string NameOf(string name, string? unit, bool counter)
    {
        var words = Letters(name);
        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" => counter ? "" : "_ratio",
            _ => "",
        };
        if (!words.EndsWith(suffix, StringComparison.Ordinal))
            words += suffix;
        return counter && !words.EndsWith("_total", StringComparison.Ordinal) ? words + "_total" : words;
    }

    private static bool IsCounter(MetricType type) => type is MetricType.LongSum or MetricType.DoubleSum;

    private static string Letters(string name)
    {
        var text = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_'));
        return char.IsAsciiDigit(text[0]) ? "_" + text : text;
    }

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private void Point(Metric metric, string name, in MetricPoint point)
    {
        List<KeyValuePair<string, object?>> labels = [];
        foreach (var tag in point.Tags)
            labels.Add(tag);
        switch (metric.MetricType)
        {
            case MetricType.Histogram:
                Histogram(name, labels, point);
                break;
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                Sample(_text, name, labels, point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                Sample(_text, name, labels, point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                Sample(_text, name, labels, point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                Sample(_text, name, labels, point.GetGaugeLastValueDouble());
                break;
            default:
                throw new InvalidOperationException($"{metric.Name} is of the type {metric.MetricType}, which no instrument of ours makes");
        }
    }

    private void Histogram(string name, List<KeyValuePair<string, object?>> labels, in MetricPoint point)
    {
        long below = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            Sample(_text, name + "_bucket", [.. labels, new("le", Number(bucket.ExplicitBound))], below);
        }

        Sample(_text, name + "_sum", labels, point.GetHistogramSum());
        Sample(_text, name + "_count", labels, point.GetHistogramCount());
    }
}
