using System.Text.Json;
using Appliance.Kernel.Mail;

namespace Appliance.Ticketing.Classification;

/// <summary>What a report most likely is, from its own words: offered to a person, never set by itself.</summary>
/// <param name="Type">Type of the taxonomy.</param>
/// <param name="Impact">1 to 3, or null.</param>
/// <param name="Urgency">1 to 3, or null.</param>
/// <param name="Word">The word that says so, or empty.</param>
internal sealed record RsitGuess(string Type, int? Impact, int? Urgency, string Word)
{
    private const int MostText = 4000;

    private static readonly IReadOnlyList<WordRow> s_rows = Read();

    /// <summary>Nothing in it says what it is.</summary>
    public static RsitGuess None { get; } = new(Rsit.Undetermined, null, null, "");

    /// <summary>The first row of the words file, in its order, with a word in the fields of a machine's report, else in the subject, else in the beginning of the text.</summary>
    public static RsitGuess Of(string subject, string text, AbuseReport? abuse)
    {
        var machine = abuse is null ? "" : string.Join(' ', abuse.Type, abuse.Category, abuse.Notifier);
        foreach (var place in new[] { machine, subject, text.Length > MostText ? text[..MostText] : text })
            foreach (var row in s_rows)
                if (row.Words.FirstOrDefault(w => Holds(place, w)) is { } word)
                    return new(row.Type, row.Impact, row.Urgency, word);
        return None;
    }

    /// <summary>Short words stand alone, so that <c>c2</c> is not found in a hash; others are found as the beginning of a word, in any script.</summary>
    private static bool Holds(string place, string word)
    {
        for (var at = place.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0; at = place.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + word.Length;
            var begins = at == 0 || !char.IsAsciiLetterOrDigit(place[at - 1]) || !char.IsAsciiLetterOrDigit(word[0]);
            if (begins && (word.Length > 3 || !char.IsAsciiLetterOrDigit(word[0]) || end == place.Length || !char.IsAsciiLetterOrDigit(place[end])))
                return true;
        }
        return false;
    }

    private static List<WordRow> Read()
    {
        using var file = typeof(RsitGuess).Assembly.GetManifestResourceStream("Appliance.Ticketing.Classification.guess-words.json")!;
        return JsonSerializer.Deserialize<List<WordRow>>(file, JsonSerializerOptions.Web)!;
    }

    private sealed record WordRow(string Type, int Impact, int Urgency, IReadOnlyList<string> Words);
}
