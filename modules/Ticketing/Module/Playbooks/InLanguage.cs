using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Ticketing.Playbooks;

/// <summary>Texts that a team keeps in some of the six languages.</summary>
internal static class InLanguage
{
    /// <summary>The language of who reads now: the one in which the page or the answer around speaks.</summary>
    public static string Reader => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;

    /// <summary>The language in which such a text is kept when somebody writes it now.</summary>
    public static string Writer => Languages.All.Contains(Reader) ? Reader : "en";

    /// <summary>In the language of who reads now, else in English, else in the first there is.</summary>
    public static T Of<T>(IReadOnlyDictionary<string, T> texts) => Of(texts, Reader);

    /// <summary>In the reader's language, else in English, else in the first there is.</summary>
    public static T Of<T>(IReadOnlyDictionary<string, T> texts, string language) =>
        texts.TryGetValue(language, out var own) ? own : texts.TryGetValue("en", out var english) ? english : texts.OrderBy(t => t.Key, StringComparer.Ordinal).First().Value;
}
