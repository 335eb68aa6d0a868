namespace Appliance.Ticketing.Playbooks;

/// <summary>Texts that a team keeps in some of the six languages.</summary>
internal static class InLanguage
{
    /// <summary>In the reader's language, else in English, else in the first there is.</summary>
    public static T Of<T>(IReadOnlyDictionary<string, T> texts, string language) =>
        texts.TryGetValue(language, out var own) ? own : texts.TryGetValue("en", out var english) ? english : texts.OrderBy(t => t.Key, StringComparer.Ordinal).First().Value;
}
