namespace Appliance.Kernel.Mail.Parse;

/// <summary>What <c>cirt parse --observables</c> prints: each trace once, the values by type, and the text defanged and refanged.</summary>
/// <param name="Observables">In the order of the text, without repetition.</param>
/// <param name="Types">Values by type, types in the plural; attack techniques and tactics by the matrix that they belong to.</param>
/// <param name="Refanged">The text as a machine would read it.</param>
/// <param name="Defanged">The text as it may be written without making a link.</param>
internal sealed record ObservableReport(IReadOnlyList<FoundObservable> Observables, IReadOnlyDictionary<string, object> Types, string Refanged, string Defanged)
{
    public static ObservableReport Of(string text)
    {
        var found = ObservableText.Find(text).DistinctBy(f => (f.Type, f.Value)).Take(ParseLimits.Observables).ToList();
        var types = new Dictionary<string, object>();
        foreach (var group in found.GroupBy(f => f.Type))
        {
            var values = group.Select(f => f.Type == "asn" ? "ASN" + f.Value[2..] : f.Value).ToList();
            types[Plural(group.Key)] = group.Key is "attack_technique" or "attack_tactic" ? values.GroupBy(Matrix).ToDictionary(m => m.Key, m => m.ToList()) : values;
        }
        if (types.TryGetValue("urls", out var urls))
            types["urls_complete"] = urls;
        return new(found, types, RefangedText.Of(text).Text, DefangedText.Of(text));
    }

    internal static string Plural(string type) => type switch
    {
        "email" => "email_addresses",
        _ when type.EndsWith("ss", StringComparison.Ordinal) || type.EndsWith("sh", StringComparison.Ordinal) => type + "es",
        _ => type + "s",
    };

    /// <summary>MITRE has given its numbers in blocks: 1226 to 1397 to what comes before an attack, 1398 to 1482 and 1509 to 1544 mostly to mobile devices.</summary>
    private static string Matrix(string id)
    {
        var number = int.Parse(id.AsSpan(id.StartsWith("TA", StringComparison.Ordinal) ? 2 : 1, 4), System.Globalization.CultureInfo.InvariantCulture);
        return id.StartsWith("TA", StringComparison.Ordinal)
            ? number is >= 12 and <= 26 ? "pre_attack" : number is >= 27 and <= 38 or 41 ? "mobile" : "enterprise"
            : number is >= 1226 and <= 1397 ? "pre_attack" : number is >= 1398 and <= 1481 or >= 1507 and <= 1517 or >= 1520 and <= 1524 or 1532 or 1533 or 1540 or 1541 or 1544 ? "mobile" : "enterprise";
    }
}
