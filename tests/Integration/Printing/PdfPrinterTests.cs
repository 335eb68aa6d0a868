using System.Diagnostics;
using Appliance.Contracts;
using Appliance.Kernel.Print;
using Appliance.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Integration.Printing;

/// <summary>Documents become PDF in a process of their own, read back here by poppler.</summary>
public sealed class PdfPrinterTests : IDisposable
{
    private readonly PdfPrinter _printer = new(NullLogger<PdfPrinter>.Instance);
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("cirt-print-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _printer.Dispose();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Label_stands_twice_on_every_page_and_pages_are_counted()
    {
        var text = await PrintAsync(Document("en", [.. Enumerable.Range(0, 120).Select(i => new PrintEntry(PrintWords.Ours($"Entry {i}"), PrintWords.Theirs("Words of it.")))]));

        var pages = text.Split('\f', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(pages.Length > 2, $"{pages.Length} pages");
        foreach (var (index, page) in pages.Index())
        {
            Assert.Equal(2, page.Split("TLP:AMBER+STRICT").Length - 1);
            Assert.Contains($"Page {index + 1} of {pages.Length}", page, StringComparison.Ordinal);
        }
        for (var i = 0; i < 120; i++)
            Assert.Equal(1, System.Text.RegularExpressions.Regex.Count(text, $@"Entry {i}\b", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5)));
    }

    [Theory]
    [InlineData("see http://evil.example.com/a", "hxxp://evil[.]example[.]com/a")]
    [InlineData("facture\u202Efdp.exe", "facture[202E]fdp.exe")]
    [InlineData("nul\0in it", "nul[0000]in it")]
    [InlineData("a lone \ud800 half", "half")]
    [InlineData("<script>x()</script>", "<script>x()</script>")]
    public async Task Words_of_strangers_stay_words(string written, string read) =>
        Assert.Contains(read, await PrintAsync(Document("en", [new PrintText(PrintWords.Theirs(written))])), StringComparison.Ordinal);

    [Fact]
    public async Task A_value_without_blanks_is_broken_without_a_hyphen_and_a_cell_longer_than_a_page_loses_no_line()
    {
        var hash = string.Concat(Enumerable.Range(0, 20).Select(i => $"{i:x2}ab34cd"));
        var lines = string.Join("\n", Enumerable.Range(0, 300).Select(i => $"line-{i}."));
        var text = await PrintAsync(Document("en", [new PrintTable([new("Name"), new("Value", 2)], [[PrintWords.Theirs("hash"), PrintWords.Theirs(hash)], [PrintWords.Theirs("long"), PrintWords.Theirs(lines)]])]));

        Assert.DoesNotContain("-\n", text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        for (var i = 0; i < 300; i++)
            Assert.Contains($"line-{i}.", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ar", "تقرير الحادث")]
    [InlineData("zh", "事件报告")]
    [InlineData("ru", "Отчёт об инциденте")]
    public async Task Letters_of_the_language_are_in_the_file(string language, string words)
    {
        var file = await FileAsync(Document(language, [new PrintText(PrintWords.Ours(words))]));

        var fonts = await RunAsync("pdffonts", file);
        Assert.All(fonts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2), l => Assert.Matches(@"yes\s+yes\s+yes", l));
        var read = await Pdf.TextAsync(file);
        // The reader of the file joins and parts Arabic words as it likes; no letter may be lost.
        Assert.All(words.Where(char.IsLetter), letter => Assert.Contains(letter, read.Normalize(System.Text.NormalizationForm.FormKC)));
    }

    [Fact]
    public async Task Document_that_nobody_reads_is_refused_and_says_why()
    {
        var refused = await _printer.PrintAsync(Document("en", [.. Enumerable.Range(0, 120_000).Select(_ => new PrintEntry(PrintWords.Ours("x"), PrintWords.Ours("y")))]), Cancel);

        Assert.Equal("kernel.refused.print", Assert.Single(refused.Refusals).Key);
        Assert.Contains("2000 pages", $"{refused.Refusals[0].Arguments[0]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_shape_of_text_that_attackers_write_is_printed()
    {
        var all = new[] { "\u202e\u202d\u2066", new string('(', 5000), string.Concat(Enumerable.Repeat("\u0301", 3000)), "\ufeff", new string('\n', 3000), "a\u0300\u0301\u0302".PadLeft(9000, '\u0e33'), "👩‍👩‍👧‍👦🏳️‍🌈", "\r\r\n", new string('م', 30_000) };
        var text = await PrintAsync(Document("ar", [.. all.Select(a => new PrintText(PrintWords.Theirs(a))), new PrintFacts([.. all.Select(a => new PrintFact("x", PrintWords.Theirs(a)))]), new PrintText(PrintWords.Ours("the end"))]));

        Assert.Contains("the end", text, StringComparison.Ordinal);
    }

    private static PrintDocument Document(string language, IReadOnlyList<PrintBlock> blocks) => new(
        PrintWords.Theirs("A title"), language, "TLP:AMBER+STRICT", PrintWords.Theirs("A team"), PrintWords.Theirs("A foot"), "Page {0} of {1}", DateTimeOffset.UnixEpoch, blocks);

    private async Task<string> PrintAsync(PrintDocument document) => await Pdf.TextAsync(await FileAsync(document));

    private async Task<string> FileAsync(PrintDocument document)
    {
        var printed = await _printer.PrintAsync(document, Cancel);
        Assert.True(printed.Succeeded, string.Join("; ", printed.Refusals.Select(r => $"{r.Key} {string.Join(' ', r.Arguments)}")));
        var file = Path.Combine(_folder, "a.pdf");
        await File.WriteAllBytesAsync(file, printed.Value, Cancel);
        return file;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(process.ExitCode == 0, await said);
        Assert.DoesNotContain("Syntax Error", await said, StringComparison.Ordinal);
        return output;
    }
}
