using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Mail.Parse;
using Xunit;

namespace Appliance.Kernel.Tests.Mail;

/// <summary>Files of a message are read back by the parser as they were given.</summary>
public sealed class FilePartsTests
{
    [Theory]
    [InlineData("report.pdf", 1)]
    [InlineData("rapport d'été (1).pdf", 57)]
    [InlineData("证据-文件-非常长的名字-非常长的名字-非常长的名字-非常长的名字-非常长的名字.bin", 58)]
    [InlineData("تقرير.txt", 200_000)]
    public void File_is_read_back_with_its_name_and_bytes(string name, int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        var message = Write("Hello\n", new OutgoingFile(name, bytes), new OutgoingFile("b.txt", "two"u8.ToArray()));
        var read = new MailReader(message, full: false).Read();
        Assert.Equal([(name, (long)size, Convert.ToHexStringLower(SHA256.HashData(bytes))), ("b.txt", 3L, Convert.ToHexStringLower(SHA256.HashData("two"u8)))], read.Attachments.Select(a => (a.Name, a.Size, a.Sha256)));
        Assert.Equal("Hello", read.Text.Trim());
        Assert.All(Encoding.ASCII.GetString(message).Split("\r\n"), line => Assert.True(line.Length <= 78, line));
        // Each is found again by its place alone, as when it is kept as evidence.
        Assert.Equal(bytes, MimePart.Find(Frames.With(read.Attachments[0].PartId, message)));
        Assert.Null(MimePart.Find(Frames.With("9.9", message)));
    }

    [Fact]
    public void Text_that_looks_like_the_end_of_a_part_ends_none()
    {
        var message = Write("--=_0198c7a0000070008000000000000001\n\n--=_\n", new OutgoingFile("a.bin", new byte[100]));
        var read = new MailReader(message, full: false).Read();
        Assert.Single(read.Attachments);
        Assert.Contains("--=_", read.Text, StringComparison.Ordinal);
    }

    private static byte[] Write(string text, params OutgoingFile[] files)
    {
        GMime.Init();
        return MessageBytes.Write(
            new() { About = "incident/x", Recipients = [new("a@b.example")], Subject = "s", Text = text, Marking = Marking.Default, Files = files },
            $"{Guid.CreateVersion7():N}@cirt.example", "cirt@cirt.example", "CIRT", DateTimeOffset.UnixEpoch);
    }
}
