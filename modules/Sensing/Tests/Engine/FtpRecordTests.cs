using System.Text;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Commands and replies as records. What is expected was seen at Suricata 7.0.10.</summary>
public sealed class FtpRecordTests
{
    [Theory]
    [InlineData(">XCWD a\r\n|<250 ok\r\n", "CWD  a 250 yes")]                                // a known command is found anywhere in the line
    [InlineData(">FOO bar\r\n|<500 no\r\n", "- - 500 yes")]
    [InlineData(">auth tls\r\n|<500 no\r\n", "AUTH TLS - 500 yes")]
    [InlineData(">PASS p\r\n|<230-one\r\n|<230 two\r\n", "PASS p 230 yes;- - 230 yes")]          // lines in segments of their own
    [InlineData(">PASS p\r\n|<230-one\r\n230 two\r\n", "PASS p 230,230 yes")]                    // lines in one segment
    [InlineData(">LIST\r\n|<150 here\r\n|<226 done\r\n", "LIST - 150,226 yes")]                  // a preliminary reply waits for the next
    [InlineData(">SYST\r\nPWD\r\n|<215 u\r\n257 p\r\n", "SYST - 215 yes;PWD - 257 yes")]
    [InlineData(">RETR a\r\n|<150 x\r\n|>PWD\r\n|<257 x\r\n", "RETR a - no")]                    // a transfer that nothing announced ends the following
    [InlineData(">PWD\r\n\r\n|<200 x\r\n", "- WD 200 yes")]                                      // an empty line takes the name away
    [InlineData(">PORT bad\r\n|<501 x\r\n", "PORT bad - yes")]
    [InlineData(">PWD|<200 x\r\n", "- - 200 yes")]                                               // a line that never ends is none
    public async Task Replies_find_their_commands(string talk, string expected)
    {
        (bool, byte[])[] messages = [(false, "220 hi\r\n"u8.ToArray()), (true, "USER a\r\n"u8.ToArray()), (false, "331 pw\r\n"u8.ToArray()), .. talk.Split('|').Select(m => (m[0] == '>', Encoding.ASCII.GetBytes(m[1..])))];
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.1", 40000, "198.51.100.1", 21, messages), "");
        Assert.Equal(expected, string.Join(';', run.Of("ftp").Skip(2).Select(r => r.GetProperty("ftp")).Select(f =>
            $"{(f.TryGetProperty("command", out var c) ? c.GetString() : "-")} {(f.TryGetProperty("command_data", out var d) ? d.GetString() : "-")} {(f.TryGetProperty("completion_code", out var n) ? string.Join(',', n.EnumerateArray().Select(x => x.GetString())) : "-")} {f.GetProperty("reply_received").GetString()}")));
    }
}
