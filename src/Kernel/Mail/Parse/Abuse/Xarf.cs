using System.Text.Json;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Reads X-ARF reports in JSON: version 4, and version 3 in the forms that are published (alpha, 1, 2, 3, development; the legacy forms of the version 4 document).</summary>
internal static class Xarf
{
    private const int Longest = 8 * 1024 * 1024;

    private static readonly FieldTable s_four = FieldTable.Read("xarf-4.txt");

    private static readonly FieldTable s_three = FieldTable.Read("xarf-3.txt");

    /// <summary>What the bytes hold; null when they are no X-ARF at all.</summary>
    public static AbuseReport? Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > Longest || Parse(json) is not { } document)
            return null;
        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return null;
            if (root.TryGetProperty("xarf_version", out _))
                return Four(root);
            return root.TryGetProperty("ReporterInfo", out _) || root.TryGetProperty("Report", out _) && root.TryGetProperty("Version", out _) ? Three(root) : null;
        }
    }

    /// <summary>For a document that is said to be X-ARF: one that is none is an invalid one.</summary>
    public static AbuseReport Judge(ReadOnlyMemory<byte> json) => Read(json) ?? new AbuseReport { Format = "xarf", Valid = false, Faults = ["the report is not X-ARF in JSON"] };

    private static AbuseReport Four(JsonElement root)
    {
        var check = new FieldCheck(s_four, isNew: true);
        var (category, type) = (Text(root, "category"), Text(root, "type"));
        var group = $"{category}/{type}";
        var known = s_four.Find(group) is not null;
        check.Group(known ? group : "core", root, "");
        var faults = known ? check.Faults : [.. check.Faults, $"type '{type}' is not known in category '{category}'"];
        return new AbuseReport
        {
            Format = "xarf",
            Version = Text(root, "xarf_version"),
            Valid = faults.Count == 0,
            Faults = faults,
            Category = category,
            Type = type,
            ReportId = Text(root, "report_id"),
            Source = Text(root, "source_identifier"),
            Time = Text(root, "timestamp"),
            Fields = Fields(root),
        };
    }

    private static AbuseReport Three(JsonElement root)
    {
        var version = Text(root, "Version");
        var isNew = version is "3" or "development";
        var check = new FieldCheck(s_three, isNew);
        check.Group("envelope", root, "");
        var report = root.TryGetProperty("Report", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : default;
        var (category, type) = (Text(report, "ReportClass"), Text(report, "ReportType"));
        var faults = new List<string>(check.Faults);
        if (version is not ("1" or "2" or "3" or "alpha" or "development") && !(version is null && !root.TryGetProperty("Version", out _)))
            faults.Add("Version is not 1, 2, 3, alpha or development");
        if (IsKnown(category, type, version))
        {
            var details = new FieldCheck(s_three, isNew);
            details.Group($"{category}/{type}", report, "/Report");
            faults.AddRange(details.Faults);
        }
        else
            faults.Add($"Report/ReportType '{type}' is not known in class '{category}' of version {version}");
        if (faults.Count > 0 && version is "3" or "3.0" or "3.0.0")
        {
            var other = new FieldCheck(s_three, isNew: true);
            other.Group(version == "3.0.0" ? "third" : "legacy", root, "");
            if (other.Faults.Count == 0)
                faults.Clear();
        }
        return new AbuseReport
        {
            Format = "xarf",
            Version = version ?? "alpha",
            Valid = faults.Count == 0,
            Faults = faults,
            Category = category,
            Type = type,
            ReportId = Text(report, "ReporterCaseID"),
            Source = Text(report, "SourceIp") ?? Text(report, "SourceUrl") ?? (report.ValueKind == JsonValueKind.Object && report.TryGetProperty("Source", out var source) ? Text(source, "IP") ?? Text(source, "URL") : null),
            Time = Text(report, "Date"),
            Fields = Fields(report),
        };
    }

    private static bool IsKnown(string? category, string? type, string? version) => s_three.Find($"{category}/{type}") is not null && type switch
    {
        "Exploit" or "Harassment" or "WebCrawler" or "PotentiallyCompromisedAccount" => version is "3" or "development",
        "ChildAbuse" => version != "development",
        "ChildSexualAbuseMaterial" => version == "development",
        "OpenService" => version is not ("alpha" or null),
        _ => true,
    };

    /// <summary>The plain fields: what a person reads first.</summary>
    private static Dictionary<string, IReadOnlyList<string>> Fields(JsonElement root) => root.ValueKind != JsonValueKind.Object ? []
        : root.EnumerateObject().Where(p => p.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False).Take(100)
            .DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => (IReadOnlyList<string>)[p.Value.ToString() is var text && text.Length > 2000 ? text[..2000] : text]);

    private static string? Text(JsonElement root, string name) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
