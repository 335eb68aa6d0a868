using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Puts groups away for some hours.</summary>
internal sealed record SnoozeAlertsRequest(GroupSelection Groups, int Hours = 8);

/// <summary>Puts groups away until a time; alerts go on joining them. They come back by themselves.</summary>
internal sealed class SnoozeAlerts(Database database, SensingBell bell) : TriageAct<SnoozeAlertsRequest>(database, bell)
{
    private const int LongestHours = 24 * 30;

    private const string Sql =
        "update sensing.alert_groups set state = 'snoozed', snoozed_until = @until where id = any(@ids)";

    protected override string Action => "snoozed";

    protected override GroupSelection SelectionOf(SnoozeAlertsRequest request) => request.Groups;

    protected override Refusal? Check(Work work, SnoozeAlertsRequest request) =>
        request.Hours is < 1 or > LongestHours ? Refuse.Invalid("sensing.refused.snooze", "hours", LongestHours) : null;

    protected override Refusal? Forbids(LockedGroup group) => group.State switch
    {
        "closed" => Refuse.Conflict("sensing.refused.closed-already"),
        "escalated" => Refuse.Conflict("sensing.refused.has-incident", group.IncidentNumber ?? "—"),
        _ => null,
    };

    protected override string Note(SnoozeAlertsRequest request) => string.Create(CultureInfo.InvariantCulture, $"{request.Hours} h");

    protected override Task ChangeAsync(Work work, SnoozeAlertsRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel) =>
        work.ExecuteAsync(Sql, new { ids = groups.Select(g => g.Id).ToArray(), until = work.Now.AddHours(request.Hours) }, cancel);
}
