using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Incidents;

/// <summary>What an entry of the timeline says, in one language: the same on the page and on paper.</summary>
internal sealed class TimelineWords(IText text, CultureInfo language)
{
    /// <summary>The facts of an entry as one line; holds words of strangers.</summary>
    public string Particulars(TimelineLine item) => item.Kind switch
    {
        "state" => T("ticketing.timeline.state-text", State(item, "from"), State(item, "to"))
            + (Value(item, "outcome") is { Length: > 0 } outcome ? $" ({T($"ticketing.outcome.{outcome}")})" : ""),
        "owner" => Value(item, "to") is { Length: > 0 } to ? T("ticketing.timeline.owner-text", to) : T("ticketing.timeline.owner-none"),
        "mail-in" or "report" or "report-left" => T("ticketing.timeline.mail-in-text", $"{Value(item, "name")} <{Value(item, "from")}>".Trim(), Value(item, "subject")),
        "mail-out" => T("ticketing.timeline.mail-out-text", Value(item, "subject"), Value(item, "label")),
        "acknowledged" => T("ticketing.timeline.acknowledged-text", Value(item, "peer")),
        "link" or "merged" or "split" or "unmerge" => T("ticketing.timeline.link-text", Value(item, "number")),
        "merge" => T("ticketing.timeline.link-text", string.Join(", ", Values(item, "numbers"))),
        "snooze" => Moment(item, "until"),
        "escalated" => Moment(item, "due"),
        "undo" => State(item, "state"),
        "task" => Told(item),
        "playbook" => T("ticketing.timeline.playbook-text", Title(item, "names"), Value(item, "tasks")),
        "follow-up" => $"{T($"ticketing.follow.{Value(item, "kind")}")}{(Value(item, "to") is { Length: > 0 } moved ? $": {T($"ticketing.follow.state.{moved}")}" : "")}",
        "evidence" => T("ticketing.timeline.evidence-text", Value(item, "number"), Value(item, "name"), T($"ticketing.custody.{Value(item, "act")}")),
        "edit" => T("ticketing.timeline.edit-text", string.Join(", ", Values(item, "fields").Select(f => T($"ticketing.field.{f}")))),
        "opened" or "alert" when Value(item, "signature").Length > 0 => T("ticketing.timeline.alert-text", Value(item, "signature"), Value(item, "source"), Value(item, "destination"), Value(item, "count")),
        "opened" when Value(item, "source").Length > 0 => T($"ticketing.source.{Value(item, "source")}"),
        _ => "",
    };

    /// <summary>Who did it.</summary>
    public string By(TimelineLine item) => item.By == "ticketing" ? T("ticketing.timeline.appliance") : item.By;

    private string T(string key, params object?[] arguments) => text.In(language, key, arguments);

    private string Told(TimelineLine item) => $"{Title(item, "titles")}: " + Value(item, "what") switch
    {
        "moved" => T("ticketing.timeline.state-text", T($"ticketing.task.state.{Value(item, "from")}"), T($"ticketing.task.state.{Value(item, "to")}")),
        "given" when Value(item, "to") is { Length: > 0 } to => T("ticketing.task.told.given", to),
        var what => T($"ticketing.task.told.{what}"),
    };

    /// <summary>What an entry keeps in several languages, in this one.</summary>
    private string Title(TimelineLine item, string name) =>
        item.Detail.ValueKind == JsonValueKind.Object && item.Detail.TryGetProperty(name, out var titles) && titles.ValueKind == JsonValueKind.Object && titles.EnumerateObject().Any()
            ? InLanguage.Of(titles.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.ToString()), language.TwoLetterISOLanguageName)
            : "";

    private string State(TimelineLine item, string name) => T($"ticketing.state.{Value(item, name)}");

    private static string Moment(TimelineLine item, string name) =>
        DateTimeOffset.TryParse(Value(item, name), CultureInfo.InvariantCulture, out var at) ? at.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) : "";

    /// <summary>One fact of an entry, empty where it has none.</summary>
    public static string Value(TimelineLine item, string name) =>
        item.Detail.ValueKind == JsonValueKind.Object && item.Detail.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value.ToString() : "";

    private static IEnumerable<string> Values(TimelineLine item, string name) =>
        item.Detail.ValueKind == JsonValueKind.Object && item.Detail.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select(v => v.ToString())
            : [];
}
