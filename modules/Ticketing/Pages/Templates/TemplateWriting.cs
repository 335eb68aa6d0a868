using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Templates;

namespace Appliance.Ticketing.Pages.Templates;

/// <summary>A template while it is written: what could be carried, and what is.</summary>
internal sealed class TemplateWriting
{
    public string Name { get; set; } = "";

    public string Title { get; set; } = "";

    public string Summary { get; set; } = "";

    public bool CarriesSummary { get; set; }

    public string? RsitType { get; init; }

    public bool CarriesType { get; set; }

    public int? Severity { get; init; }

    public int? Impact { get; init; }

    public int? Urgency { get; init; }

    public bool CarriesSeverity { get; set; }

    public bool CarriesMarking { get; set; }

    public List<Carried<PlaybookStep>> Tasks { get; init; } = [];

    public List<Carried<string>> Notes { get; init; } = [];

    /// <param name="fields">What there is.</param>
    /// <param name="notes">True where the notes are part of it already; those of an incident are chosen one by one.</param>
    public static TemplateWriting Of(TemplateFields fields, bool notes) => new()
    {
        Name = fields.Name,
        Title = fields.Title,
        Summary = fields.Summary,
        CarriesSummary = fields.Summary.Length > 0,
        RsitType = fields.RsitType,
        CarriesType = fields.RsitType is not null,
        Severity = fields.Severity,
        Impact = fields.Impact,
        Urgency = fields.Urgency,
        CarriesSeverity = fields.Severity is not null,
        CarriesMarking = fields.CarriesMarking,
        Tasks = [.. fields.Tasks.Select(t => new Carried<PlaybookStep> { Value = t, On = true })],
        Notes = [.. fields.Notes.Select(n => new Carried<string> { Value = n, On = notes })],
    };

    public TemplateFields Fields() => new()
    {
        Name = Name,
        Title = Title,
        Summary = CarriesSummary ? Summary : "",
        RsitType = CarriesType ? RsitType : null,
        Severity = CarriesSeverity ? Severity : null,
        Impact = CarriesSeverity ? Impact : null,
        Urgency = CarriesSeverity ? Urgency : null,
        CarriesMarking = CarriesMarking,
        Tasks = [.. Tasks.Where(t => t.On).Select(t => t.Value)],
        Notes = [.. Notes.Where(n => n.On).Select(n => n.Value)],
    };
}

/// <summary>Something that can be carried or left.</summary>
internal sealed class Carried<T>
{
    public required T Value { get; set; }

    public bool On { get; set; }
}
