using Appliance.Contracts;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Pages.Incidents;

/// <summary>An organisation chosen in a form.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Name">Its name.</param>
public sealed record ChosenConstituent(ConstituentId Id, string Name);

/// <summary>The fields of an incident while they are edited.</summary>
public sealed class IncidentDraft
{
    /// <summary>One line.</summary>
    public string Title { get; set; } = "";

    /// <summary>What happened.</summary>
    public string Summary { get; set; } = "";

    /// <summary>1 (worst) to 4.</summary>
    public int Severity { get; set; } = 3;

    /// <summary>1 to 3, or null: how far it reaches.</summary>
    public int? Impact { get; set; }

    /// <summary>1 to 3, or null: how soon something must be done.</summary>
    public int? Urgency { get; set; }

    /// <summary>Type of the taxonomy.</summary>
    public string RsitType { get; set; } = Rsit.Undetermined;

    /// <summary>Who may read it.</summary>
    public Tlp Tlp { get; set; } = Tlp.Amber;

    /// <summary>What may be done with it.</summary>
    public Pap Pap { get; set; } = Pap.Amber;

    /// <summary>For RED: who may read it.</summary>
    public List<UserId> Named { get; set; } = [];

    /// <summary>True for an exercise; fixed once the incident is open.</summary>
    public bool Exercise { get; set; }

    /// <summary>Organisations concerned.</summary>
    public List<ChosenConstituent> Constituents { get; set; } = [];

    internal static IncidentDraft Of(IncidentFields fields, IReadOnlyList<string> names) => new()
    {
        Title = fields.Title,
        Summary = fields.Summary,
        Severity = fields.Impact is { } reach && fields.Urgency is { } haste ? Priority.Of(reach, haste) : fields.Severity,
        Impact = fields.Impact,
        Urgency = fields.Urgency,
        RsitType = fields.RsitType,
        Tlp = fields.Marking.Tlp,
        Pap = fields.Marking.Pap,
        Named = [.. fields.Marking.Named ?? []],
        Exercise = fields.Marking.Exercise,
        Constituents = [.. fields.Constituents.Select((c, i) => new ChosenConstituent(c, i < names.Count ? names[i] : "–"))],
    };

    /// <summary>As the handler takes them. Whoever marks an incident RED can read it.</summary>
    internal IncidentFields Fields(UserId self) => new()
    {
        Title = Title,
        Summary = Summary,
        Severity = Severity,
        Impact = Impact,
        Urgency = Urgency,
        RsitType = RsitType,
        Constituents = [.. Constituents.Select(c => c.Id)],
        Marking = new(Tlp, Pap, Exercise, Tlp == Tlp.Red ? [.. Named.Append(self).Distinct()] : []),
    };
}
