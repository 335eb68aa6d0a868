using System.Text.Json;

namespace Appliance.Uplink.Stix;

/// <summary>A page of objects from a peer: TAXII's envelope, or the bundle that some clients send in its place.</summary>
/// <param name="Objects">Each object's own text, untouched.</param>
/// <param name="More">There are further pages.</param>
/// <param name="Next">Where the next page begins, as the peer says.</param>
/// <param name="IsBundle">It was a bundle.</param>
internal sealed record Envelope(IReadOnlyList<string> Objects, bool More, string? Next, bool IsBundle)
{
    /// <summary>Reads one; null and a fault when it is neither.</summary>
    public static Envelope? Read(ReadOnlyMemory<byte> body, int maxDepth, out string fault)
    {
        try
        {
            // Duplicate names are judged object by object, so that one bad object does not take the page with it.
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = maxDepth + 2 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                fault = "the body is not a JSON object";
                return null;
            }
            var objects = new List<string>();
            if (root.TryGetProperty("objects", out var list))
            {
                if (list.ValueKind != JsonValueKind.Array)
                {
                    fault = "objects is not a list";
                    return null;
                }
                objects.EnsureCapacity(list.GetArrayLength());
                foreach (var item in list.EnumerateArray())
                    objects.Add(item.GetRawText());
            }
            fault = "";
            var next = root.TryGetProperty("next", out var n) && n.ValueKind == JsonValueKind.String ? n.GetString() : null;
            var more = root.TryGetProperty("more", out var m) && m.ValueKind == JsonValueKind.True;
            return new(objects, more, next, StixObject.Text(root, "type") == "bundle");
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            fault = "the body is not JSON within the limits";
            return null;
        }
    }
}
