using Appliance.Contracts;
using Appliance.Directories.Constituents;

namespace Appliance.Directories.Pages.Constituents;

/// <summary>The fields of an organisation while a person edits them.</summary>
public sealed class ConstituentDraft
{
    /// <summary>Name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Key of the sector, or empty.</summary>
    public string Sector { get; set; } = "";

    /// <summary>Two letters, or empty.</summary>
    public string Country { get; set; } = "";

    /// <summary>Marking of what is written to it.</summary>
    public Tlp Tlp { get; set; } = Tlp.Amber;

    /// <summary>Languages to write in.</summary>
    public HashSet<string> Languages { get; init; } = ["en"];

    /// <summary>Notes.</summary>
    public string Notes { get; set; } = "";

    internal ConstituentFields Fields() => new()
    {
        Name = Name,
        Sector = Sector,
        Country = Country,
        DefaultTlp = Tlp,
        Languages = [.. Contracts.Languages.All.Where(Languages.Contains)],
        Notes = Notes,
    };

    internal static ConstituentDraft Of(ConstituentFields fields) => new()
    {
        Name = fields.Name,
        Sector = fields.Sector,
        Country = fields.Country,
        Tlp = fields.DefaultTlp,
        Languages = [.. fields.Languages],
        Notes = fields.Notes,
    };
}
