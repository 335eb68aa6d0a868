using Appliance.Contracts;
using Appliance.Sensing.Events;
using Appliance.Sensing.Inbox;

namespace Appliance.Sensing.Filter;

/// <summary>What the query bars ask while somebody types.</summary>
internal static class HintEndpoints
{
    public static Task<Outcome<HintsAnswer>> OfGroupsAsync(Viewer viewer, GroupHints hints, IText text, string? q, int? at, int? hours, string? view, CancellationToken cancel) =>
        AnswerAsync(hints.RunAsync(viewer, new(q ?? "", at ?? int.MaxValue, hours ?? 24, view ?? "inbox"), cancel), text);

    public static Task<Outcome<HintsAnswer>> OfEventsAsync(Viewer viewer, EventHints hints, IText text, string? q, int? at, int? hours, CancellationToken cancel) =>
        AnswerAsync(hints.RunAsync(viewer, new(q ?? "", at ?? int.MaxValue, hours ?? 24), cancel), text);

    public static Task<Outcome<HintsAnswer>> OfRulesAsync(Viewer viewer, RuleHints hints, IText text, string? q, int? at, CancellationToken cancel) =>
        AnswerAsync(hints.RunAsync(viewer, new(q ?? "", at ?? int.MaxValue), cancel), text);

    private static async Task<Outcome<HintsAnswer>> AnswerAsync(Task<Outcome<QueryHintsAnswer>> asked, IText text)
    {
        var outcome = await asked;
        return outcome.TryGet(out var found)
            ? new HintsAnswer(found.From, found.To, [.. found.Items.Select(h => new HintLine(h.Insert, h.Text, h.AboutKey is null ? h.About : text[h.AboutKey], h.Count, h.AtLeast))], found.Partial)
            : Outcome<HintsAnswer>.Refused(outcome.Refusals);
    }
}

/// <summary>Suggestions in the reader's language.</summary>
internal sealed record HintsAnswer(int From, int To, IReadOnlyList<HintLine> Items, bool Partial);

/// <summary>One suggestion. Text and, for values, About come from records: untrusted.</summary>
internal sealed record HintLine(string Insert, string Text, string? About, long? Count, bool AtLeast);
