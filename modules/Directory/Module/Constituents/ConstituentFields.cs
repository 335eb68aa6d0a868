using Appliance.Contracts;

namespace Appliance.Directories.Constituents;

/// <summary>What is written down about an organisation itself.</summary>
internal sealed record ConstituentFields
{
    public string Name { get; init; } = "";

    public string Sector { get; init; } = "";

    public string Country { get; init; } = "";

    public Tlp DefaultTlp { get; init; } = Tlp.Amber;

    public IReadOnlyList<string> Languages { get; init; } = ["en"];

    public string Notes { get; init; } = "";

    /// <summary>True for sample and drill organisations.</summary>
    public bool Exercise { get; init; }

    /// <summary>The same with white space and case put in order.</summary>
    public ConstituentFields Tidy() => this with
    {
        Name = string.Join(' ', (Name ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
        Sector = (Sector ?? "").Trim().ToLowerInvariant(),
        Country = (Country ?? "").Trim().ToUpperInvariant(),
        Languages = [.. (Languages ?? []).Select(l => l.Trim().ToLowerInvariant()).Distinct()],
        Notes = (Notes ?? "").Trim(),
    };

    /// <summary>All that is wrong with tidy fields.</summary>
    public IEnumerable<Refusal> Faults()
    {
        if (Name.Length is 0 or > 200)
            yield return Refuse.Invalid("directory.refused.name", nameof(Name), 200);
        if (Name.Any(char.IsControl))
            yield return Refuse.Invalid("directory.refused.name-control", nameof(Name));
        if (Sector.Length > 0 && !Sectors.All.Contains(Sector))
            yield return Refuse.Invalid("directory.refused.sector", nameof(Sector), Sector, string.Join(", ", Sectors.All));
        if (Country.Length > 0 && (Country.Length != 2 || !Country.All(char.IsAsciiLetterUpper)))
            yield return Refuse.Invalid("directory.refused.country", nameof(Country), Country);
        if (!Enum.IsDefined(DefaultTlp))
            yield return Refuse.Invalid("directory.refused.tlp", nameof(DefaultTlp));
        if (Languages.Count == 0)
            yield return Refuse.Invalid("directory.refused.no-language", nameof(Languages));
        foreach (var language in Languages.Where(l => !Appliance.Contracts.Languages.All.Contains(l)))
            yield return Refuse.Invalid("directory.refused.language", nameof(Languages), language);
        if (Notes.Length > 20_000)
            yield return Refuse.Invalid("directory.refused.notes", nameof(Notes), 20_000);
    }
}

/// <summary>The sectors on offer, by key; labels are resources <c>directory.sector.{key}</c>.</summary>
internal static class Sectors
{
    public static IReadOnlyList<string> All { get; } =
        ["government", "defence", "justice", "energy", "water", "health", "transport", "finance", "telecom", "digital", "research", "education", "media", "industry", "food", "commerce", "civil-society", "individuals", "other"];
}
