using Appliance.Kernel.Files;
using Xunit;

namespace Appliance.Kernel.Tests.Files;

public sealed class FileNamesTests
{
    [Theory]
    [InlineData("report.pdf", "report.pdf")]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("..\\..\\boot.ini", "boot.ini")]
    [InlineData("C:\\x\\y.txt", "y.txt")]
    [InlineData("/etc/cron.d/x", "x")]
    [InlineData("..", "file")]
    [InlineData(".", "file")]
    [InlineData("", "file")]
    [InlineData(null, "file")]
    [InlineData("  . . ", "file")]
    [InlineData("a\0b.txt", "ab.txt")]
    [InlineData("a\r\nb.txt", "ab.txt")]
    [InlineData("invoice\u202Efdp.exe", "invoicefdp.exe")]
    [InlineData("\u2066x\u2069.txt", "x.txt")]
    [InlineData("a\u200bb", "ab")]
    [InlineData("a:b*c?.txt", "a_b_c_.txt")]
    [InlineData("x\"<script>.html", "x__script_.html")]
    [InlineData("تقرير.pdf", "تقرير.pdf")]
    [InlineData("报告.pdf", "报告.pdf")]
    [InlineData("trailing. ", "trailing")]
    public void Names_of_strangers_become_names(string? given, string safe) => Assert.Equal(safe, FileNames.Safe(given));

    [Fact]
    public void Long_names_are_cut() => Assert.True(FileNames.Safe(new string('x', 5000)).Length <= 121);
}
