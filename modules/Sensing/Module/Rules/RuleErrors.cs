using System.Text.Json;

namespace Appliance.Sensing.Rules;

/// <summary>A rule that a sensor could not load, as it reported it.</summary>
internal sealed record RuleError(string File, int Line, long Sid, string Keyword, string Reason)
{
    public string Key => $"{File}:{Line}";
}

/// <summary>Reads the errors of a sensor's answer.</summary>
internal static class RuleErrors
{
    private const int Shown = 200;

    public static IReadOnlyList<RuleError> Of(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind != JsonValueKind.Array
            ? []
            : [.. document.RootElement.EnumerateArray().Where(static e => e.ValueKind == JsonValueKind.Object).Take(Shown).Select(static e =>
                new RuleError(Text(e, "file"), (int)Number(e, "line"), Number(e, "sid"), Text(e, "keyword"), Text(e, "reason")))];
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? Path.GetFileName(value.GetString()!) is { Length: > 0 } last && name == "file" ? last : value.GetString()! : "";

    private static long Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;
}
