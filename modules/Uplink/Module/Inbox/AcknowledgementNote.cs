using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Inbox;

/// <summary>
/// The acknowledgement on the wire: a STIX 2.1 note about the object, with two labels. A standard object that any TAXII server stores
/// and any STIX reader shows, and whose id follows from what it is about, so that sending it twice adds nothing.
/// </summary>
internal static class AcknowledgementNote
{
    private const string Label = "cirt-acknowledgement";

    private const string VersionSource = "acknowledged-version";

    /// <summary>The note that <paramref name="node"/> writes about a version of an object.</summary>
    public static JsonObject Write(Node node, string about, string version, string verdict, string text, DateTimeOffset now)
    {
        var time = StixTime.Stix(now);
        return new()
        {
            ["type"] = "note",
            ["spec_version"] = "2.1",
            ["id"] = StixId.Of("note", node.Id, $"acknowledgement/{about}/{version}/{verdict}"),
            ["created_by_ref"] = node.IdentityId,
            ["created"] = time,
            ["modified"] = time,
            ["object_marking_refs"] = new JsonArray(TlpMarking.IdOf(Tlp.Green)),
            ["abstract"] = verdict == "refused" ? "Refused" : "Received",
            ["content"] = text.Length > 0 ? text : verdict == "refused" ? $"Refused by {node.Name}." : $"Received by {node.Name}.",
            ["labels"] = new JsonArray(Label, verdict),
            ["object_refs"] = new JsonArray(about),
            ["external_references"] = new JsonArray(new JsonObject { ["source_name"] = VersionSource, ["external_id"] = version }),
        };
    }

    /// <summary>True for a note of this kind.</summary>
    public static bool Is(StixObject item) => item.Type == "note" && item.Faults.Count == 0 && Read(item) is not null;

    /// <summary>What the note says, or null when it is an ordinary one.</summary>
    public static Said? Read(StixObject item)
    {
        using var document = JsonDocument.Parse(item.Raw);
        var value = document.RootElement;
        if (!value.TryGetProperty("labels", out var labels) || labels.ValueKind != JsonValueKind.Array)
            return null;
        var words = labels.EnumerateArray().Where(l => l.ValueKind == JsonValueKind.String).Select(l => l.GetString()!).ToHashSet();
        if (!words.Contains(Label))
            return null;
        string? version = null;
        if (value.TryGetProperty("external_references", out var references) && references.ValueKind == JsonValueKind.Array)
        {
            foreach (var reference in references.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.Object))
                if (StixObject.Text(reference, "source_name") == VersionSource)
                    version = StixObject.Text(reference, "external_id");
        }
        var content = StixObject.Text(value, "content");
        return new(
            [.. value.GetProperty("object_refs").EnumerateArray().Select(r => r.GetString()!)],
            StixTime.TryRead(version, out var about) ? about : null,
            words.Contains("refused"),
            content.Length > 500 ? content[..500] : content,
            StixTime.TryRead(StixObject.Text(value, "created"), out var at) ? at : default);
    }

    /// <summary>The content of an acknowledgement.</summary>
    internal sealed record Said(IReadOnlyList<string> About, DateTimeOffset? Version, bool Refused, string Text, DateTimeOffset At);
}
