using Appliance.Contracts;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Traces in one line that a person gave. Walks it a fixed number of times; the caller bounds its length. Thread-safe.</summary>
public static class TraceText
{
    /// <summary>What stands in <paramref name="line"/> by itself, in order, refanged, with how it was written; what is only a part of a longer trace (the host of a URL) is left out.</summary>
    public static IReadOnlyList<(Observable Trace, string Raw)> Find(string line) => [.. ObservableText.Find(line).Where(static f => f.From == "text").Select(static f => (new Observable(f.Type, f.Value), f.Raw))];

    /// <summary>The text as a machine would read it: <c>hxxp</c> and <c>[.]</c> made whole.</summary>
    public static string Refanged(string text) => RefangedText.Of(text).Text;
}
