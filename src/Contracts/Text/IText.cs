using System.Globalization;

namespace Appliance.Contracts;

/// <summary>The words of the product in its six languages, by resource key. Thread-safe.</summary>
/// <remarks>
/// Keys begin with the module id: <c>ticketing.incident.title</c>. Texts come from the embedded <c>Text/xx.json</c> of every assembly.
/// A key that no language has shows as the key itself and is counted; a test keeps that from happening.
/// </remarks>
public interface IText
{
    /// <summary>The text in the current UI culture, arguments formatted by it.</summary>
    string this[string key, params object?[] arguments] { get; }

    /// <summary>The text in <paramref name="language"/>, for mail and documents that are not for the current reader.</summary>
    string In(CultureInfo language, string key, params object?[] arguments);

    /// <summary>True when the key exists.</summary>
    bool Has(string key);
}

/// <summary>The languages of the product, in the order they are offered.</summary>
public static class Languages
{
    /// <summary>The two-letter codes: en fr es ar zh ru.</summary>
    public static IReadOnlyList<string> All { get; } = ["en", "fr", "es", "ar", "zh", "ru"];

    /// <summary>True for languages written right to left.</summary>
    public static bool IsRightToLeft(string language) => language == "ar";
}
