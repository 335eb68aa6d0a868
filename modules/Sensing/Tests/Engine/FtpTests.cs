using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class FtpTests
{
    [Fact]
    public async Task A_data_connection_whose_sides_end_one_after_the_other_is_written_once()
    {
        const string client = "192.0.2.9", server = "198.51.100.9";
        var forge = new PacketForge();
        forge.Conversation(client, 5000, server, 21, (false, "220 ready\r\n"u8.ToArray()), (true, "USER a\r\n"u8.ToArray()), (false, "230 come in\r\n"u8.ToArray()), (true, "PASV\r\n"u8.ToArray()), (false, "227 Entering Passive Mode (198,51,100,9,19,137)\r\n"u8.ToArray()),
            (true, "RETR report.txt\r\n"u8.ToArray()), (false, "150 here it comes\r\n"u8.ToArray()));
        forge.Tcp(client, 5001, server, 5001, 100, 0, 0x02).Tcp(server, 5001, client, 5001, 900, 101, 0x12).Tcp(client, 5001, server, 5001, 101, 901, 0x10);
        forge.Tcp(server, 5001, client, 5001, 901, 101, 0x19, "a file"u8.ToArray());
        // the server has ended, which completes the file; the client's own end follows when the record is long written
        forge.Tcp(client, 5001, server, 5001, 101, 908, 0x10);
        forge.Wait(1);
        forge.Tcp(client, 5001, server, 5001, 101, 908, 0x11).Tcp(server, 5001, client, 5001, 908, 102, 0x10);
        Replayed run = await Replayed.Of(forge, "");
        Assert.Equal(0, run.Exit);
        Assert.Equal("report.txt", Assert.Single(run.Of("ftp_data")).GetProperty("ftp_data").GetProperty("filename").GetString());
    }
}
