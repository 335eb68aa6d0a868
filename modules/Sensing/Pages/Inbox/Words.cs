using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Triage;
using Appliance.Ui;

namespace Appliance.Sensing.Pages;

/// <summary>How the pages say things.</summary>
internal static class Words
{
    /// <summary>EVE counts 1 as the worst; people read words.</summary>
    public static Severity SeverityOf(int severity) => severity switch { <= 1 => Severity.High, 2 => Severity.Medium, 3 => Severity.Low, _ => Severity.Informational };

    /// <summary>What an act on groups did, with what it left and why, and how to take it back.</summary>
    public static ActReport Report(IText text, Outcome<TriageAnswer> outcome, string done, Func<Guid, Task<ActReport>>? undo, Func<Guid, string>? name = null)
    {
        if (!outcome.TryGet(out var answer))
            return ActReport.Refused(outcome.Refusals);
        var said = $"{done} ({answer.Done})";
        if (answer.Refused.FirstOrDefault() is { Refusal: { } first })
            said += " · " + text["sensing.done.left", answer.Refused.Count(), text[first.Key, first.Arguments]];
        return ActReport.Done(said, undo is null ? null : () => undo(answer.ActId)) with { Left = name is null ? [] : LeftOf(answer, name) };
    }

    /// <summary>An act on many groups, for the host to work.</summary>
    public static BulkOrder Order(string act, object argument, GroupsWanted groups, string said, string? title = null) =>
        new($"sensing/{act}", JsonSerializer.SerializeToElement(argument, argument.GetType(), OutboxJson.Options), $"sensing.act.{title ?? act}", $"sensing.bulk.{said}")
        {
            Query = JsonSerializer.SerializeToElement(groups, OutboxJson.Options),
        };

    private static List<ItemLeft> LeftOf(TriageAnswer answer, Func<Guid, string> name) =>
        [.. answer.Refused.Select(r => new ItemLeft(name(r.Id), r.Refusal!, $"/sense/alerts/{r.Id}"))];

    /// <inheritdoc cref="Sizes.Bytes"/>
    public static string Bytes(long bytes) => Sizes.Bytes(bytes);
}
