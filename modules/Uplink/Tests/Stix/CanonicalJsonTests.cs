using System.Text;
using System.Text.Json;
using Appliance.Uplink.Stix;
using Xunit;

namespace Appliance.Uplink.Tests.Stix;

public sealed class CanonicalJsonTests
{
    // RFC 8785, appendix B: bit pattern of the double, and how it is written.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(unchecked((long)0x8000000000000000), "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(unchecked((long)0x8000000000000001), "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(unchecked((long)0xc340000000000000), "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555554, "333333333.33333325")]
    [InlineData(0x41b3de4355555557, "333333333.33333343")]
    [InlineData(unchecked((long)0xbecbf647612f3696), "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void Number_is_written_as_the_standard_s_table_says(long bits, string text) => Assert.Equal(text, CanonicalJson.Number(BitConverter.Int64BitsToDouble(bits)));

    [Fact]
    public void Names_sort_by_utf16_and_controls_are_escaped() =>
        Assert.Equal("{\"\\r\":\"a\",\"1\":2,\"\u20ac\":\"\\u000f\",\"\U0001F600\":1,\"\ufb33\":null}", Canonical("""{ "\ufb33": null, "\ud83d\ude00": 1.0, "\u20ac": "\u000F", "\r": "\u0061", "1": 2 }"""));

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""["\ud800"]""")]
    [InlineData("[1e999]")]
    public void What_has_no_canonical_form_is_refused(string json) => Assert.ThrowsAny<FormatException>(() => Canonical(json));

    private static string Canonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Encoding.UTF8.GetString(CanonicalJson.Write(document.RootElement));
    }
}
