using Appliance.Contracts;
using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing.Incidents;

/// <summary>What people write about an incident.</summary>
internal sealed record IncidentFields
{
    public string Title { get; init; } = "";

    public string Summary { get; init; } = "";

    /// <summary>1 (worst) to 4.</summary>
    public int Severity { get; init; } = 3;

    /// <summary>1 to 3: how far it reaches. With <see cref="Urgency"/> it decides the severity.</summary>
    public int? Impact { get; init; }

    /// <summary>1 to 3: how soon something must be done.</summary>
    public int? Urgency { get; init; }

    public string RsitType { get; init; } = Rsit.Undetermined;

    public IReadOnlyList<ConstituentId> Constituents { get; init; } = [];

    public Marking Marking { get; init; } = Marking.Default;

    /// <summary>Trimmed, without repetition; names stand only with RED.</summary>
    public IncidentFields Tidy() => this with
    {
        Title = (Title ?? "").Trim(),
        Summary = (Summary ?? "").Trim(),
        Severity = Impact is >= 1 and <= 3 && Urgency is >= 1 and <= 3 ? Priority.Of(Impact.Value, Urgency.Value) : Severity,
        RsitType = (RsitType ?? "").Trim(),
        Constituents = [.. (Constituents ?? []).Distinct()],
        Marking = (Marking ?? Marking.Default) with { Named = Marking?.Tlp == Tlp.Red ? [.. (Marking.Named ?? []).Distinct()] : [] },
    };

    /// <summary>Everything wrong, at once.</summary>
    public IEnumerable<Refusal> Faults()
    {
        if (Title.Length is 0 or > 300 || Title.Any(char.IsControl))
            yield return Refuse.Invalid("ticketing.refused.title", nameof(Title));
        if (Summary.Length > 20_000 || Summary.Contains('\0', StringComparison.Ordinal))
            yield return Refuse.Invalid("ticketing.refused.text-long", nameof(Summary), 20_000);
        if (Severity is < 1 or > 4)
            yield return Refuse.Invalid("ticketing.refused.severity", nameof(Severity));
        if (Impact is < 1 or > 3)
            yield return Refuse.Invalid("ticketing.refused.three", nameof(Impact));
        if (Urgency is < 1 or > 3)
            yield return Refuse.Invalid("ticketing.refused.three", nameof(Urgency));
        if (!Rsit.IsWritten(RsitType))
            yield return Refuse.Invalid("ticketing.refused.rsit", nameof(RsitType), RsitType);
        if (Constituents.Count > 50)
            yield return Refuse.Invalid("ticketing.refused.constituents", nameof(Constituents), 50);
        if (!Enum.IsDefined(Marking.Tlp) || !Enum.IsDefined(Marking.Pap))
            yield return Refuse.Invalid("ticketing.refused.marking", nameof(Marking));
        if (Marking.Tlp == Tlp.Red && (Marking.Named ?? []).Count == 0)
            yield return Refuse.Invalid("ticketing.refused.red-unnamed", nameof(Marking));
    }
}

/// <summary>An incident by its identity and its number.</summary>
internal sealed record IncidentRef(IncidentId Id, string Number);
