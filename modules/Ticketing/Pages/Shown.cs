using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Reports;
using Appliance.Ui;

namespace Appliance.Ticketing.Pages;

/// <summary>How states and severities are drawn, the same on every page.</summary>
internal static class Shown
{
    /// <summary>1 is critical, 4 is low.</summary>
    public static Severity Of(int severity) => severity switch
    {
        1 => Severity.Critical,
        2 => Severity.High,
        3 => Severity.Medium,
        _ => Severity.Low,
    };

    public static FigureTone Tone(string state) => state is "new" or "triage" ? FigureTone.Attention : FigureTone.Calm;

    /// <summary>What an act on several incidents did, with those left as they are and the way back.</summary>
    public static ActReport Report(Outcome<ManyAnswer> outcome, string key, IText text, Func<Guid, Task<ActReport>>? undo = null) =>
        outcome.TryGet(out var answer)
            ? ActReport.Done(text[key, answer.Done], undo is null ? null : () => undo(answer.Act)) with { Left = [.. answer.Left.Select(l => new ItemLeft(l.Number, l.Reason, l.Number.Length > 0 ? $"/tickets/{l.Number}" : null))] }
            : ActReport.Refused(outcome.Refusals[0]);

    /// <summary>The same for reports.</summary>
    public static ActReport Report(Outcome<ReportsAnswer> outcome, string said, Func<IReadOnlyList<Guid>, Task<ActReport>>? undo = null) =>
        outcome.TryGet(out var answer)
            ? ActReport.Done(said, undo is null ? null : () => undo(answer.Done)) with { Left = [.. answer.Left.Select(l => new ItemLeft(l.Subject, l.Reason, $"/tickets/reports/{l.Report}"))] }
            : ActReport.Refused(outcome.Refusals[0]);

    /// <summary>An act on all that match, for the host to work.</summary>
    public static BulkOrder Order<TQuery, TArgument>(string act, TArgument argument, TQuery query, string title, string said) =>
        new($"ticketing/{act}", JsonSerializer.SerializeToElement(argument, OutboxJson.Options), title, said) { Query = JsonSerializer.SerializeToElement(query, OutboxJson.Options) };

    public static FigureTone OfDelivery(string state) => state switch
    {
        "failed" => FigureTone.Urgent,
        "unknown" or "held" => FigureTone.Attention,
        _ => FigureTone.Calm,
    };
}
