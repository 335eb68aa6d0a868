using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>NFS, IKE and EtherNet/IP: short exchanges, their records and the rules that speak of them.</summary>
public sealed class NfsTests
{
    private const string Credentials = "00000001 00000014 00000000 00000001 61 000000 00000007 00000008 00000000 00000000";

    private static byte[] Record(string hex)
    {
        byte[] body = ProtocolTests.Hex(hex);
        return [0x80, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];
    }

    private static string Call(int xid, int procedure, string arguments) => $"{xid:x8} 00000000 00000002 000186a3 00000003 {procedure:x8} {Credentials} {arguments}";

    private static string Reply(int xid, string results) => $"{xid:x8} 00000001 00000000 00000000 00000000 00000000 {results}";

    internal static PacketForge Lookup => new PacketForge().Conversation("192.0.2.2", 700, "192.0.2.9", 2049,
        (true, Record(Call(1, 3, "00000004 01020304 00000001 66 000000"))), (false, Record(Reply(1, "00000000 00000004 0a0b0c0d 00000000 00000000"))),
        (true, Record(Call(2, 6, "00000004 0a0b0c0d 0000000000000000 00000400"))),
        (false, Record(Reply(2, "00000000 00000000 00000006 00000001 00000006 68656c6c6f21 0000"))));

    [Fact]
    public async Task A_file_that_is_read_has_the_name_its_handle_was_looked_up_by()
    {
        Replayed run = await Replayed.Of(Lookup, """
            alert nfs any any -> any any (nfs_procedure:3; nfs.version:3; sid:1;)
            alert nfs any any -> any any (flow:to_client; file.data; content:"hello!"; sid:2;)
            alert nfs any any -> any any (nfs_procedure:4<>6; sid:3;)
            alert nfs any any -> any any (nfs.version:<3; sid:4;)
            """);
        Assert.Equal([1, 2, 3], run.Sids);
        List<JsonElement> records = run.Of("nfs").Select(r => r.GetProperty("nfs")).ToList();
        Assert.Equal(["LOOKUP", "READ"], records.Select(r => r.GetProperty("procedure").GetString()));
        Assert.All(records, r => Assert.Equal("f", r.GetProperty("filename").GetString()));
        JsonElement file = Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo");
        Assert.Equal(("f", 6), (file.GetProperty("filename").GetString(), file.GetProperty("size").GetInt32()));
        Assert.Equal("CLOSED", file.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_long_write_is_followed_through_its_record()
    {
        byte[] whole = [.. ProtocolTests.Hex(Call(3, 7, "00000004 0a0b0c0d 0000000000000000 00002000 00000002 00002000")), .. Enumerable.Repeat((byte)'x', 0x2000)];
        byte[] record = [0x80, 0, (byte)(whole.Length >> 8), (byte)whole.Length, .. whole];
        var forge = new PacketForge().Conversation("192.0.2.2", 700, "192.0.2.9", 2049, record.Chunk(1000).Select(c => (true, c)).ToArray());
        JsonElement file = Assert.Single((await Replayed.Of(forge, "")).Of("fileinfo")).GetProperty("fileinfo");
        Assert.Equal(0x2000, file.GetProperty("size").GetInt32());
        Assert.False(file.GetProperty("gaps").GetBoolean());
    }

    // a request with one proposal: 3DES, HMAC-SHA1, MODP 1024
    internal static PacketForge Ike => new PacketForge().Udp("192.0.2.2", 500, "192.0.2.9", 500, ProtocolTests.Hex(
        "1122334455667788 0000000000000000 21 20 22 08 00000000 00000050" +
        "22 00 002c 00 00 0028 01 01 00 04 03 00 0008 01 00 0003 03 00 0008 02 00 0005 03 00 0008 03 00 000c 00 00 0008 04 00 0002" + "00 00 0008 0002 0000"));

    [Fact]
    public async Task Ike_names_its_payloads_and_tells_weak_proposals()
    {
        Replayed run = await Replayed.Of(Ike, """
            alert ike any any -> any any (ike.init_spi; content:"1122334455667788"; ike.exchtype:34; sid:1;)
            alert ike any any -> any any (flow:to_server; app-layer-event:ike.weak_crypto_dh; sid:2;)
            alert ike any any -> any any (ike.key_exchange_payload_length:0; sid:3;)
            alert ike any any -> any any (flow:to_server; app-layer-event:ike.weak_crypto_auth; sid:4;)
            """);
        Assert.Equal([1, 2, 3], run.Sids);
        JsonElement ike = Assert.Single(run.Of("ike")).GetProperty("ike");
        Assert.Equal(["SecurityAssociation", "KeyExchange", "NoNextPayload"], ike.GetProperty("payload").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal("initiator", ike.GetProperty("role").GetString());
    }

    internal static PacketForge Enip => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 44818,
        (true, ProtocolTests.Hex("6f00 1800 01000000 00000000 0000000000000000 00000000 00000000 0000 0200 0000 0000 b200 0800 0e 03 20 01 24 01 30 06")));

    [Fact]
    public async Task Cip_services_are_found_by_class_and_attribute()
    {
        Replayed run = await Replayed.Of(Enip, """
            alert enip any any -> any any (enip_command:111; cip_service:14,1,6; sid:1;)
            alert enip any any -> any any (cip_service:14,2; sid:2;)
            """, "--set", "app-layer.protocols.enip.enabled=yes");
        Assert.Equal([1], run.Sids);
    }
}
