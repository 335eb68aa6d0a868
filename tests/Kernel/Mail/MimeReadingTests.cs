using System.Diagnostics;
using System.Text;
using Appliance.Kernel.Mail.Parse;
using Xunit;

namespace Appliance.Kernel.Tests.Mail;

public sealed class MimeReadingTests
{
    static MimeReadingTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Fact]
    public void Parts_are_cut_at_their_own_boundary_and_never_beyond_that_of_the_whole()
    {
        var tree = Tree("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a-- end\r\n--a\r\nlost");
        Assert.Equal(["multipart/mixed", "text/plain"], tree.Children.Select(c => c.Type.Value));
        Assert.Equal("one", Encoding.ASCII.GetString(tree.Children[0].Children.Single().Body));
        Assert.Equal("two", Encoding.ASCII.GetString(tree.Children[1].Body));
    }

    [Fact]
    public void Lines_that_are_no_headers_are_passed_over_and_obsolete_blanks_are_read()
    {
        var tree = Tree("Subject :one\r\n  two\r\nno header\r\nDate  \t: now\r\n\r\nbody");
        Assert.Equal(["Subject=one  two", "Date=now"], tree.Headers.Select(h => $"{h.Name}={h.Value}"));
    }

    [Fact]
    public void Attached_message_with_a_transfer_encoding_is_read_all_the_same()
    {
        var inner = Convert.ToBase64String("Subject: inner\r\n\r\ntext"u8);
        var tree = Tree($"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}\r\n");
        Assert.Equal("inner", tree.Children.Single().Header("Subject"));
    }

    [Theory]
    [InlineData(100_000, 1, 1, "depth")]
    [InlineData(1, 100_000, 1, "parts")]
    [InlineData(1, 1, 200_000, "headers")]
    public void What_is_built_to_be_too_much_is_bounded_in_time_and_named(int levels, int parts, int headers, string limit)
    {
        var text = new StringBuilder();
        text.Append(string.Concat(Enumerable.Repeat("X: y\r\n", headers)));
        if (parts > 1)
            text.Append("Content-Type: multipart/mixed; boundary=p\r\n\r\n").Append(string.Concat(Enumerable.Repeat("--p\r\n\r\n", parts)));
        else
            for (var i = 0; i < levels; i++)
                text.Append("Content-Type: multipart/mixed; boundary=b").Append(i).Append("\r\n\r\n--b").Append(i).Append("\r\n");
        var limits = new SortedSet<string>();
        var watch = Stopwatch.StartNew();
        MimeTree.Of(Encoding.ASCII.GetBytes(text.ToString()), limits);
        Assert.Equal([limit], limits);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("SGVsbG8=", "base64", "Hello")]
    [InlineData("SGV\r\nsb*G8=tail", "BASE64", "Hello")]
    [InlineData("SGVsbG8", "base64", "Hel")]
    [InlineData("a=3Db=\r\nc =  \r\nd=zz \t\r\n", "quoted-printable", "a=bc d=zz\r\n")]
    [InlineData("=", "quoted-printable", "")]
    public void Transfer_encodings_give_what_can_be_read(string body, string encoding, string content) =>
        Assert.Equal(content, Encoding.ASCII.GetString(TransferCoding.Decode(encoding, Encoding.ASCII.GetBytes(body))));

    [Theory]
    [InlineData("attachment; filename*0*=utf-8'en'%e2%82%ac%20; filename*1=\"rates.txt\"", "€ rates.txt")]
    [InlineData("attachment; filename*=iso-8859-1''%fcber.txt; filename=uber.txt", "über.txt")]
    [InlineData("attachment; filename=\"a;b\\\"c.txt\" (old)", "a;b\"c.txt")]
    [InlineData("attachment; filename=\"never closed", "never closed")]
    [InlineData("attachment; ; =x; filename=plain.txt", "plain.txt")]
    public void Parameters_are_put_together(string value, string name) => Assert.Equal(name, ParameterValue.Of(value).Parameter("filename"));

    [Theory]
    [InlineData("iso-2022-jp", "1b2442467c4b5c1b2842", "日本")]
    [InlineData(null, "1b2442467c4b5c1b2842", "日本")]
    [InlineData("gb18030", "d6d0b9fa", "中国")]
    [InlineData("GB2312", "d6d0b9fa", "中国")]
    [InlineData("koi8-r", "f0d2c9d7c5d4", "Привет")]
    [InlineData("windows-1256", "e3d1cde8c7", "مرحèا")]
    [InlineData("x-unknown", "c3a9", "é")]
    [InlineData("us-ascii", "e9", "é")]
    [InlineData("utf-8", "e974e9", "été")]
    [InlineData("utf-7", "2b41447753472d", "+ADwSG-")]
    public void Charsets_are_read_by_their_label_or_by_what_the_bytes_are(string? charset, string hex, string text) => Assert.Equal(text, Charsets.Decode(Convert.FromHexString(hex), charset));

    private static MimeNode Tree(string message) => MimeTree.Of(Encoding.ASCII.GetBytes(message), []);
}
