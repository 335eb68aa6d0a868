using System.Globalization;
using System.Text;
using Appliance.Contracts;

namespace Appliance.Watch.Advisories;

/// <summary>An advisory as plain text, for mail and download. Indicators are defanged, so that no reader's program follows them.</summary>
internal sealed class AdvisoryText(IText words)
{
    /// <summary><c>[TLP:AMBER] ADV-2026-0003: title</c>, with the drill and the revision named where there is one.</summary>
    public string Subject(AdvisoryRow row, int revision, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        var drill = row.Exercise ? $"[{words.In(culture, "watch.text.exercise")}] " : "";
        var again = revision > 1 ? $" ({words.In(culture, "watch.text.revision", revision)})" : "";
        var subject = $"[{TlpLabel.Of((Tlp)row.Tlp)}] {drill}{row.Number}: {row.Title}{again}";
        return subject.Length <= 400 ? subject : subject[..399] + "…";
    }

    public string Write(AdvisoryRow row, int revision, DateTimeOffset? publishedAt, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        string Word(string key, params object?[] arguments) => words.In(culture, key, arguments);
        var fields = row.Fields();
        var text = new StringBuilder();
        text.Append(TlpLabel.Of(fields.Tlp)).Append(" — ").Append(Word($"watch.text.tlp-{(int)fields.Tlp}")).Append('\n');
        if (row.Exercise)
            text.Append("*** ").Append(Word("watch.text.exercise-line")).Append(" ***\n");
        text.Append('\n').Append(row.Number).Append(": ").Append(row.Title).Append('\n').Append('=', Math.Min(72, row.Number.Length + 2 + row.Title.Length)).Append("\n\n");
        Line("watch.text.severity", Word($"watch.severity.{row.Severity}"));
        if (publishedAt is { } at)
            Line("watch.text.published", at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        if (revision > 0)
            Line("watch.text.revision-label", revision.ToString(CultureInfo.InvariantCulture));
        if (fields.Cves.Count > 0)
            Line("watch.text.cves", string.Join(", ", fields.Cves));
        text.Append('\n').Append(row.Summary).Append("\n\n").Append(row.Body).Append('\n');
        List("watch.text.observables", fields.Observables.Select(o => $"{o.Type}: {Defanged(o)}"));
        List("watch.text.links", fields.Links);
        text.Append("\n-- \n").Append(TlpLabel.Of(fields.Tlp)).Append(" · ").Append(row.Number).Append('\n');
        return text.ToString();

        void Line(string key, string value) => text.Append(Word(key)).Append(": ").Append(value).Append('\n');

        void List(string key, IEnumerable<string> values)
        {
            var lines = values.ToList();
            if (lines.Count == 0)
                return;
            text.Append('\n').Append(Word(key)).Append(":\n");
            foreach (var line in lines)
                text.Append("- ").Append(line).Append('\n');
        }
    }

    /// <summary>Addresses, names and links written so that nothing clickable is left.</summary>
    internal static string Defanged(Observable observable) => observable.Type switch
    {
        "url" => (observable.Value.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? "hxxp" + observable.Value[4..] : observable.Value).Replace(".", "[.]", StringComparison.Ordinal),
        "ipv4" or "domain" => observable.Value.Replace(".", "[.]", StringComparison.Ordinal),
        "ipv6" => observable.Value.Replace(":", "[:]", StringComparison.Ordinal),
        "email" => observable.Value.Replace("@", "[@]", StringComparison.Ordinal).Replace(".", "[.]", StringComparison.Ordinal),
        _ => observable.Value,
    };
}
