using Appliance.Contracts;
using Appliance.Ui;
using Appliance.Watch.Advisories;

namespace Appliance.Watch.Pages.Advisories;

/// <summary>What stands beside an advisory's text.</summary>
public sealed class AdvisoryFacts
{
    internal AdvisorySheet Sheet { get; private init; } = default!;

    internal Severity Severity => (Severity)(5 - Sheet.Advisory.Severity);

    internal static AdvisoryFacts Of(AdvisorySheet sheet) => new() { Sheet = sheet };

    internal static FigureTone Tone(string state) => state switch
    {
        "failed" => FigureTone.Urgent,
        "unknown" or "held" => FigureTone.Attention,
        _ => FigureTone.Calm,
    };
}
