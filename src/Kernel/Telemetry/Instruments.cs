using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Appliance.Kernel.Telemetry;

/// <summary>What the kernel counts and times. Cheap and thread-safe: nothing listens, nothing is kept.</summary>
/// <remarks>
/// Names follow OpenTelemetry (dots, units in UCUM); tags take few values each, never an address, a name or a text from outside. A module has a meter of its
/// own whose name begins with <see cref="Prefix"/>, so the host finds it.
/// </remarks>
internal static class Instruments
{
    /// <summary>Every meter and activity source of the product begins with it.</summary>
    public const string Prefix = "Appliance.";

    private static readonly Meter s_meter = new("Appliance.Kernel");

    private static readonly Histogram<double> s_delivery = s_meter.CreateHistogram<double>("cirt.outbox.delivery.duration", "s", "From the fact to the end of its delivery.");

    private static readonly Counter<long> s_deliveries = s_meter.CreateCounter<long>("cirt.outbox.deliveries", "{delivery}", "Deliveries between modules by outcome.");

    private static readonly Histogram<double> s_job = s_meter.CreateHistogram<double>("cirt.job.duration", "s", "Runs of jobs.");

    private static readonly Counter<long> s_mail = s_meter.CreateCounter<long>("cirt.mail.handed.over", "{message}", "Messages handed to the mail program by outcome.");

    private static readonly Counter<long> s_logIns = s_meter.CreateCounter<long>("cirt.login.attempts", "{attempt}", "Log-ins by outcome.");

    /// <summary>A delivery ended.</summary>
    /// <param name="subscription">Who received.</param>
    /// <param name="outcome"><c>done</c> or <c>failed</c>.</param>
    /// <param name="age">Since the fact.</param>
    public static void Delivered(string subscription, string outcome, TimeSpan age)
    {
        TagList tags = new() { { "subscription", subscription }, { "outcome", outcome } };
        s_deliveries.Add(1, tags);
        if (outcome == "done")
            s_delivery.Record(Math.Max(0, age.TotalSeconds), new TagList { { "subscription", subscription } });
    }

    /// <summary>A job's run ended in a state of the job page.</summary>
    public static void JobEnded(string job, string state, TimeSpan took) => s_job.Record(took.TotalSeconds, new TagList { { "job", job }, { "state", state } });

    /// <summary>A message was handed over, or not.</summary>
    public static void MailHandedOver(string state) => s_mail.Add(1, new TagList { { "state", state } });

    /// <summary>Someone tried to log in.</summary>
    public static void LogIn(string outcome) => s_logIns.Add(1, new TagList { { "outcome", outcome } });
}
