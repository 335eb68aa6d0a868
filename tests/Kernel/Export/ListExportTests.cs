using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Csv;
using Appliance.Kernel.Export;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Kernel.Tests.Export;

public sealed class ListExportTests
{
    private static readonly IReadOnlyList<ExportColumn<string>> s_columns = [new("text", s => s), new("at", _ => DateTimeOffset.UnixEpoch), new("names", s => new[] { s, "b" }), new("none", _ => null)];

    [Fact]
    public async Task Every_page_is_written_in_order()
    {
        var (text, name) = await WriteAsync("csv", after => Page(after, 450));

        Assert.Equal("things.csv", name);
        var rows = CsvReader.Read(text.TrimStart('\uFEFF'), ',').ToList();
        Assert.Equal(451, rows.Count);
        Assert.Equal(["text", "at", "names", "none"], rows[0].Cells);
        Assert.Equal(["item 450", "1970-01-01T00:00:00Z", "item 450; b", ""], rows[450].Cells);
    }

    [Fact]
    public async Task Json_reads_back_and_an_empty_list_is_an_empty_array()
    {
        using var document = JsonDocument.Parse((await WriteAsync("json", after => Page(after, 201))).Text);
        Assert.Equal(201, document.RootElement.GetArrayLength());
        Assert.Equal("1970-01-01T00:00:00Z", document.RootElement[200].GetProperty("at").GetString());
        Assert.Equal(["item 201", "b"], document.RootElement[200].GetProperty("names").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal("[\n]\n", (await WriteAsync("json", after => Page(after, 0))).Text);
    }

    [Theory]
    [InlineData("=1+1")]
    [InlineData("+1")]
    [InlineData("-2+3")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    [InlineData("\r=1")]
    [InlineData("\n=1")]
    [InlineData("\uFF1D1+1")]
    [InlineData("\uFF0B1")]
    [InlineData("\uFF0D1")]
    [InlineData("\uFF20x")]
    public async Task Text_that_a_spreadsheet_takes_for_a_formula_is_made_plain(string text)
    {
        var (csv, _) = await WriteAsync("csv", _ => new Page<string>([text], null));

        Assert.Equal("'" + text, CsvReader.Read(csv.TrimStart('\uFEFF'), ',').Last().Cells[0]);
        Assert.Equal(text, CsvWriter.Plain("'" + text));
        using var json = JsonDocument.Parse((await WriteAsync("json", _ => new Page<string>([text], null))).Text);
        Assert.Equal(text, json.RootElement[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_list_that_was_cut_says_so_in_its_name() =>
        Assert.Equal("things-first-100000.csv", (await WriteAsync("csv", _ => new Page<string>(["x"], null, 100_001))).Name);

    [Fact]
    public async Task A_refused_first_page_refuses_the_file()
    {
        var answer = await ListExport.AnswerAsync("things", "csv", s_columns, (_, _, _) => Task.FromResult<Outcome<Page<string>>>(Refuse.Forbidden("kernel.refused.permission")), CancellationToken.None);

        Assert.Equal(RefusalKind.Forbidden, Assert.IsType<Outcome<Done>>(answer).Refusals[0].Kind);
    }

    private static Page<string> Page(string? after, int total)
    {
        var from = int.Parse(after ?? "0", CultureInfo.InvariantCulture);
        var items = Enumerable.Range(from + 1, Math.Min(200, total - from)).Select(i => $"item {i}").ToList();
        return new(items, from + 200 < total ? (from + 200).ToString(CultureInfo.InvariantCulture) : null);
    }

    private static async Task<(string Text, string Name)> WriteAsync(string format, Func<string?, Page<string>> page)
    {
        var answer = await ListExport.AnswerAsync("things", format, s_columns, (after, _, _) => Task.FromResult<Outcome<Page<string>>>(page(after)), CancellationToken.None);
        var http = new DefaultHttpContext { RequestServices = new ServiceCollection().AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(NullLoggerFactory.Instance).BuildServiceProvider() };
        using var body = new MemoryStream();
        http.Response.Body = body;
        await Assert.IsAssignableFrom<IResult>(answer).ExecuteAsync(http);
        var name = System.Net.Http.Headers.ContentDispositionHeaderValue.Parse(http.Response.Headers.ContentDisposition.ToString()).FileName!;
        return (System.Text.Encoding.UTF8.GetString(body.ToArray()), name.Trim('"'));
    }
}
