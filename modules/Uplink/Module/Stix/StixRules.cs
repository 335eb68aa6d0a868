using System.Collections.Frozen;
using System.Text.Json;

namespace Appliance.Uplink.Stix;

/// <summary>The rules of STIX 2.1 that an object must keep to be taken; each fault names the property and the rule.</summary>
/// <remarks>Unknown properties and unknown object types are kept as they are (section 11): they are not faults.</remarks>
internal static class StixRules
{
    private static readonly FrozenDictionary<string, string[]> s_required = new Dictionary<string, string[]>
    {
        ["attack-pattern"] = ["name"],
        ["campaign"] = ["name"],
        ["course-of-action"] = ["name"],
        ["grouping"] = ["context", "object_refs"],
        ["identity"] = ["name"],
        ["incident"] = ["name"],
        ["indicator"] = ["pattern", "pattern_type", "valid_from"],
        ["infrastructure"] = ["name"],
        ["intrusion-set"] = ["name"],
        ["location"] = [],
        ["malware"] = ["is_family"],
        ["malware-analysis"] = ["product"],
        ["note"] = ["content", "object_refs"],
        ["observed-data"] = ["first_observed", "last_observed", "number_observed"],
        ["opinion"] = ["opinion", "object_refs"],
        ["report"] = ["name", "published", "object_refs"],
        ["threat-actor"] = ["name"],
        ["tool"] = ["name"],
        ["vulnerability"] = ["name"],
        ["relationship"] = ["relationship_type", "source_ref", "target_ref"],
        ["sighting"] = ["sighting_of_ref"],
        ["language-content"] = ["object_ref", "contents"],
        ["extension-definition"] = ["created_by_ref", "name", "schema", "version", "extension_types"],
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string[]> s_observables = new Dictionary<string, string[]>
    {
        ["artifact"] = [],
        ["autonomous-system"] = ["number"],
        ["directory"] = ["path"],
        ["domain-name"] = ["value"],
        ["email-addr"] = ["value"],
        ["email-message"] = ["is_multipart"],
        ["file"] = [],
        ["ipv4-addr"] = ["value"],
        ["ipv6-addr"] = ["value"],
        ["mac-addr"] = ["value"],
        ["mutex"] = ["name"],
        ["network-traffic"] = ["protocols"],
        ["process"] = [],
        ["software"] = ["name"],
        ["url"] = ["value"],
        ["user-account"] = [],
        ["windows-registry-key"] = [],
        ["x509-certificate"] = [],
    }.ToFrozenDictionary();

    private static readonly string[] s_times =
        ["created", "modified", "valid_from", "valid_until", "published", "first_observed", "last_observed", "first_seen", "last_seen", "start_time", "stop_time"];

    private static readonly string[] s_texts = ["name", "description", "content", "pattern", "pattern_type", "relationship_type", "abstract", "lang", "opinion", "context", "schema", "version", "path"];

    /// <summary>True for the types of section 6, which carry no times.</summary>
    public static bool IsObservable(string type) => s_observables.ContainsKey(type);

    /// <summary>Everything wrong with one object; empty when it may be taken. At most twenty faults.</summary>
    public static IReadOnlyList<string> Faults(JsonElement value)
    {
        var faults = new List<string>();
        if (value.ValueKind != JsonValueKind.Object)
            return ["the value is not an object"];
        if (!Text(value, "type", out var type))
            return ["type is missing"];
        if (!Text(value, "id", out var id) || !StixId.IsValid(id, out var prefix))
            return ["id is missing or is not type--uuid"];
        if (prefix != type)
            faults.Add("id does not begin with the type");
        if (type == "bundle")
            return ["a bundle is no object"];
        // Makers of own types take liberties with them (empty lists, in the most used public set): those are kept as they came.
        if (s_required.ContainsKey(type) || s_observables.ContainsKey(type) || type == "marking-definition")
            Tree(value, faults, 0);
        var observable = IsObservable(type);
        var hasVersion = Text(value, "spec_version", out var version);
        if (hasVersion ? version != "2.1" : !observable)
            faults.Add("spec_version is not 2.1");
        if (observable)
            Require(value, s_observables[type], faults);
        else
            Domain(value, type, faults);
        foreach (var name in s_texts)
            if (value.TryGetProperty(name, out var text) && text.ValueKind != JsonValueKind.String)
                faults.Add($"{name} is not text");
        return faults.Count > 20 ? faults[..20] : faults;
    }

    private static void Domain(JsonElement value, string type, List<string> faults)
    {
        Require(value, type == "marking-definition" ? ["created"] : ["created", "modified"], faults);
        if (s_required.TryGetValue(type, out var required))
            Require(value, required, faults);
        var times = new Dictionary<string, DateTimeOffset>();
        foreach (var name in s_times)
        {
            if (!value.TryGetProperty(name, out var time))
                continue;
            if (time.ValueKind == JsonValueKind.String && StixTime.TryRead(time.GetString(), out var read))
                times[name] = read;
            else
                faults.Add($"{name} is not a time in UTC");
        }
        Order(times, "created", "modified", strict: false, faults);
        Order(times, "first_observed", "last_observed", strict: false, faults);
        Order(times, "first_seen", "last_seen", strict: false, faults);
        Order(times, "valid_from", "valid_until", strict: true, faults);
        if (value.TryGetProperty("revoked", out var revoked) && revoked.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            faults.Add("revoked is not true or false");
        if (value.TryGetProperty("confidence", out var confidence) && !(confidence.ValueKind == JsonValueKind.Number && confidence.TryGetInt32(out var c) && c is >= 0 and <= 100))
            faults.Add("confidence is not 0 to 100");
        if (type == "observed-data" && value.TryGetProperty("objects", out _) == value.TryGetProperty("object_refs", out _))
            faults.Add("observed-data needs object_refs or objects, not both");
        if (type == "marking-definition" && !value.TryGetProperty("definition", out _) && !value.TryGetProperty("extensions", out _))
            faults.Add("definition is missing");
        if (type == "extension-definition" && value.TryGetProperty("extension_properties", out _) && !Contains(value, "extension_types", "toplevel-property-extension"))
            faults.Add("extension_properties without toplevel-property-extension");
    }

    private static void Tree(JsonElement value, List<string> faults, int depth)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
                faults.Add($"{member.Name} is null");
            if (depth == 0 || member.Name is not ("definition" or "contents"))
                Reference(member, faults);
            Value(member.Name, member.Value, faults, depth);
        }
    }

    private static void Value(string name, JsonElement value, List<string> faults, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Tree(value, faults, depth + 1);
                break;
            case JsonValueKind.Array:
                if (value.GetArrayLength() == 0)
                    faults.Add($"{name} is an empty list");
                foreach (var item in value.EnumerateArray())
                    Value(name, item, faults, depth + 1);
                break;
            case JsonValueKind.Number:
                // Section 2.7: integers between -(2^53)+1 and (2^53)-1.
                if (value.TryGetInt64(out var whole) ? Math.Abs((decimal)whole) > 9_007_199_254_740_991m : !double.IsFinite(value.GetDouble()))
                    faults.Add($"{name} is beyond 2^53");
                break;
        }
    }

    private static void Reference(JsonProperty member, List<string> faults)
    {
        if (member.Name.EndsWith("_refs", StringComparison.Ordinal))
        {
            if (member.Value.ValueKind != JsonValueKind.Array || member.Value.EnumerateArray().Any(r => r.ValueKind != JsonValueKind.String || !IsReference(r.GetString()!)))
                faults.Add($"{member.Name} is not a list of ids");
            else if (member.Name == "object_marking_refs" && member.Value.EnumerateArray().Any(r => !r.GetString()!.StartsWith("marking-definition--", StringComparison.Ordinal)))
                faults.Add("object_marking_refs names something else than a marking");
        }
        else if (member.Name.EndsWith("_ref", StringComparison.Ordinal) && (member.Value.ValueKind != JsonValueKind.String || !IsReference(member.Value.GetString()!)))
        {
            faults.Add($"{member.Name} is not an id");
        }
    }

    // Inside observed-data's old form a reference is a number; those objects are read but never resolved.
    private static bool IsReference(string text) => StixId.IsValid(text, out _) || (text.Length < 6 && text.All(char.IsAsciiDigit));

    private static void Order(Dictionary<string, DateTimeOffset> times, string early, string late, bool strict, List<string> faults)
    {
        if (times.TryGetValue(early, out var a) && times.TryGetValue(late, out var b) && (strict ? a >= b : a > b))
            faults.Add($"{late} is before {early}");
    }

    private static void Require(JsonElement value, IEnumerable<string> names, List<string> faults)
    {
        foreach (var name in names)
            if (!value.TryGetProperty(name, out _))
                faults.Add($"{name} is missing");
    }

    private static bool Contains(JsonElement value, string list, string text) =>
        value.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array && items.EnumerateArray().Any(i => i.ValueKind == JsonValueKind.String && i.ValueEquals(text));

    private static bool Text(JsonElement value, string name, out string text)
    {
        text = value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : "";
        return text.Length > 0;
    }
}
