using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Appliance.Sensing.Intake;

/// <summary>What intake counts: lines taken in by stream, lines kept aside by reason, and how late records arrive.</summary>
internal static class IntakeMetrics
{
    private static readonly Meter s_meter = new("Appliance.Sensing");

    private static readonly Counter<long> s_lines = s_meter.CreateCounter<long>("cirt.sensing.intake.records", "{record}", "Records of sensors committed to the database.");

    private static readonly Counter<long> s_rejects = s_meter.CreateCounter<long>("cirt.sensing.intake.rejected", "{line}", "Lines that could not be read and are kept aside.");

    private static readonly Histogram<double> s_batch = s_meter.CreateHistogram<double>("cirt.sensing.intake.commit.duration", "s", "From the first line of a batch to its commit.");

    /// <summary>A batch was committed.</summary>
    public static void Committed(string stream, IntakeBatch batch, TimeSpan took)
    {
        TagList tags = new() { { "stream", stream } };
        s_lines.Add(batch.Lines, tags);
        s_batch.Record(took.TotalSeconds, tags);
        foreach (var reject in batch.Rejects)
            s_rejects.Add(1, new TagList { { "stream", stream }, { "reason", reject.Reason.ToString() } });
    }
}
