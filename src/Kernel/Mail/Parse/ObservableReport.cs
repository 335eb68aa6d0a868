namespace Appliance.Kernel.Mail.Parse;

/// <summary>What <c>cirt parse --observables</c> prints: each trace once, and the values by type.</summary>
/// <param name="Observables">In the order of the text, without repetition.</param>
/// <param name="Types">Values by type, types in the plural.</param>
internal sealed record ObservableReport(IReadOnlyList<FoundObservable> Observables, IReadOnlyDictionary<string, IReadOnlyList<string>> Types)
{
    public static ObservableReport Of(string text)
    {
        var found = ObservableText.Find(text).DistinctBy(f => (f.Type, f.Value)).ToList();
        return new(found, found.GroupBy(f => Plural(f.Type), f => f.Value).ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g]));
    }

    private static string Plural(string type) => type switch
    {
        "email" => "email_addresses",
        _ => type + "s",
    };
}
