using System.Globalization;
using Appliance.Contracts;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Notices;

/// <summary>Writes what a message says before anyone edits it, and the label that nobody can leave out.</summary>
internal sealed class NoticeText(IText text)
{
    private const int MostTraces = 100;

    /// <summary>Subject and text for an organisation, in its language.</summary>
    public (string Subject, string Text) ForConstituent(IncidentRow incident, string name, IReadOnlyList<Observable> traces, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        var seen = incident.FirstSeen is { } first ? first.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) : "-";
        var list = string.Join('\n', traces.Take(MostTraces).Select(t => $"  {t.Type,-8} {Defanged(t)}"));
        return (
            text.In(culture, "ticketing.notice.subject", incident.Title),
            text.In(culture, "ticketing.notice.text", name, incident.Title, incident.Number, seen, text.In(culture, $"ticketing.rsit.{Classification.Rsit.TypeOf(incident.RsitType)}"), list.Length > 0 ? list : "  -", incident.Summary).Replace("\n\n\n\n", "\n\n", StringComparison.Ordinal).Trim());
    }

    /// <summary>Subject and text for whoever reported.</summary>
    public (string Subject, string Text) ForReporter(IncidentRow incident, string name, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        return (text.In(culture, "ticketing.reply.subject", incident.Title), text.In(culture, "ticketing.reply.text", name, incident.Title, incident.Number).Trim());
    }

    /// <summary>What is put before every subject: label, exercise, number.</summary>
    public string SubjectLine(Marking marking, string number, string subject, string language) =>
        $"[{marking.Label}] {(marking.Exercise ? text.In(CultureInfo.GetCultureInfo(language), "ticketing.notice.exercise") + " " : "")}[{number}] {subject}";

    /// <summary>What is put before every text: the label, and what it lets the reader do (TLP 2.0).</summary>
    public string FirstLines(Marking marking, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        var meaning = text.In(culture, $"ticketing.tlp.{marking.Tlp.ToString().ToLowerInvariant()}");
        return $"{marking.Label}\n{meaning}\n{(marking.Exercise ? text.In(culture, "ticketing.notice.exercise-line") + "\n" : "")}\n";
    }

    /// <summary>Names and addresses made unclickable: mail programs turn them into links.</summary>
    private static string Defanged(Observable trace) => trace.Type switch
    {
        "url" => trace.Value.Replace("http", "hxxp", StringComparison.OrdinalIgnoreCase).Replace(".", "[.]", StringComparison.Ordinal),
        "domain" or "ipv4" or "email" => trace.Value.Replace(".", "[.]", StringComparison.Ordinal),
        _ => trace.Value,
    };
}
