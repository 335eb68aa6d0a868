using System.Text;
using Appliance.Sensing.Intake;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class MendingTests
{
    [Theory]
    [InlineData("""{"a":"plain"}""")]
    [InlineData("""{"a":"\\u0000 is written with two backslashes"}""")]
    [InlineData("""{"a":"\u00e9\ud83d\ude00"}""")]
    [InlineData("""{"a":"\n\t\"\\"}""")]
    public void Sound_lines_stay_as_they_are(string line)
    {
        Assert.True(Mending.IsSound(Encoding.UTF8.GetBytes(line)));
        Assert.Equal(line, Encoding.UTF8.GetString(Mending.Mend(Encoding.UTF8.GetBytes(line))));
    }

    [Theory]
    [InlineData("""{"a":"x\u0000y"}""", """{"a":"x\ufffdy"}""")]
    [InlineData("""{"a":"\\\u0000"}""", """{"a":"\\\ufffd"}""")]
    [InlineData("""{"a":"\ud83d"}""", """{"a":"\ufffd"}""")]
    [InlineData("""{"a":"\ude00\ud83d"}""", """{"a":"\ufffd\ufffd"}""")]
    [InlineData("""{"a":"\ud83dx\ude00"}""", """{"a":"\ufffdx\ufffd"}""")]
    [InlineData("""{"a":"\uD83D\uDE00\u0000"}""", """{"a":"\uD83D\uDE00\ufffd"}""")]
    public void What_jsonb_refuses_is_replaced(string line, string mended)
    {
        Assert.False(Mending.IsSound(Encoding.UTF8.GetBytes(line)));
        Assert.Equal(mended, Encoding.UTF8.GetString(Mending.Mend(Encoding.UTF8.GetBytes(line))));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_replaced()
    {
        byte[] line = [.. "{\"a\":\""u8, 0xFF, 0xC3, .. "\\u0000\"}"u8];
        Assert.False(Mending.IsSound(line));
        Assert.Equal("{\"a\":\"\ufffd\ufffd\\ufffd\"}", Encoding.UTF8.GetString(Mending.Mend(line)));
    }

    [Fact]
    public void Any_bytes_end_as_something_sound()
    {
        var random = new Random(11);
        byte[] alphabet = [(byte)'\\', (byte)'u', (byte)'0', (byte)'d', (byte)'8', (byte)'c', (byte)'"', 0xC3, 0xA9, 0xFF];
        for (var i = 0; i < 20_000; i++)
        {
            var line = new byte[random.Next(40)];
            for (var j = 0; j < line.Length; j++)
                line[j] = alphabet[random.Next(alphabet.Length)];
            Assert.True(Mending.IsSound(Mending.Mend(line)), Convert.ToHexString(line));
        }
    }
}
