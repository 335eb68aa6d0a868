using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Appliance.Sensing.Alerts;

/// <summary>What the page draws of a raw alert: flow, protocol fields, payload. All of it was written by strangers.</summary>
internal sealed record AlertView(IReadOnlyList<(string Name, string Value)> Flow, IReadOnlyList<AlertSection> Sections, PayloadView? Payload, string Pretty, string? CommunityId, string? Interface)
{
    private static readonly string[] s_protocols = ["http", "dns", "tls", "smtp", "email", "fileinfo", "ssh", "ftp", "smb", "quic", "metadata", "tunnel"];

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads the parts out of a raw record; what is missing is left out.</summary>
    public static AlertView Of(string raw)
    {
        using var document = JsonDocument.Parse(raw, new JsonDocumentOptions { MaxDepth = 128 });
        var root = document.RootElement;
        var flow = Member(root, "flow") is { } f ? Fields(f, "").ToList() : [];
        var sections = s_protocols.Where(p => root.TryGetProperty(p, out _)).Select(p => new AlertSection(p, [.. Fields(root.GetProperty(p), "").Take(60)])).ToList();
        return new(flow, sections, PayloadView.Of(Text(root, "payload"), Text(root, "packet")), JsonSerializer.Serialize(root, s_indented), Text(root, "community_id"), Text(root, "in_iface"));
    }

    private static IEnumerable<(string Name, string Value)> Fields(JsonElement element, string prefix)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    foreach (var field in Fields(member.Value, prefix.Length == 0 ? member.Name : $"{prefix}.{member.Name}"))
                        yield return field;
                }
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray().Take(20))
                {
                    foreach (var field in Fields(item, string.Create(CultureInfo.InvariantCulture, $"{prefix}[{index}]")))
                        yield return field;
                    index++;
                }
                break;
            case JsonValueKind.String:
                yield return (prefix, element.GetString()!);
                break;
            default:
                yield return (prefix, element.GetRawText());
                break;
        }
    }

    private static JsonElement? Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}

/// <summary>The fields of one protocol.</summary>
public sealed record AlertSection(string Name, IReadOnlyList<(string Name, string Value)> Fields);

/// <summary>Payload or packet as rows of hex and text.</summary>
public sealed record PayloadView(bool IsPacket, int Length, IReadOnlyList<HexRow> Rows)
{
    private const int Width = 16;
    private const int BytesShown = 2048;

    /// <summary>The payload where there is one, else the packet; null when the sensor kept neither or the text is no base64.</summary>
    public static PayloadView? Of(string? payload, string? packet)
    {
        foreach (var (text, isPacket) in new[] { (payload, false), (packet, true) })
        {
            if (string.IsNullOrEmpty(text))
                continue;
            var bytes = new byte[text.Length];
            if (Convert.TryFromBase64String(text, bytes, out var length) && length > 0)
                return new(isPacket, length, [.. Lines(bytes.AsMemory(0, Math.Min(length, BytesShown)))]);
        }
        return null;
    }

    /// <summary>Bytes as rows of sixteen.</summary>
    internal static IReadOnlyList<HexRow> RowsOf(ReadOnlyMemory<byte> bytes) => [.. Lines(bytes)];

    private static IEnumerable<HexRow> Lines(ReadOnlyMemory<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at += Width)
        {
            var row = bytes.Slice(at, Math.Min(Width, bytes.Length - at)).Span;
            var (hex, text) = (new StringBuilder(Width * 3), new StringBuilder(Width));
            foreach (var b in row)
            {
                hex.Append(b.ToString("x2", CultureInfo.InvariantCulture)).Append(' ');
                text.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
            }
            yield return new(at.ToString("x4", CultureInfo.InvariantCulture), hex.ToString().TrimEnd(), text.ToString());
        }
    }
}

/// <summary>Sixteen bytes.</summary>
public sealed record HexRow(string At, string Hex, string Text);
