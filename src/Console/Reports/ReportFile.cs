using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Csv;
using Appliance.Kernel.Outbox;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Appliance.Consoles.Reports;

/// <summary>A report as a file: the same counting as the page, for spreadsheets and programs. Both begin with its label, its maker and its period.</summary>
internal static class ReportFile
{
    private static readonly JsonSerializerOptions s_json = new(OutboxJson.Options) { WriteIndented = true };

    public static Task<object> CsvAsync(Viewer viewer, ReadReport read, IText text, CancellationToken cancel, string? kind, string? at, int? hours, string? from, string? to, [FromQuery] string[]? sections) =>
        AnswerAsync(viewer, read, new(kind, at, hours, from, to, sections), "csv", "text/csv; charset=utf-8", report => Csv(report, text), cancel);

    public static Task<object> JsonAsync(Viewer viewer, ReadReport read, IText text, CancellationToken cancel, string? kind, string? at, int? hours, string? from, string? to, [FromQuery] string[]? sections) =>
        AnswerAsync(viewer, read, new(kind, at, hours, from, to, sections), "json", "application/json", report => Json(report, text), cancel);

    /// <summary>One line a number: section, what it is (fact, number, table, plot), its name, its title, the row, the column, the value, the value before, the unit.</summary>
    public static byte[] Csv(Report report, IText text)
    {
        var writer = new CsvWriter().Row("section", "kind", "name", "title", "row", "column", "value", "before", "unit");
        void Fact(string name, string value) => writer.Row("report", "fact", name, text[$"console.report.fact.{name}"], null, null, value, null, null);
        Fact("marking", report.Highest.Label);
        Fact("team", report.Team);
        Fact("maker", report.Maker);
        Fact("made", Iso(report.MadeAt));
        Fact("from", Iso(report.Range.Period.From));
        Fact("to", Iso(report.Range.Period.To));
        Fact("before-from", Iso(report.Range.Period.BeforeFrom));
        Fact("before-to", Iso(report.Range.Period.BeforeTo));
        Fact("zone", report.Range.Zone.Id);
        foreach (var piece in report.Pieces)
        {
            if (piece.Part is not { } part)
            {
                writer.Row(piece.Section.Key, "missing", piece.Section.Key, text[piece.Section.Key], null, null, text[piece.Late ? "console.report.late" : "console.report.failed", ReadReport.Patience.TotalSeconds], null, null);
                continue;
            }
            foreach (var number in part.Numbers)
                writer.Row(piece.Section.Key, "number", number.Key, text[number.Key], null, null, Number(number.Value, number.Unit), Number(number.Before, number.Unit), Unit(number.Unit));
            foreach (var table in part.Tables)
                foreach (var (at, row) in table.Rows.Index())
                    for (var column = 1; column < row.Count; column++)
                        writer.Row(piece.Section.Key, "table", table.Key, text[table.Key], Cell(text, row[0]), text[table.Columns[column]], Cell(text, row[column]), null, row[column].Number is null ? "text" : Unit(row[column].Unit));
            foreach (var plot in part.Plots)
                foreach (var line in plot.Lines)
                    foreach (var (step, value) in line.Values.Index())
                        writer.Row(piece.Section.Key, "plot", plot.Key, text[plot.Key], Iso(report.Range.Period.Steps[step]), text[line.Key], value.ToString(CultureInfo.InvariantCulture), null, Unit(plot.Unit));
        }
        return writer.ToBytes();
    }

    /// <summary>The report as one object; names are stable, titles are in the reader's language.</summary>
    public static byte[] Json(Report report, IText text) => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            marking = report.Highest.Label,
            report.Team,
            report.Maker,
            report.MadeAt,
            kind = report.Range.Address.KindOrFirst,
            report.Range.Period.From,
            report.Range.Period.To,
            report.Range.Period.BeforeFrom,
            report.Range.Period.BeforeTo,
            zone = report.Range.Zone.Id,
            steps = report.Range.Period.Steps,
            sections = report.Pieces.Select(p => new
            {
                name = p.Section.Key,
                title = text[p.Section.Key],
                state = p.Part is not null ? "counted" : p.Late ? "late" : "failed",
                marking = p.Part?.Highest.Label,
                numbers = p.Part?.Numbers.Select(n => new { name = n.Key, title = text[n.Key], n.Value, n.Before, unit = Unit(n.Unit) }),
                tables = p.Part?.Tables.Select(t => new { name = t.Key, title = text[t.Key], columns = t.Columns.Select(c => text[c]), rows = t.Rows.Select(r => r.Select(c => c.Text is null && c.Key is null ? c.Number : (object?)Cell(text, c))) }),
                plots = p.Part?.Plots.Select(s => new { name = s.Key, title = text[s.Key], unit = Unit(s.Unit), lines = s.Lines.Select(l => new { name = l.Key, title = text[l.Key], l.Values }) }),
            }),
        },
        s_json);

    private static async Task<object> AnswerAsync(Viewer viewer, ReadReport read, ReportAddress address, string extension, string type, Func<Report, byte[]> write, CancellationToken cancel)
    {
        var outcome = await read.RunAsync(viewer, address, cancel);
        if (!outcome.TryGet(out var report))
            return Outcome<Done>.Refused(outcome.Refusals);
        return Results.File(write(report), type, NameOf(report, extension));
    }

    /// <summary>What the file is called: the kind of period and its beginning.</summary>
    internal static string NameOf(Report report, string extension) =>
        string.Create(CultureInfo.InvariantCulture, $"report-{report.Range.Address.KindOrFirst}-{TimeZoneInfo.ConvertTime(report.Range.Period.From, report.Range.Zone):yyyy-MM-dd'T'HHmm}.{extension}");

    private static string? Cell(IText text, ReportCell cell) => cell.Key is { } key ? ReportWords.Word(text, key) : cell.Text ?? Number(cell.Number, cell.Unit);

    private static string? Number(double? value, ReportUnit unit) => value switch
    {
        null => null,
        { } seconds when unit == ReportUnit.Moment => Iso(DateTimeOffset.FromUnixTimeSeconds((long)seconds)),
        { } number => Math.Round(number, 1).ToString(CultureInfo.InvariantCulture),
    };

    private static string Unit(ReportUnit unit) => unit switch { ReportUnit.Minutes => "minutes", ReportUnit.Moment => "time", _ => "count" };

    private static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
