using System.Globalization;
using System.Net;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Csv;
using Appliance.Kernel.Outbox;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Export;

/// <summary>A column of an exported list.</summary>
/// <param name="Name">Stable, English, as in the API: programs read it.</param>
/// <param name="Value">Text, number, time, flag, address or a list of texts.</param>
public sealed record ExportColumn<T>(string Name, Func<T, object?> Value);

/// <summary>Writes a list as CSV that no spreadsheet takes for formulas, or as JSON: page by page by key, as the viewer sees it, in constant memory.</summary>
public static class ListExport
{
    /// <summary>Rows in one file at most. A file that was cut says so in its name.</summary>
    public const int MostRows = 100_000;

    private const int PageSize = 200;

    /// <summary>The answer of an export endpoint: the file, or the refusal of the first page.</summary>
    /// <param name="name">Of the file, without extension.</param>
    /// <param name="format"><c>csv</c> or <c>json</c>.</param>
    /// <param name="columns">What is written of each row.</param>
    /// <param name="read">Reads the page after a key.</param>
    /// <param name="cancel">Ends it with the connection.</param>
    public static async Task<object> AnswerAsync<T>(string name, string format, IReadOnlyList<ExportColumn<T>> columns, Func<string?, int, CancellationToken, Task<Outcome<Page<T>>>> read, CancellationToken cancel)
    {
        var first = await read(null, PageSize, cancel);
        if (!first.TryGet(out var page))
            return Outcome<Done>.Refused(first.Refusals);
        var json = format == "json";
        var cut = page is { Total: > MostRows };
        return Results.Stream(
            stream => WriteAsync(stream, json, columns, page, read, cancel),
            json ? "application/json" : "text/csv; charset=utf-8",
            $"{name}{(cut ? $"-first-{MostRows}" : "")}.{(json ? "json" : "csv")}");
    }

    private static async Task WriteAsync<T>(Stream stream, bool json, IReadOnlyList<ExportColumn<T>> columns, Page<T> page, Func<string?, int, CancellationToken, Task<Outcome<Page<T>>>> read, CancellationToken cancel)
    {
        await stream.WriteAsync(json ? "["u8.ToArray() : new CsvWriter().Row(columns.Select(c => c.Name)).ToBytes(), cancel);
        for (var written = 0; written < MostRows;)
        {
            await stream.WriteAsync(json ? Json(columns, page.Items, written > 0) : Csv(columns, page.Items), cancel);
            written += page.Items.Count;
            if (page.Next is null || !(await read(page.Next, PageSize, cancel)).TryGet(out var next))
                break;
            page = next;
        }

        if (json)
            await stream.WriteAsync("\n]\n"u8.ToArray(), cancel);
    }

    private static byte[] Csv<T>(IReadOnlyList<ExportColumn<T>> columns, IReadOnlyList<T> rows)
    {
        var writer = new CsvWriter();
        foreach (var row in rows)
            writer.Row(columns.Select(c => Text(c.Value(row))));
        return System.Text.Encoding.UTF8.GetBytes(writer.ToString());
    }

    private static byte[] Json<T>(IReadOnlyList<ExportColumn<T>> columns, IReadOnlyList<T> rows, bool comma)
    {
        using var buffer = new MemoryStream();
        foreach (var row in rows)
        {
            buffer.Write(comma ? ",\n"u8 : "\n"u8);
            comma = true;
            using var writer = new Utf8JsonWriter(buffer);
            writer.WriteStartObject();
            foreach (var column in columns)
            {
                writer.WritePropertyName(column.Name);
                JsonSerializer.Serialize(writer, column.Value(row) is IPAddress or DateTimeOffset or null ? Text(column.Value(row)) : column.Value(row), OutboxJson.Options);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static string? Text(object? value) => value switch
    {
        null => null,
        DateTimeOffset at => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        IEnumerable<string> texts => string.Join("; ", texts),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
