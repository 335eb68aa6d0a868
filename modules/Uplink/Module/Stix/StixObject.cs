using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>One object from a stranger, read within limits: what the quarantine and the collections need to know of it.</summary>
internal sealed record StixObject
{
    public required string Id { get; init; }

    public required string Type { get; init; }

    /// <summary><c>modified</c>, else <c>created</c>, else null: then the moment it was added is its version (TAXII 2.1, section 3.4.1).</summary>
    public required DateTimeOffset? Version { get; init; }

    /// <summary>The version as the sender wrote it.</summary>
    public required string VersionText { get; init; }

    public required string CreatedBy { get; init; }

    public required string Title { get; init; }

    public required Marking Marking { get; init; }

    /// <summary>Ids it points at, for finding what belongs together.</summary>
    public required IReadOnlyList<string> Refs { get; init; }

    public required byte[] Raw { get; init; }

    public required byte[] Sha256 { get; init; }

    /// <summary>What is wrong with it; empty when it may be taken.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Reads one object from its own bytes. Never throws for what a stranger can write.</summary>
    public static StixObject Read(string text, int maxBytes, int maxDepth)
    {
        var raw = Encoding.UTF8.GetBytes(text);
        if (raw.Length > maxBytes)
            return Unreadable(raw[..Math.Min(raw.Length, 4096)], raw, $"larger than {maxBytes / 1024} KiB");
        try
        {
            using var document = JsonDocument.Parse(raw, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
            return Read(document.RootElement, raw);
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            return Unreadable(raw[..Math.Min(raw.Length, 4096)], raw, "not readable as one JSON object within the limits");
        }
    }

    private static StixObject Read(JsonElement value, byte[] raw)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return Unreadable(raw[..Math.Min(raw.Length, 4096)], raw, "the value is not an object");
        var faults = StixRules.Faults(value);
        var id = Text(value, "id");
        var type = Text(value, "type");
        var written = value.TryGetProperty("modified", out _) ? Text(value, "modified") : Text(value, "created");
        var (pap, exercise) = CaseExtension.Read(value);
        return new()
        {
            Id = Cut(id, 300),
            Type = Cut(type, 250),
            Version = StixTime.TryRead(written, out var version) ? version : null,
            VersionText = written,
            CreatedBy = Cut(Text(value, "created_by_ref"), 300),
            Title = Cut(TitleOf(value, type), 500),
            Marking = new(TlpOf(value), pap, exercise),
            Refs = [.. Pointed(value).Distinct().Take(5000)],
            Raw = raw,
            Sha256 = SHA256.HashData(raw),
            // Faults name properties as the stranger wrote them.
            Faults = [.. faults.Select(f => Cut(f, 200))],
        };
    }

    /// <summary>The most restrictive marking on the whole object or any part of it; an unknown one restricts to the organisation, none to need-to-know.</summary>
    private static Tlp TlpOf(JsonElement value)
    {
        var marks = Strings(value, "object_marking_refs").ToList();
        if (value.TryGetProperty("granular_markings", out var granular) && granular.ValueKind == JsonValueKind.Array)
        {
            foreach (var part in granular.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object))
                if (Text(part, "marking_ref") is { Length: > 0 } mark)
                    marks.Add(mark);
        }
        if (Text(value, "type") == "marking-definition" || Text(value, "type") == "extension-definition")
            return Tlp.Clear;
        var known = marks.Where(m => TlpMarking.TryRead(m, out _)).Select(m => TlpMarking.TryRead(m, out var tlp) ? tlp : Tlp.Red).ToArray();
        if (known.Length > 0)
            return known.Max();
        return marks.Count > 0 ? Tlp.AmberStrict : Tlp.Amber;
    }

    private static IEnumerable<string> Pointed(JsonElement value)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name is "object_marking_refs")
                continue;
            if (member.Name.EndsWith("_refs", StringComparison.Ordinal))
            {
                foreach (var id in Strings(value, member.Name))
                    yield return id;
            }
            else if (member.Name.EndsWith("_ref", StringComparison.Ordinal) && member.Value.ValueKind == JsonValueKind.String)
            {
                yield return member.Value.GetString()!;
            }
        }
    }

    private static string TitleOf(JsonElement value, string type) => (Text(value, "name"), Text(value, "abstract"), Text(value, "value"), type) switch
    {
        ({ Length: > 0 } name, _, _, _) => name,
        (_, { Length: > 0 } about, _, _) => about,
        (_, _, { Length: > 0 } seen, _) => seen,
        (_, _, _, "indicator") => Text(value, "pattern"),
        (_, _, _, "note") => Text(value, "content"),
        (_, _, _, "relationship") => Text(value, "relationship_type"),
        _ => "",
    };

    private static IEnumerable<string> Strings(JsonElement value, string name) =>
        value.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.String).Select(i => i.GetString()!)
            : [];

    /// <summary>A text property, or the empty text.</summary>
    public static string Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : "";

    private static string Cut(string text, int length)
    {
        // A NUL is valid JSON and no valid text for PostgreSQL.
        var clean = text.Replace("\0", "\uFFFD", StringComparison.Ordinal);
        if (clean.Length <= length)
            return clean;
        return clean[..(char.IsHighSurrogate(clean[length - 1]) ? length - 1 : length)];
    }

    private static StixObject Unreadable(byte[] kept, byte[] all, string fault) => new()
    {
        Id = "",
        Type = "",
        Version = null,
        VersionText = "",
        CreatedBy = "",
        Title = "",
        Marking = new(Tlp.AmberStrict),
        Refs = [],
        Raw = kept,
        Sha256 = SHA256.HashData(all),
        Faults = [fault],
    };
}
