using System.Globalization;

namespace Appliance.Ticketing.Templates;

/// <summary>Places in a title that are filled when an incident is opened from a template.</summary>
internal static class TitlePattern
{
    public const string Date = "{date}", Organisation = "{organisation}";

    /// <summary>The text for <paramref name="now"/> and the organisations; a dash where none is named.</summary>
    public static string Fill(string pattern, DateTimeOffset now, IReadOnlyList<string> organisations, int most = 300)
    {
        var filled = pattern
            .Replace(Date, now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), StringComparison.OrdinalIgnoreCase)
            .Replace(Organisation, organisations.Count > 0 ? string.Join(", ", organisations.Take(3)) : "–", StringComparison.OrdinalIgnoreCase);
        return filled.Length > most ? filled[..most].TrimEnd() : filled;
    }

    /// <summary>The text with its organisations as a place to fill.</summary>
    public static string Of(string text, IReadOnlyList<string> organisations) =>
        organisations.Where(o => o.Length > 2).OrderByDescending(o => o.Length).Aggregate(text, (left, name) => left.Replace(name, Organisation, StringComparison.OrdinalIgnoreCase));
}
