using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Clocks;

/// <summary>The one place that says what is due when: the time to take up, the time to the next word, the time to resolve.</summary>
/// <remarks>All of them stand still while others are waited for and at the end; all count working time.</remarks>
internal sealed class IncidentClocks(TicketingOptions options)
{
    private readonly WorkingHours _hours = WorkingHours.Of(options);

    /// <summary>When a new incident must be taken up.</summary>
    public DateTimeOffset TakeUp(int severity, DateTimeOffset now) => _hours.Add(now, options.TakeUpMinutes[severity - 1], severity);

    /// <summary>When it must be resolved.</summary>
    public DateTimeOffset Resolve(int severity, DateTimeOffset now) => _hours.Add(now, options.ResolveHours[severity - 1] * 60, severity);

    /// <summary>When so many minutes of work have passed, for an incident of that severity.</summary>
    public DateTimeOffset After(int minutes, int severity, DateTimeOffset now) => _hours.Add(now, minutes, severity);

    /// <summary>How many minutes of work lie between the two.</summary>
    public int Between(DateTimeOffset start, DateTimeOffset end, int severity) => _hours.Between(start, end, severity);

    /// <summary>When the next word is due; null while others are waited for and at the end.</summary>
    public DateTimeOffset? Due(string state, int severity, DateTimeOffset now) => state switch
    {
        IncidentStates.New or IncidentStates.Triage => TakeUp(severity, now),
        IncidentStates.InProgress => _hours.Add(now, options.UpdateHours[severity - 1] * 60, severity),
        _ => null,
    };

    /// <summary>The clocks of <paramref name="after"/>, which was <paramref name="before"/> until <paramref name="now"/>.</summary>
    public IncidentSnapshot Run(IncidentSnapshot before, IncidentSnapshot after, DateTimeOffset now)
    {
        if (after.SnoozedUntil is { } wakes)
            after = after with { DueAt = wakes };
        else if (before.State != after.State || before.Severity != after.Severity || before.SnoozedUntil is not null)
            after = after with { DueAt = Due(after.State, after.Severity, now) };
        if (after.TakenAt is null && after.State != IncidentStates.New && before.State == IncidentStates.New)
            after = after with { TakenAt = now };
        after = after.State is IncidentStates.Resolved or IncidentStates.Closed
            ? after with { ResolvedAt = after.ResolvedAt ?? now }
            : after with { ResolvedAt = null };
        after = before.Severity != after.Severity && Runs(before) && before.ResolveDueAt is { } due
            ? after with { ResolveDueAt = _hours.Add(now, Math.Max(0, (options.ResolveHours[after.Severity - 1] * 60) - ((options.ResolveHours[before.Severity - 1] * 60) - _hours.Between(now, due, before.Severity))), after.Severity) }
            : after;
        if (Runs(before) && !Runs(after) && after.ResolveDueAt is { } stopped)
            return after with { ResolveLeftMinutes = _hours.Between(now, stopped, after.Severity) };
        if (!Runs(before) && Runs(after) && before.ResolveLeftMinutes is { } left)
            return after with { ResolveDueAt = _hours.Add(now, left, after.Severity), ResolveLeftMinutes = null };
        return after;
    }

    private static bool Runs(IncidentSnapshot incident) =>
        incident.SnoozedUntil is null && incident.State is (IncidentStates.New or IncidentStates.Triage or IncidentStates.InProgress);
}
