using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Reporting;

/// <summary>What Sensing says in a report.</summary>
internal sealed class SensingReport(Database database, SensorStates states) : IReportParts
{
    private const string Alerts = "sensing.report.alerts";
    private const string Triage = "sensing.report.triage";
    private const string Sensors = "sensing.report.sensors";

    public IReadOnlyList<ReportSection> Sections { get; } = [new(Alerts, Permissions.Read), new(Triage, Permissions.Read), new(Sensors, Permissions.Look)];

    public Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel) => section switch
    {
        Alerts => AlertCounts.ReadAsync(database, viewer, period, cancel),
        Triage => TriageCounts.ReadAsync(database, viewer, period, cancel),
        Sensors => SensorCounts.ReadAsync(database, states, viewer, period, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, "not a section of Sensing"),
    };
}
