using System.Text.Json;
using System.Text.Json.Serialization;
using Appliance.Contracts;
using Appliance.Watch.Advisories;
using Appliance.Watch.Desk;

namespace Appliance.Watch.Pages.Advisories;

/// <summary>The fields of an advisory while a person edits them; lists are one entry a line.</summary>
public sealed class AdvisoryDraft
{
    /// <summary>Title.</summary>
    public string Title { get; set; } = "";

    /// <summary>1 (worst) to 4.</summary>
    public int Severity { get; set; } = 3;

    /// <summary>Who may read it.</summary>
    public Tlp Tlp { get; set; } = Tlp.Green;

    /// <summary>What may be done with it.</summary>
    public Pap Pap { get; set; } = Pap.Green;

    /// <summary>True for a drill.</summary>
    public bool Exercise { get; set; }

    /// <summary>Two-letter language.</summary>
    public string Language { get; set; } = "en";

    /// <summary>CVE ids.</summary>
    public string Cves { get; set; } = "";

    /// <summary>Web addresses.</summary>
    public string Links { get; set; } = "";

    /// <summary>Type and value.</summary>
    public string Observables { get; set; } = "";

    /// <summary>One paragraph; kept as a draft of its own.</summary>
    [JsonIgnore]
    public string Summary { get; set; } = "";

    /// <summary>Markdown; kept as a draft of its own.</summary>
    [JsonIgnore]
    public string Body { get; set; } = "";

    internal AdvisoryFields Fields() => new()
    {
        Title = Title,
        Severity = Severity,
        Tlp = Tlp,
        Pap = Pap,
        Exercise = Exercise,
        Language = Language,
        Summary = Summary,
        Body = Body,
        Cves = [.. Cves.Split([',', ' ', '\n', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
        Links = [.. Links.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
        Observables = [.. Observables.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ReadObservable)],
    };

    internal static AdvisoryDraft Of(AdvisoryFields fields) => new()
    {
        Title = fields.Title,
        Severity = fields.Severity,
        Tlp = fields.Tlp,
        Pap = fields.Pap,
        Exercise = fields.Exercise,
        Language = fields.Language,
        Summary = fields.Summary,
        Body = fields.Body,
        Cves = string.Join(", ", fields.Cves),
        Links = string.Join('\n', fields.Links),
        Observables = string.Join('\n', fields.Observables.Select(o => $"{o.Type} {o.Value}")),
    };

    internal static AdvisoryDraft Of(ItemRow item) => new()
    {
        Title = item.Title,
        Summary = item.Summary.Length <= 1_000 ? item.Summary : item.Summary[..1_000],
        Tlp = (Tlp)Math.Min(item.Tlp, (short)Tlp.AmberStrict),
        Exercise = item.Exercise,
        Cves = string.Join(", ", item.Cves),
        Links = item.Link ?? "",
    };

    /// <summary>The small fields as kept on the server.</summary>
    public string ToJson() => JsonSerializer.Serialize(this);

    /// <summary>Takes over what was kept; the long texts stay.</summary>
    public AdvisoryDraft WithKept(string json)
    {
        var kept = JsonSerializer.Deserialize<AdvisoryDraft>(json) ?? new();
        (kept.Summary, kept.Body) = (Summary, Body);
        return kept;
    }

    private static Observable ReadObservable(string line)
    {
        var parts = line.Split([' ', ':', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 2 ? new(parts[0], parts[1]) : new("", line);
    }
}
