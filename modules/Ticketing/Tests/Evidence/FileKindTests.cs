using Appliance.Ticketing.Evidence;
using Xunit;

namespace Appliance.Ticketing.Tests.Evidence;

public sealed class FileKindTests
{
    [Theory]
    [InlineData("4D5A9000", "application/vnd.microsoft.portable-executable")]
    [InlineData("7F454C46", "application/x-elf")]
    [InlineData("504B0304", "application/zip")]
    [InlineData("255044462D312E37", "application/pdf")]
    [InlineData("D0CF11E0A1B11AE1", "application/x-ole-storage")]
    [InlineData("EFBBBF200A3C68746D6C3E", "text/html")]
    [InlineData("3C73766720", "image/svg+xml")]
    [InlineData("48656C6C6F0A", "text/plain")]
    [InlineData("D985D8B1D8ADD8A8D8A7", "text/plain")]
    [InlineData("00010203", "application/octet-stream")]
    [InlineData("4D", "text/plain")]
    [InlineData("", "application/octet-stream")]
    public void Kind_is_guessed_by_bytes(string head, string kind) => Assert.Equal(kind, FileKind.Of(Convert.FromHexString(head)));

    [Fact]
    public void Archive_of_tapes_is_known_by_its_mark_in_the_middle()
    {
        var head = new byte[512];
        "ustar"u8.CopyTo(head.AsSpan(257));
        Assert.Equal("application/x-tar", FileKind.Of(head));
    }
}
