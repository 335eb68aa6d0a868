using System.Diagnostics;
using Appliance.Kernel.Csv;
using Xunit;

namespace Appliance.Kernel.Tests.Csv;

public sealed class CsvTests
{
    [Fact]
    public void Reads_quotes_doubled_quotes_and_line_breaks_in_cells()
    {
        var rows = CsvReader.Read("a,\"b \"\"x\"\"\r\nc\",d\r\ne,,\"\"\n", ',').ToList();
        Assert.Equal(["a", "b \"x\"\r\nc", "d"], rows[0].Cells);
        Assert.Equal(["e", "", ""], rows[1].Cells);
        Assert.Equal([1, 3], rows.Select(r => r.Line));
    }

    [Fact]
    public void Quote_left_open_spoils_its_own_line_only()
    {
        var rows = CsvReader.Read("a,b\nc,\"d\ne,f\n", ',').ToList();
        Assert.Equal([CsvFault.None, CsvFault.UnclosedQuote, CsvFault.None], rows.Select(r => r.Fault));
        Assert.Equal(["e", "f"], rows[2].Cells);
        Assert.Equal([1, 2, 3], rows.Select(r => r.Line));
    }

    [Theory]
    [InlineData("a\"b,c\n", CsvFault.None)]
    [InlineData("\"a\"b,c\n", CsvFault.TextAfterQuote)]
    [InlineData("aaaaaaaaaaaaaaaaa\n", CsvFault.CellTooLong)]
    [InlineData("\"aaaaaaaaaaaaaaaaa\"\n", CsvFault.CellTooLong)]
    [InlineData("a,b,c,d,e\n", CsvFault.TooManyCells)]
    public void Names_the_fault_of_a_row(string text, CsvFault fault) =>
        Assert.Equal(fault, Assert.Single(CsvReader.Read(text, ',', new CsvLimits(MaxCellChars: 16, MaxCells: 4))).Fault);

    [Theory]
    [InlineData("a,b,c\n1;2;3;4;5", ',')]
    [InlineData("\"a,b,c\";d\n", ';')]
    [InlineData("a\tb\n", '\t')]
    [InlineData("word\n", ',')]
    public void Finds_the_delimiter_in_the_first_line(string text, char delimiter) => Assert.Equal(delimiter, CsvReader.Delimiter(text));

    [Theory]
    [InlineData("\"")]
    [InlineData("x,\"\n")]
    [InlineData("\"\"\"\n")]
    [InlineData("a,\"b\n\"\"")]
    public void Hostile_quotes_cost_little_time(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 200_000));
        var clock = Stopwatch.StartNew();
        var rows = CsvReader.Read(text, ',').Count();
        Assert.True(rows > 0);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    [Fact]
    public void Random_text_is_read_to_its_end()
    {
        var random = new Random(5);
        const string Alphabet = "ab,\"\"\n\r;\t ";
        for (var i = 0; i < 2_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            var lines = CsvReader.Read(text, ',').Select(r => r.Line).ToList();
            Assert.Equal(lines.Order(), lines);
            Assert.Equal(lines.Distinct().Count(), lines.Count);
        }
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+49", "'+49")]
    [InlineData("-3", "'-3")]
    [InlineData("@sum", "'@sum")]
    [InlineData("plain", "plain")]
    [InlineData("a,\"b\"", "\"a,\"\"b\"\"\"")]
    public void Writes_cells_that_no_spreadsheet_runs(string cell, string written)
    {
        Assert.Equal(written + "\r\n", new CsvWriter().Row([cell]).ToString());
        Assert.Equal(cell, CsvWriter.Plain(CsvReader.Read(new CsvWriter().Row([cell]).ToString(), ',').Single().Cells[0]));
    }
}
