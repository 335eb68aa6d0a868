using Appliance.Contracts;
using Appliance.Ui;

namespace Appliance.Ticketing.Pages;

/// <summary>How states and severities are drawn, the same on every page.</summary>
internal static class Shown
{
    /// <summary>1 is critical, 4 is low.</summary>
    public static Severity Of(int severity) => severity switch
    {
        1 => Severity.Critical,
        2 => Severity.High,
        3 => Severity.Medium,
        _ => Severity.Low,
    };

    public static FigureTone Tone(string state) => state is "new" or "triage" ? FigureTone.Attention : FigureTone.Calm;

    public static FigureTone OfDelivery(string state) => state switch
    {
        "failed" => FigureTone.Urgent,
        "unknown" or "held" => FigureTone.Attention,
        _ => FigureTone.Calm,
    };
}
