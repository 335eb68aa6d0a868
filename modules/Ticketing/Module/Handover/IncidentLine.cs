using Appliance.Contracts;

namespace Appliance.Ticketing.Handover;

/// <summary>What the queries of this folder say of an incident.</summary>
internal sealed class IncidentLine
{
    public Guid Handover { get; init; }

    public Guid Id { get; init; }

    public string Number { get; init; } = "";

    public string Title { get; init; } = "";

    public string State { get; init; } = "";

    public string? Owner { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public short Tlp { get; init; }

    public short Pap { get; init; }

    public bool Exercise { get; init; }

    public HandoverIncident Of() => new(Id, Number, Title, State, Owner, DueAt, new Marking((Tlp)Tlp, (Pap)Pap, Exercise));
}
