using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>What STIX 2.1's incident stub and report have no property for, as a property extension (section 7.3).</summary>
internal static class CaseExtension
{
    /// <summary>Id of the extension, the same on every node.</summary>
    public static readonly string Id = StixId.Fixed("extension-definition", "case");

    private const string Made = "2026-11-01T00:00:00.000Z";

    private const string Schema =
        "Property extension of incident and report. number (string): the sender's number. severity (integer 1 worst to 4). "
        + "rsit (string, optional): class and type of the Reference Security Incident Taxonomy. pap (string): clear, green, amber or red. exercise (boolean).";

    private static readonly string s_author = StixId.Fixed("identity", "product");

    /// <summary>The identity that defined the extension.</summary>
    public static JsonObject Author() => new()
    {
        ["type"] = "identity",
        ["spec_version"] = "2.1",
        ["id"] = s_author,
        ["created"] = Made,
        ["modified"] = Made,
        ["name"] = "CIRT Appliance",
        ["identity_class"] = "system",
    };

    /// <summary>The definition as an object of the bundle.</summary>
    public static JsonObject Definition() => new()
    {
        ["type"] = "extension-definition",
        ["spec_version"] = "2.1",
        ["id"] = Id,
        ["created_by_ref"] = s_author,
        ["created"] = Made,
        ["modified"] = Made,
        ["name"] = "CIRT case",
        ["schema"] = Schema,
        ["version"] = "1.0",
        ["extension_types"] = new JsonArray("property-extension"),
    };

    /// <summary>The extension's value for <paramref name="draft"/>.</summary>
    public static JsonObject Of(Draft draft)
    {
        var value = new JsonObject
        {
            ["extension_type"] = "property-extension",
            ["number"] = draft.Number,
            ["severity"] = draft.Severity,
            ["pap"] = draft.Marking.Pap.ToString().ToLowerInvariant(),
            ["exercise"] = draft.Marking.Exercise,
        };
        if (draft.RsitType.Length > 0)
            value["rsit"] = draft.RsitType;
        return value;
    }

    /// <summary>PAP and exercise of a received object; amber and live where it says nothing.</summary>
    public static (Pap Pap, bool Exercise) Read(JsonElement value)
    {
        var labelled = value.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Array
            && labels.EnumerateArray().Any(l => l.ValueKind == JsonValueKind.String && l.ValueEquals("exercise"));
        if (!value.TryGetProperty("extensions", out var all) || all.ValueKind != JsonValueKind.Object || !all.TryGetProperty(Id, out var ours) || ours.ValueKind != JsonValueKind.Object)
            return (Pap.Amber, labelled);
        var exercise = labelled || (ours.TryGetProperty("exercise", out var e) && e.ValueKind == JsonValueKind.True);
        var pap = ours.TryGetProperty("pap", out var p) && p.ValueKind == JsonValueKind.String && Enum.TryParse<Pap>(p.GetString(), ignoreCase: true, out var read) && Enum.IsDefined(read) ? read : Pap.Amber;
        return (pap, exercise);
    }
}
