using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>TLS that breaks its rules, when its record is written, and what data connections of FTP carry.</summary>
public sealed class TlsEventTests
{
    private static readonly byte[] Hello = Record(22, [1, 0, 0, 38, 3, 3, .. new byte[36]]);
    private static readonly byte[] ServerHello = Record(22, [2, 0, 0, 38, 3, 3, .. new byte[36]]);

    private static byte[] Record(byte type, byte[] body) => [type, 3, 3, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static Task<Replayed> Talk(string rules, params (bool, byte[])[] messages) => Replayed.Of(new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, messages), rules);

    [Theory]
    [InlineData(0, 1)]      // all that was brought is asked back, and no padding
    [InlineData(3000, 2)]   // more is asked back than was brought
    public async Task A_heartbeat_that_asks_for_more_than_it_brings_is_told(int more, int sid)
    {
        byte[] body = new byte[103];
        int claimed = 100 + more;
        (body[0], body[1], body[2]) = (1, (byte)(claimed >> 8), (byte)claimed);
        Replayed run = await Talk("""
            alert tls any any -> any any (flow:established,to_server; app-layer-event:tls.invalid_heartbeat_message; sid:1;)
            alert tls any any -> any any (flow:established,to_server; app-layer-event:tls.overflow_heartbeat_message; sid:2;)
            """, (true, Hello), (false, ServerHello), (true, Record(24, body)), (true, Record(22, [16, 0, 0, 1, 0])));
        Assert.Equal([sid], run.Sids);
    }

    [Fact]
    public async Task An_encrypted_answer_to_a_heartbeat_that_is_longer_than_the_request_is_told()
    {
        Replayed run = await Talk("alert tls any any -> any any (flow:established,to_client; app-layer-event:tls.dataleak_heartbeat_mismatch; sid:1;)",
            (true, Hello), (false, ServerHello), (true, Record(20, [1])), (false, Record(20, [1])), (true, Record(23, new byte[40])), (false, Record(23, new byte[40])),
            (true, Record(24, new byte[32])), (false, Record(24, new byte[48])), (false, Record(23, new byte[40])));
        Assert.Equal([1], run.Sids);
        Assert.Empty(run.Of("tls"));
    }

    [Fact]
    public async Task What_is_no_record_is_told_and_ends_the_reading()
    {
        Replayed run = await Talk("alert tls any any -> any any (flow:established,to_client; app-layer-event:tls.invalid_record_type; sid:1;)", (true, Hello), (false, ServerHello), (false, "<html>"u8.ToArray()));
        Assert.Equal([1], run.Sids);
    }

    [Fact]
    public async Task Data_connections_are_told_apart_by_what_they_carry()
    {
        const string client = "192.0.2.9", server = "198.51.100.9";
        var forge = new PacketForge();
        forge.Conversation(client, 5000, server, 21, (false, "220 ready\r\n"u8.ToArray()), (true, "USER a\r\n"u8.ToArray()), (false, "331 go on\r\n"u8.ToArray()), (true, "PASV\r\n"u8.ToArray()),
            (false, "227 Entering Passive Mode (198,51,100,9,19,137)\r\n"u8.ToArray()), (true, "STOR report.txt\r\n"u8.ToArray()), (false, "150 here it goes\r\n"u8.ToArray()));
        forge.Conversation(client, 5001, server, 5001, (true, "a file"u8.ToArray()));
        Replayed run = await Replayed.Of(forge, """
            alert ftp-data any any -> any any (flow:established,to_server; ftpdata_command:stor; sid:1;)
            alert ftp-data any any -> any any (flow:established,to_server; ftpdata_command:retr; sid:2;)
            """);
        Assert.Equal([1], run.Sids);
    }

    [Fact]
    public async Task A_capture_that_steps_back_in_time_does_not_end_its_conversations()
    {
        var forge = new PacketForge().Tcp("192.0.2.2", 4000, "192.0.2.9", 80, 100, 0, 2).Wait(-90_000).Tcp("192.0.2.9", 80, "192.0.2.2", 4000, 500, 101, 18).Wait(90_000)
            .Tcp("192.0.2.2", 4000, "192.0.2.9", 80, 101, 501, 16);
        Replayed run = await Replayed.Of(forge, "");
        Assert.Equal(2, Assert.Single(run.Of("flow")).GetProperty("flow").GetProperty("pkts_toserver").GetInt32());
    }
}
