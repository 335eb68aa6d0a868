using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Templates;

/// <summary>A template as stored.</summary>
internal sealed class TemplateRow
{
    internal const string Select =
        $"""
        select m.id, m.source_id, m.version, m.name, m.title, m.summary, m.rsit_type, m.severity, m.impact, m.urgency, m.carries_marking, m.tasks::text as tasks, m.notes, m.retired_at, m.changed_at, m.changed_by,
               m.tlp, m.pap, m.exercise, m.named
        from ticketing.templates m
        where {Visible.Rows}
        """;

    internal const string One = $"{Select}\n  and m.id = @Template";

    internal const string ForChange = $"{One}\nfor update";

    public Guid Id { get; set; }

    public Guid SourceId { get; set; }

    public int Version { get; set; }

    public string Name { get; set; } = "";

    public string Title { get; set; } = "";

    public string Summary { get; set; } = "";

    public string? RsitType { get; set; }

    public int? Severity { get; set; }

    public int? Impact { get; set; }

    public int? Urgency { get; set; }

    public bool CarriesMarking { get; set; }

    public string Tasks { get; set; } = "[]";

    public string[] Notes { get; set; } = [];

    public DateTimeOffset? RetiredAt { get; set; }

    public DateTimeOffset ChangedAt { get; set; }

    public string ChangedBy { get; set; } = "";

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public Guid[] Named { get; set; } = [];

    public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);

    public TemplateFields Fields() => new()
    {
        Name = Name,
        Title = Title,
        Summary = Summary,
        RsitType = RsitType,
        Severity = Severity,
        Impact = Impact,
        Urgency = Urgency,
        CarriesMarking = CarriesMarking,
        Tasks = JsonSerializer.Deserialize<PlaybookStep[]>(Tasks, OutboxJson.Options)!,
        Notes = Notes,
    };

    public TemplateSheet Read() => new(Id, Version, Fields(), Marking(), RetiredAt, ChangedAt, ChangedBy);
}

/// <summary>A template as its readers see it; it wears the label of the incident that it was made from.</summary>
internal sealed record TemplateSheet(Guid Id, int Version, TemplateFields Fields, Marking Marking, DateTimeOffset? RetiredAt, DateTimeOffset ChangedAt, string ChangedBy)
{
    /// <summary>What a new incident of it may be marked with at least.</summary>
    public Marking Floor => Fields.CarriesMarking ? Marking : Marking with { Tlp = Marking.Tlp > Tlp.Amber ? Marking.Tlp : Tlp.Amber, Pap = Pap.Amber > Marking.Pap ? Pap.Amber : Marking.Pap };
}
