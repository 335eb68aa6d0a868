using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Print;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Appliance.Consoles.Reports;

/// <summary>A report as a document to be printed: the numbers of the page in the reader's language and zone.</summary>
internal static class ReportDocument
{
    public static async Task<object> PdfAsync(Viewer viewer, ReadReport read, PdfPrinter printer, IText text, CancellationToken cancel, string? kind, string? at, int? hours, string? from, string? to, [FromQuery] string[]? sections)
    {
        var outcome = await read.RunAsync(viewer, new(kind, at, hours, from, to, sections), cancel);
        if (!outcome.TryGet(out var report))
            return Outcome<Done>.Refused(outcome.Refusals);
        var printed = await printer.PrintAsync(Of(report, text), cancel);
        return printed.TryGet(out var file) ? Results.File(file, "application/pdf", ReportFile.NameOf(report, "pdf")) : Outcome<Done>.Refused(printed.Refusals);
    }

    public static PrintDocument Of(Report report, IText text)
    {
        var title = ReportWords.Title(text, report.Range);
        return new(
            PrintWords.Ours(title),
            CultureInfo.CurrentUICulture.TwoLetterISOLanguageName,
            report.Highest.Label,
            PrintWords.Theirs(report.Team.Length > 0 ? report.Team : text["console.reports"]),
            PrintWords.Theirs($"{title} · {Minute(report, report.MadeAt)} · {report.Maker}"),
            text["kernel.print.page-of"],
            report.MadeAt,
            [.. Blocks(report, text)]);
    }

    private static IEnumerable<PrintBlock> Blocks(Report report, IText text)
    {
        var period = report.Range.Period;
        yield return new PrintFacts(
        [
            new(text["console.report.period"], PrintWords.Ours($"{Minute(report, period.From)} – {Minute(report, period.To)}")),
            new(text["console.report.before"], PrintWords.Ours($"{Minute(report, period.BeforeFrom)} – {Minute(report, period.BeforeTo)}")),
            new(text["console.report.fact.zone"], PrintWords.Ours(report.Range.Zone.Id)),
            new(text["console.report.fact.maker"], PrintWords.Theirs(report.Maker)),
        ]);
        yield return new PrintText(PrintWords.Ours(text["console.report.counted"]), Quiet: true);
        if (report.Range.Runs)
            yield return new PrintText(PrintWords.Ours(text["console.report.runs"]), Quiet: true);
        if (report.Pieces.Count == 0)
            yield return new PrintText(PrintWords.Ours(text["console.report.none"]));
        foreach (var piece in report.Pieces)
        {
            yield return new PrintHeading(PrintWords.Ours(text[piece.Section.Key]));
            if (piece.Part is not { } part)
            {
                yield return new PrintText(PrintWords.Ours(text[piece.Late ? "console.report.late" : "console.report.failed", ReadReport.Patience.TotalSeconds]));
                continue;
            }
            foreach (var block in Part(report, part, text))
                yield return block;
        }
    }

    private static IEnumerable<PrintBlock> Part(Report report, ReportPart part, IText text)
    {
        if (part.Numbers.Count > 0)
            yield return new PrintTable(
                [new(text["console.report.what"], 3), new(text["kernel.report.now"], 1, true), new(text["kernel.report.before"], 1, true), new(text["console.report.change"], 1, true)],
                [.. part.Numbers.Select(n => (IReadOnlyList<PrintWords>)[PrintWords.Ours(text[n.Key]), Value(report, text, n.Value, n.Unit), Value(report, text, n.Before, n.Unit), PrintWords.Ours(ReportWords.Change(n))])]);
        foreach (var plot in part.Plots.Where(p => p.Lines.Count > 0 && p.Lines.Any(l => l.Values.Any(v => v > 0))))
            yield return new PrintBars(text[plot.Key], Day(report, report.Range.Period.Steps[0]), Day(report, report.Range.Period.Steps[^1]), [.. plot.Lines.Select(l => new PrintSeries(text[l.Key], l.Values))]);
        foreach (var table in part.Tables.Where(t => t.Rows.Count > 0))
        {
            yield return new PrintHeading(PrintWords.Ours(text[table.Key]), 2);
            var numeric = table.Columns.Select((_, i) => i > 0 && table.Rows.All(r => r[i].Text is null && r[i].Key is null)).ToList();
            yield return new PrintTable(
                [.. table.Columns.Select((c, i) => new PrintColumn(text[c], i == 0 ? 4 : 1.2, numeric[i]))],
                [.. table.Rows.Select(r => (IReadOnlyList<PrintWords>)[.. r.Select(c => c.Key is { } key ? PrintWords.Ours(ReportWords.Word(text, key)) : c.Text is { } words ? PrintWords.Theirs(words) : Value(report, text, c.Number, c.Unit))])]);
        }
    }

    private static PrintWords Value(Report report, IText text, double? value, ReportUnit unit) =>
        PrintWords.Ours(unit == ReportUnit.Moment && value is { } seconds ? Minute(report, DateTimeOffset.FromUnixTimeSeconds((long)seconds)) : ReportWords.Value(text, value, unit));

    /// <summary>Day and time, which a blank between them would put the other way round among letters from right to left (UAX 9, N1).</summary>
    private static string Minute(Report report, DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, report.Range.Zone).ToString(CultureInfo.CurrentUICulture.TextInfo.IsRightToLeft ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Day(Report report, DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, report.Range.Zone).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
