using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Collects, while a message is walked, what a report about abuse may consist of, and says in the end what it is.</summary>
internal sealed class AbuseReading
{
    private AbuseReport? _json;
    private AbuseReport? _text;
    private AbuseReport? _table;

    /// <summary>Looks at one attachment or archive member.</summary>
    public void Take(string name, string type, byte[] content)
    {
        if (content.Length == 0)
            return;
        var isJson = type.EndsWith("json", StringComparison.Ordinal) || name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        if (isJson || content.AsSpan(0, Math.Min(64, content.Length)).TrimStart(" \t\r\n\ufeff"u8).StartsWith("{"u8))
            _json ??= Xarf.Read(content);
        else if (name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || type == "text/csv")
            _table ??= Table(content);
        else if (_text is null && type == "text/plain" && name.Contains("report", StringComparison.OrdinalIgnoreCase))
            _text = Plain(content);
    }

    /// <summary>The report, or null when the message is none.</summary>
    public AbuseReport? Result(IReadOnlyList<HeaderLine> headers, string sender, string subject, IReadOnlyDictionary<string, IReadOnlyList<string>>? feedback)
    {
        var arf = feedback is null ? null : FeedbackReport.Of(feedback);
        var notifier = Notifiers.Of(sender, subject, arf?.Feedback);
        var report = _json ?? arf ?? (headers.Any(h => h.Is("X-XARF") || h.Is("X-ARF")) || notifier is not null ? _text : null) ?? _table ?? _text;
        if (report is not null)
            return report with { Notifier = notifier };
        return notifier is null ? null : new AbuseReport { Format = "notice", Notifier = notifier };
    }

    /// <summary>The older text form of X-ARF (0.1 and 0.2): a line for each field.</summary>
    private static AbuseReport? Plain(byte[] content)
    {
        var fields = DeliveryStatus.Fields(Charsets.Decode(content.AsSpan(0, Math.Min(content.Length, ParseLimits.HeaderLength)), null).ReplaceLineEndings("\n").Replace("---\n", "", StringComparison.Ordinal));
        string? First(string name) => fields.GetValueOrDefault(name) is [var first, ..] ? first.Trim('"', '\'', ' ') : null;
        if (First("Report-Type") is null && First("Category") is null)
            return null;
        string[] required = ["Reported-From", "Category", "Report-Type", "Source", "Source-Type", "Date"];
        var missing = required.Where(r => First(r) is null).ToList();
        return new AbuseReport
        {
            Format = "xarf",
            Version = First("Version") ?? "0.1",
            Valid = missing.Count == 0,
            Faults = [.. missing.Select(m => $"{m} is missing")],
            Category = First("Category"),
            Type = First("Report-Type"),
            ReportId = First("Report-ID"),
            Source = First("Source"),
            Time = First("Date"),
            Fields = fields,
        };
    }

    /// <summary>The names and the first row of a table with a header line.</summary>
    private static AbuseReport? Table(byte[] content)
    {
        var lines = Charsets.Decode(content.AsSpan(0, Math.Min(content.Length, ParseLimits.HeaderLength)), null).ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 2)
            return null;
        var (names, first) = (Cells(lines[0]), Cells(lines[1]));
        if (names.Count < 2 || names.Count > 500)
            return null;
        var fields = names.Zip(first).Where(p => p.First.Length > 0 && p.Second.Length > 0).DistinctBy(p => p.First).ToDictionary(p => p.First, p => (IReadOnlyList<string>)[p.Second], StringComparer.OrdinalIgnoreCase);
        string? Value(params ReadOnlySpan<string> any)
        {
            foreach (var name in any)
                if (fields.GetValueOrDefault(name) is [var value, ..])
                    return value;
            return null;
        }
        return new AbuseReport
        {
            Format = "csv",
            Type = Value("infection", "type", "tag", "family", "event_type"),
            Source = Value("ip", "src_ip", "source_ip", "source.ip", "url", "srcip"),
            Time = Value("timestamp", "time.source", "date", "time", "source_time"),
            Fields = fields,
        };
    }

    private static List<string> Cells(string line)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
                cell.Append(line[++i]);
            else if (line[i] == '"')
                quoted = !quoted;
            else if (line[i] is ',' or ';' && !quoted)
            {
                cells.Add(cell.ToString().Trim());
                cell.Clear();
            }
            else
                cell.Append(line[i]);
        }
        cells.Add(cell.ToString().Trim());
        return cells;
    }
}
