using System.Globalization;
using Appliance.Contracts;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.FollowUps;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Printing;

/// <summary>The parts of an incident's report, in one language. Everything that somebody typed is marked as foreign, names of colleagues too.</summary>
/// <param name="text">The words.</param>
/// <param name="types">The team's own types.</param>
/// <param name="language">The report's language.</param>
/// <param name="outside">True for readers outside the team.</param>
internal sealed class IncidentDocument(IText text, LocalTypes types, CultureInfo language, bool outside)
{
    /// <summary>Letters of all entries together; beyond it each is cut short, so that a report stays one that can be read.</summary>
    private const int Plenty = 2_000_000, Short = 400;

    private readonly TimelineWords _words = new(text, language);

    /// <summary>The document without its blocks.</summary>
    public PrintDocument Of(IncidentSheet sheet, string team, string maker, DateTimeOffset now) => new(
        PrintWords.Theirs($"{sheet.Number} · {sheet.Fields.Title}"),
        language.TwoLetterISOLanguageName,
        sheet.Mark.Label,
        PrintWords.Theirs(team.Length > 0 ? team : T("ticketing.print.report")),
        PrintWords.Theirs(outside ? T("ticketing.print.footer", sheet.Number, Minute(now)) : T("ticketing.print.footer-by", sheet.Number, Minute(now), maker)),
        T("kernel.print.page-of"),
        now,
        []);

    public IEnumerable<PrintBlock> Facts(IncidentSheet sheet)
    {
        if (sheet.Mark.Exercise)
            yield return new PrintText(Ours("ui.exercise"));
        var state = T($"ticketing.state.{sheet.State}") + (sheet.Outcome is { } outcome ? $" ({T($"ticketing.outcome.{outcome}")})" : "");
        var facts = new List<PrintFact>
        {
            new(T("ticketing.field.state"), PrintWords.Ours(state)),
            new(T("ticketing.field.severity"), Ours(sheet.Fields.Severity switch { 1 => "ui.severity.critical", 2 => "ui.severity.high", 3 => "ui.severity.medium", _ => "ui.severity.low" })),
            new(T("ticketing.field.rsit"), outside ? Ours($"ticketing.rsit.{Rsit.TypeOf(sheet.Fields.RsitType)}") : PrintWords.Theirs(types.Name(text, sheet.Fields.RsitType, language))),
            new(T("ticketing.field.marking"), PrintWords.Ours($"{sheet.Mark.Label}, PAP:{sheet.Mark.Pap.ToString().ToUpperInvariant()}")),
            new(T("ticketing.field.constituents"), PrintWords.Theirs(string.Join(", ", sheet.ConstituentNames))),
            new(T("ticketing.field.opened"), PrintWords.Ours(Minute(sheet.OpenedAt))),
        };
        void When(string key, DateTimeOffset? at)
        {
            if (at is { } moment)
                facts.Add(new(T(key), PrintWords.Ours(Minute(moment))));
        }
        When("ticketing.field.first-seen", sheet.FirstSeen);
        When("ticketing.field.confirmed", sheet.ConfirmedAt);
        if (sheet.State == IncidentStates.Closed)
            When("ticketing.print.closed", sheet.StateSince);
        if (!outside)
        {
            When("ticketing.field.due", sheet.DueAt);
            When("ticketing.field.resolve-due", sheet.ResolveDueAt);
            facts.Add(new(T("ticketing.field.owner"), sheet.Owner is { } owner ? PrintWords.Theirs(owner) : Ours("ticketing.timeline.owner-none")));
            facts.Add(new(T("ticketing.field.source"), Ours($"ticketing.source.{sheet.Source}")));
            // A linked incident has a label of its own, which its title wears; those merged into this one are in this paper's.
            var links = sheet.Links.Select(l => l.Number).Concat(sheet.Merged.Select(m => $"{m.Number} {m.Title}")).ToList();
            if (links.Count > 0)
                facts.Add(new(T("ticketing.page.links"), PrintWords.Theirs(string.Join("\n", links))));
        }
        yield return new PrintFacts(facts);
        if (sheet.Fields.Summary.Length > 0)
        {
            yield return Chapter("ticketing.field.summary");
            yield return new PrintText(PrintWords.Theirs(sheet.Fields.Summary));
        }
    }

    public IEnumerable<PrintBlock> Traces(IncidentSheet sheet) => sheet.Traces.Count == 0 ? [] :
    [
        Chapter("ticketing.field.traces"),
        new PrintTable([new(T("ticketing.field.rsit")), new(T("ticketing.print.value"), 4)], [.. sheet.Traces.Select(t => (IReadOnlyList<PrintWords>)[PrintWords.Theirs(t.Type), PrintWords.Theirs(Defanged(t))])]),
    ];

    public IEnumerable<PrintBlock> Tasks(IReadOnlyList<TaskLine> tasks) => tasks.Count == 0 ? [] :
    [
        Chapter("ticketing.task.title"),
        new PrintTable(
            [new(T("ticketing.field.title"), 4), new(T("ticketing.field.state")), new(T("ticketing.field.owner"), 1.5), new(T("ticketing.field.due"), 1.3)],
            [.. tasks.Select(t => (IReadOnlyList<PrintWords>)[PrintWords.Theirs(t.Title + (t.Note.Length > 0 ? $"\n{t.Note}" : "") + (t.Reason.Length > 0 ? $"\n{t.Reason}" : "")), Ours($"ticketing.task.state.{t.State}"), PrintWords.Theirs(t.Assignee), PrintWords.Ours(t.DueAt is { } due ? Minute(due) : "–")])]),
    ];

    public IEnumerable<PrintBlock> FollowUps(IReadOnlyList<FollowUpLine> lines) => lines.Count == 0 ? [] :
    [
        Chapter("ticketing.follow.title"),
        new PrintTable(
            [new(T("ticketing.field.title"), 4), new(T("ticketing.field.state")), new(T("ticketing.print.party"), 1.5), new(T("ticketing.field.due"), 1.3)],
            [.. lines.Select(l => (IReadOnlyList<PrintWords>)[PrintWords.Theirs(l.Title), Ours($"ticketing.follow.state.{l.State}"), PrintWords.Theirs(l.Party), PrintWords.Ours(l.DueAt is { } due ? Minute(due) : "–")])]),
    ];

    public IEnumerable<PrintBlock> Evidence(IReadOnlyList<EvidenceLine> lines) => lines.Count == 0 ? [] :
    [
        Chapter("ticketing.evidence.title"),
        new PrintTable(
            [new("#", 0.4), new(T("ticketing.places.file"), 2), new(T("ticketing.print.bytes"), 1, Numeric: true), new("SHA-256", 3.6)],
            [.. lines.Select(l => (IReadOnlyList<PrintWords>)[PrintWords.Ours($"E{l.Number}"), PrintWords.Theirs(l.Name), PrintWords.Ours(l.Size.ToString("N0", CultureInfo.InvariantCulture)), PrintWords.Ours(l.Sha256)])]),
    ];

    public IEnumerable<PrintBlock> Timeline(IncidentSheet sheet)
    {
        yield return Chapter("ticketing.timeline.title");
        var letters = 0;
        foreach (var item in sheet.Timeline.Where(Shown))
        {
            var words = string.Join("\n", new[] { _words.Particulars(item), outside && item.Kind.StartsWith("mail", StringComparison.Ordinal) ? "" : item.Text }
                .Concat(item.Deliveries.Select(d => $"{d.Recipient}: {T($"ticketing.delivery.{d.State}")}")).Where(w => w.Length > 0));
            var (shown, hidden) = Untrusted.Cap(words, letters > Plenty ? Short : 20_000);
            letters += shown.Length;
            var head = $"{Minute(item.At)} · {T($"ticketing.timeline.{item.Kind}")}{(outside ? "" : $" · {_words.By(item)}")}{(item.Of is { } part ? $" · {part}" : "")}";
            yield return new PrintEntry(PrintWords.Theirs(head), PrintWords.Theirs(hidden > 0 ? $"{shown} {T("ticketing.print.cut", hidden)}" : shown));
        }
    }

    /// <summary>Outside, what the team says among itself, whom it wrote to and who told it stays with the team.</summary>
    private bool Shown(TimelineLine item) => !outside || !item.Internal && item.Kind is "opened" or "state" or "confirmed" or "alert";

    /// <summary>A trace that no reader of the file makes a link of.</summary>
    private static string Defanged(TraceLine trace) => trace.Type is "domain" or "ipv4" or "ipv4_cidr" or "email" ? trace.Value.Replace(".", "[.]", StringComparison.Ordinal) : trace.Value;

    private PrintHeading Chapter(string key) => new(Ours(key));

    private PrintWords Ours(string key) => PrintWords.Ours(T(key));

    private string T(string key, params object?[] arguments) => text.In(language, key, arguments);

    /// <summary>Day and time, which a blank between them would put the other way round among letters from right to left (UAX 9, N1).</summary>
    private string Minute(DateTimeOffset at) => at.UtcDateTime.ToString(language.TextInfo.IsRightToLeft ? "yyyy-MM-dd'T'HH:mm'Z'" : "yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
