using System.Text.Json;

namespace Appliance.Ticketing.Lookups;

/// <summary>The few facts of an RDAP answer (RFC 9083) that help on: who holds it, since when, and whom to tell about abuse. Whatever has another shape than the RFC's is left out.</summary>
internal static class RdapFacts
{
    private const int MostOfAKind = 8;
    private const int MostEntities = 100;

    public static IReadOnlyList<LookupFact> Of(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return [];
        var facts = new List<LookupFact?>
        {
            LookupFact.Of("name", Text(root, "ldhName") ?? Text(root, "name")),
            LookupFact.Of("handle", Text(root, "handle")),
            LookupFact.Of("range", Text(root, "startAddress") is { } start ? $"{start} – {Text(root, "endAddress")}" : null),
            LookupFact.Of("country", Text(root, "country")),
        };
        var entities = new List<JsonElement>();
        Collect(root, entities, 0);
        foreach (var (role, key) in new[] { ("registrant", "holder"), ("registrar", "registrar"), ("abuse", "abuse") })
        {
            foreach (var entity in entities.Where(e => Items(e, "roles").Any(r => r.ValueKind == JsonValueKind.String && r.GetString() == role)).Take(3))
            {
                if (key != "abuse")
                    facts.Add(LookupFact.Of(key, Card(entity, "fn").FirstOrDefault() ?? Text(entity, "handle")));
                else
                    facts.AddRange(Card(entity, "email").Select(static e => LookupFact.Of("abuse", e)));
            }
        }
        foreach (var moment in Items(root, "events").Where(static e => e.ValueKind == JsonValueKind.Object))
        {
            if (Text(moment, "eventAction") switch { "registration" => "registered", "last changed" => "changed", "expiration" => "expires", _ => null } is { } key)
                facts.Add(LookupFact.Of(key, Text(moment, "eventDate")));
        }
        facts.AddRange(Items(root, "status").Where(static s => s.ValueKind == JsonValueKind.String).Select(static s => LookupFact.Of("status", s.GetString())));
        facts.AddRange(Items(root, "nameservers").Where(static n => n.ValueKind == JsonValueKind.Object).Select(static n => LookupFact.Of("ns", Text(n, "ldhName"))));
        return [.. facts.OfType<LookupFact>().Distinct().GroupBy(static f => f.Key).SelectMany(static g => g.Take(MostOfAKind))];
    }

    /// <summary>Entities hold entities: the abuse contact usually stands below the registrar.</summary>
    private static void Collect(JsonElement of, List<JsonElement> into, int depth)
    {
        foreach (var entity in Items(of, "entities").Where(static e => e.ValueKind == JsonValueKind.Object))
        {
            if (into.Count >= MostEntities || depth > 4)
                return;
            into.Add(entity);
            Collect(entity, into, depth + 1);
        }
    }

    /// <summary>Values of a property of a jCard (RFC 7095): <c>["vcard", [[name, parameters, type, value], ...]]</c>.</summary>
    private static IEnumerable<string> Card(JsonElement entity, string name)
    {
        var properties = Items(entity, "vcardArray").Skip(1).FirstOrDefault();
        if (properties.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var property in properties.EnumerateArray().Where(static p => p.ValueKind == JsonValueKind.Array && p.GetArrayLength() >= 4))
        {
            if (property[0].ValueKind == JsonValueKind.String && property[0].GetString() == name && property[3].ValueKind == JsonValueKind.String && property[3].GetString() is { Length: > 0 } value)
                yield return value;
        }
    }

    private static IEnumerable<JsonElement> Items(JsonElement of, string name) =>
        of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
