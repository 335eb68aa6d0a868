using System.Text.Json;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Bounces and complaints that a mail service sends as JSON in the text (Amazon SES), also wrapped by its notification service.</summary>
internal static class ServiceNotice
{
    private const int Longest = 256 * 1024;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    /// <summary>The notice, or null. The caller disposes it.</summary>
    public static JsonDocument? Read(string text)
    {
        var start = text.IndexOf('{', StringComparison.Ordinal);
        if (start < 0 || text.Length > Longest || text[..start].Trim().Length > 0 || !text.Contains("notificationType", StringComparison.Ordinal))
            return null;
        var end = text.LastIndexOf('}');
        if (end < start || Parse(text[start..(end + 1)]) is not { } outer)
            return null;
        if (outer.RootElement.ValueKind == JsonValueKind.Object && !outer.RootElement.TryGetProperty("notificationType", out _)
            && outer.RootElement.TryGetProperty("Message", out var inner) && inner.ValueKind == JsonValueKind.String)
        {
            using (outer)
                return Parse(inner.GetString()!);
        }
        return outer;
    }

    /// <summary>Bounce, Complaint, Delivery, or empty.</summary>
    public static string Kind(string text)
    {
        using var notice = Read(text);
        return notice?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("notificationType", out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString()! : "";
    }

    /// <summary>What kind of complaint: abuse where the notice does not say.</summary>
    public static string ComplaintType(string text)
    {
        using var notice = Read(text);
        return notice?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("complaint", out var complaint) && complaint.ValueKind == JsonValueKind.Object
            && complaint.TryGetProperty("complaintFeedbackType", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "abuse";
    }

    private static JsonDocument? Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json, s_options);
        }
        catch (JsonException)
        {
            // Folded by a mail program: line ends within its strings.
            return json.Contains('\n', StringComparison.Ordinal) ? Parse(json.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal)) : null;
        }
    }
}
