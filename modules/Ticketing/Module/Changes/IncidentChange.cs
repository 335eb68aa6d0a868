using Appliance.Contracts;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Changes;

/// <summary>What to change of one incident or of many; what is null stays as it is.</summary>
internal sealed record IncidentChange
{
    public string? State { get; init; }

    /// <summary>How it ended, where the state is an end.</summary>
    public string? Outcome { get; init; }

    /// <summary>Why: asked for by some steps and by snoozing.</summary>
    public string? Reason { get; init; }

    /// <summary>Who works on it from now on.</summary>
    public UserId? Owner { get; init; }

    /// <summary>Nobody works on it from now on.</summary>
    public bool GiveBack { get; init; }

    public int? Severity { get; init; }

    /// <summary>1 to 3; with <see cref="Urgency"/> it decides the severity.</summary>
    public int? Impact { get; init; }

    public int? Urgency { get; init; }

    public string? RsitType { get; init; }

    /// <summary>What becomes of unfinished tasks where it is closed: skip or keep. Null leaves such an incident open and names them.</summary>
    public string? OpenTasks { get; init; }

    /// <summary>Put away until then.</summary>
    public DateTimeOffset? SnoozeUntil { get; init; }

    /// <summary>Taken up again before its time.</summary>
    public bool Wake { get; init; }

    /// <summary>Why tasks are skipped: what was said, else how the incident ended.</summary>
    public string SkipReason(IncidentSnapshot after) => string.IsNullOrWhiteSpace(Reason) ? after.Outcome ?? IncidentStates.Closed : Reason.Trim();

    /// <summary>What is wrong whatever incident it is for.</summary>
    public IEnumerable<Refusal> Faults(DateTimeOffset now)
    {
        if (this with { Reason = null, Outcome = null, OpenTasks = null } == new IncidentChange())
            yield return Refuse.Invalid("ticketing.refused.no-change");
        if ((Reason ?? "").Length > 2000)
            yield return Refuse.Invalid("ticketing.refused.text-long", nameof(Reason), 2000);
        if (State is { } state && !IncidentStates.All.Contains(state))
            yield return Refuse.Invalid("ticketing.refused.state", nameof(State), state);
        if (Outcome is { } outcome && !IncidentStates.Outcomes.Contains(outcome))
            yield return Refuse.Invalid("ticketing.refused.outcome", nameof(Outcome));
        if (OpenTasks is not (null or Tasks.OpenTasks.Skip or Tasks.OpenTasks.Keep))
            yield return Refuse.Invalid("ticketing.refused.open-tasks", nameof(OpenTasks));
        if (Severity is < 1 or > 4)
            yield return Refuse.Invalid("ticketing.refused.severity", nameof(Severity));
        if (Impact is < 1 or > 3)
            yield return Refuse.Invalid("ticketing.refused.three", nameof(Impact));
        if (Urgency is < 1 or > 3)
            yield return Refuse.Invalid("ticketing.refused.three", nameof(Urgency));
        if (RsitType is { } type && !Rsit.IsWritten(type))
            yield return Refuse.Invalid("ticketing.refused.rsit", nameof(RsitType), type);
        if (SnoozeUntil is { } until && (until <= now || until > now.AddYears(1)))
            yield return Refuse.Invalid("ticketing.refused.snooze-until", nameof(SnoozeUntil));
        if (SnoozeUntil is not null && string.IsNullOrWhiteSpace(Reason))
            yield return Refuse.Invalid("ticketing.refused.reason", nameof(Reason));
    }

    /// <summary>What <paramref name="row"/> would be after it, or why it cannot be done.</summary>
    /// <param name="row">The incident, locked.</param>
    /// <param name="by">Who acts: takes an incident that nobody owns.</param>
    /// <param name="owner">The colleague named by <see cref="Owner"/>, where it is not <paramref name="by"/>.</param>
    /// <param name="now">Time of the act.</param>
    /// <param name="clocks">Says what is due then.</param>
    public Outcome<IncidentSnapshot> Plan(IncidentRow row, Viewer by, StaffCard? owner, DateTimeOffset now, IncidentClocks clocks)
    {
        var before = IncidentSnapshot.Of(row);
        var after = before;
        if (State is { } to && to != row.State)
        {
            if (IncidentStates.Find(row.State, to) is not { } step)
                return Refuse.Conflict("ticketing.refused.no-step", row.State, to);
            if (step.NeedsReason && string.IsNullOrWhiteSpace(Reason))
                return Refuse.Invalid("ticketing.refused.reason", nameof(Reason));
            var ends = to is IncidentStates.Resolved or IncidentStates.Closed;
            if (ends && (Outcome ?? row.Outcome) is null)
                return Refuse.Invalid("ticketing.refused.outcome", nameof(Outcome));
            after = after with { State = to, StateSince = now, Outcome = ends ? Outcome ?? row.Outcome : null, ClosedAt = to == IncidentStates.Closed ? now : null, SnoozedUntil = null, SnoozeReason = null };
            // Who moves an incident that nobody owns has taken it.
            if (after.OwnerId is null && !by.IsSystem)
                after = after with { OwnerId = by.Id.Value, OwnerName = by.Name };
        }
        else if (row.ClosedAt is not null)
        {
            return Refuse.Conflict("ticketing.refused.closed", row.Number);
        }
        if (GiveBack)
        {
            if (row.OwnerId is null)
                return Refuse.Conflict("ticketing.refused.no-owner", row.Number);
            after = after with { OwnerId = null, OwnerName = null };
        }
        else if (Owner is { } wanted)
        {
            if (row.OwnerId == wanted.Value)
                return Refuse.Conflict(wanted == by.Id ? "ticketing.refused.already-yours" : "ticketing.refused.already-theirs", row.Number);
            if (wanted != by.Id && owner is null)
                return Refuse.Invalid("ticketing.refused.no-colleague", nameof(Owner));
            if (owner is not null && !owner.MayRead(row.Marking()))
                return Refuse.Invalid("ticketing.refused.may-not-read", nameof(Owner), owner.Name, row.Number);
            after = after with { OwnerId = wanted.Value, OwnerName = owner?.Name ?? by.Name };
            // Somebody looks at it from now on.
            if (after.State == IncidentStates.New)
                after = after with { State = IncidentStates.Triage, StateSince = now };
        }
        var (impact, urgency) = (Impact ?? row.Impact, Urgency ?? row.Urgency);
        if (Impact is not null || Urgency is not null)
            after = after with { Impact = impact, Urgency = urgency, Severity = Severity ?? (impact is { } i && urgency is { } u ? Priority.Of(i, u) : row.Severity) };
        else if (Severity is { } severity)
            after = after with { Severity = severity, Impact = severity == row.Severity ? row.Impact : null, Urgency = severity == row.Severity ? row.Urgency : null };
        after = after with { RsitType = RsitType ?? row.RsitType };
        if (SnoozeUntil is { } until)
            after = after with { SnoozedUntil = until, SnoozeReason = Reason!.Trim() };
        else if (Wake)
            after = after with { SnoozedUntil = null, SnoozeReason = null };
        if (after == before)
            return Refuse.Conflict("ticketing.refused.same", row.Number);
        return clocks.Run(before, after, now);
    }
}
