using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel.Csv;

namespace Appliance.Ticketing.Mailings;

/// <summary>Words of a letter before its fields are filled.</summary>
internal sealed record LetterWords(string Subject, string Text);

/// <summary>Fills the words of a mailing for one contact. What was pasted and what organisations are called is text from outside: it fills no field, ends no line and turns no direction.</summary>
internal sealed partial class LetterText(IText text)
{
    /// <summary>Things listed in the text itself; all stand in the file.</summary>
    public const int MostListed = 200;

    public static readonly string[] Kinds = ["infected", "vulnerable", "phishing", "leaked", "reminder"];

    public static readonly string[] Fields = ["organisation", "items", "count", "reference"];

    // First strong isolate, left-to-right isolate and their end (Unicode UAX 9).
    private const char AnyIsolate = '\u2068';
    private const char LeftIsolate = '\u2066';
    private const char EndIsolate = '\u2069';

    /// <summary>The words that come with the product.</summary>
    public LetterWords Shipped(string kind, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        // The fields stand in the texts as numbers, so that no translator can misspell one.
        object[] named = [.. Fields.Select(static f => $"{{{f}}}")];
        return new(text.In(culture, $"ticketing.mailing.{kind}.subject", named), text.In(culture, $"ticketing.mailing.{kind}.text", named));
    }

    /// <summary>Which words fit an incident best.</summary>
    public static string KindFor(string rsitType) => rsitType switch
    {
        _ when rsitType.StartsWith("vulnerable/", StringComparison.Ordinal) => "vulnerable",
        _ when rsitType.StartsWith("fraud/", StringComparison.Ordinal) => "phishing",
        _ when rsitType.StartsWith("information-content-security/", StringComparison.Ordinal) => "leaked",
        _ => "infected",
    };

    /// <summary>Fields of <paramref name="words"/> that nothing fills.</summary>
    public static IEnumerable<string> Unknown(string words) => Field().Matches(words).Select(static m => m.Groups[1].Value).Where(static f => !Fields.Contains(f)).Distinct();

    public (string Subject, string Text) Fill(LetterWords words, string organisation, int count, string reference, IReadOnlyList<LetterItem> items, string language)
    {
        var rightToLeft = CultureInfo.GetCultureInfo(language).TextInfo.IsRightToLeft;
        var name = PastedList.Tidy(organisation, 200);
        var more = count > MostListed ? "\n\n  " + text.In(CultureInfo.GetCultureInfo(language), "ticketing.mailing.more", count - MostListed) : "";
        return (PastedList.Tidy(Filled(words.Subject, ""), 400), Filled(words.Text, string.Join('\n', items.Take(MostListed).Select(i => Line(i, rightToLeft))) + more).Trim());

        string Filled(string source, string list) => Field().Replace(source, field => field.Groups[1].Value switch
        {
            "organisation" => rightToLeft ? $"{AnyIsolate}{name}{EndIsolate}" : name,
            "items" => list,
            "count" => count.ToString(CultureInfo.InvariantCulture),
            "reference" => rightToLeft ? $"{LeftIsolate}{reference}{EndIsolate}" : reference,
            _ => field.Value,
        });
    }

    /// <summary>All things of a letter for machines: nothing is defanged, nothing is taken for a formula.</summary>
    public static byte[] File(IReadOnlyList<LetterItem> items)
    {
        var writer = new CsvWriter().Row("type", "value", "details");
        foreach (var item in items)
            writer.Row(item.Type, PastedList.Tidy(item.Value, 2100), PastedList.Tidy(item.Evidence));
        return writer.ToBytes();
    }

    private static string Line(LetterItem item, bool rightToLeft)
    {
        var value = Defanged(item.Type, PastedList.Tidy(item.Value, 2100));
        var evidence = PastedList.Tidy(item.Evidence);
        return new StringBuilder("  ")
            .Append(rightToLeft ? $"{LeftIsolate}{value}{EndIsolate}" : value)
            .Append(evidence.Length == 0 ? "" : rightToLeft ? $"  {AnyIsolate}{evidence}{EndIsolate}" : $"  {evidence}")
            .ToString();
    }

    /// <summary>Names and addresses made unclickable: mail programs turn them into links.</summary>
    private static string Defanged(string type, string value) => type switch
    {
        "url" => value.Replace("http", "hxxp", StringComparison.OrdinalIgnoreCase).Replace(".", "[.]", StringComparison.Ordinal),
        "domain" or "ipv4" or "email" or "ipv4_cidr" => value.Replace(".", "[.]", StringComparison.Ordinal),
        _ => value,
    };

    [GeneratedRegex(@"\{([a-z]{1,20})\}", RegexOptions.NonBacktracking)]
    private static partial Regex Field();
}

/// <summary>One thing of a letter.</summary>
internal sealed record LetterItem(string Type, string Value, string Evidence);
