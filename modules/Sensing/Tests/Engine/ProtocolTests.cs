using System.Text;
using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Each protocol: a short exchange made by hand, what is recorded of it and which rules speak.</summary>
public sealed class ProtocolTests
{
    internal static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    private static byte[] Ascii(string text) => Encoding.Latin1.GetBytes(text);

    private static PacketForge Udp(ushort port, byte[] question, byte[]? answer = null)
    {
        var forge = new PacketForge().Udp("192.0.2.2", 4000, "192.0.2.9", port, question);
        return answer == null ? forge : forge.Udp("192.0.2.9", port, "192.0.2.2", 4000, answer);
    }

    internal static PacketForge Mqtt => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 1883,
        (true, Hex("10 15 0004 4d515454 04 c2 003c 0001 61 0002 7573 0002 7077")), (false, Hex("20 02 00 00")),
        (true, [0x32, 9, 0, 2, (byte)'t', (byte)'t', 0, 7, (byte)'h', (byte)'i', (byte)'!']), (false, Hex("40 02 0007")), (true, Hex("36 07 0001 74 0009 6869")));

    [Fact]
    public async Task Mqtt_pairs_requests_with_answers_and_names_what_is_wrong()
    {
        Replayed run = await Replayed.Of(Mqtt, """
            alert mqtt any any -> any any (mqtt.type:CONNECT; mqtt.connect.flags:username,password,clean_session; mqtt.connect.password; content:"pw"; sid:1;)
            alert mqtt any any -> any any (mqtt.publish.message; content:"hi!"; mqtt.qos:1; sid:2;)
            alert mqtt any any -> any any (app-layer-event:mqtt.invalid_qos_level; sid:3;)
            alert mqtt any any -> any any (mqtt.type:SUBSCRIBE; sid:4;)
            """);
        Assert.Equal([1, 2, 3], run.Sids);
        JsonElement first = run.Of("mqtt")[0].GetProperty("mqtt");
        Assert.Equal("us", first.GetProperty("connect").GetProperty("username").GetString());
        Assert.Equal(0, first.GetProperty("connack").GetProperty("return_code").GetInt32());
        Assert.Equal(7, run.Of("mqtt")[1].GetProperty("mqtt").GetProperty("puback").GetProperty("message_id").GetInt32());
        Assert.Equal("invalid_qos_level", Assert.Single(run.Of("anomaly")).GetProperty("anomaly").GetProperty("event").GetString());
    }

    internal static PacketForge Dcerpc => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 49152,
        (true, Hex("05 00 0b 03 10000000 4800 0000 01000000 d016 d016 00000000 01 000000 0000 01 00 33221100 5544 7766 8899aabbccddeeff 0100 0000 045d888aeb1cc9119fe808002b104860 02000000")),
        (false, Hex("05 00 0c 03 10000000 3c00 0000 01000000 d016 d016 01000000 0400 34390000 0000 01 000000 0000 0000 045d888aeb1cc9119fe808002b104860 02000000")),
        (true, Hex("05 00 00 03 10000000 1c00 0000 02000000 04000000 0000 0500 41424344")),
        (false, Hex("05 00 02 03 10000000 1c00 0000 02000000 04000000 0000 00 00 45464748")));

    [Fact]
    public async Task Dcerpc_calls_are_known_by_interface_operation_and_stub()
    {
        Replayed run = await Replayed.Of(Dcerpc, """
            alert dcerpc any any -> any any (flow:to_server; dcerpc.iface:00112233-4455-6677-8899-aabbccddeeff,=1; dcerpc.opnum:3-5; dcerpc.stub_data; content:"ABCD"; sid:1;)
            alert dcerpc any any -> any any (flow:to_server; dcerpc.iface:00112233-4455-6677-8899-aabbccddeeff,>1; sid:2;)
            alert dcerpc any any -> any any (flow:to_server; dcerpc.stub_data; byte_test:2,=,0x4241,0,dce; sid:3;)
            """);
        Assert.Equal([1, 3], run.Sids);
        var calls = run.Of("dcerpc").Select(r => r.GetProperty("dcerpc")).ToList();
        Assert.Equal("00112233-4455-6677-8899-aabbccddeeff", calls[0].GetProperty("interfaces")[0].GetProperty("uuid").GetString());
        Assert.Equal(0, calls[0].GetProperty("interfaces")[0].GetProperty("ack_result").GetInt32());
        Assert.Equal("RESPONSE", calls[1].GetProperty("response").GetString());
    }

    internal static PacketForge Snmp => Udp(161, Hex("30 26 020101 0406 7075626c6963 a019 020101 020100 020100 300e 300c 0608 2b06010201010300 0500"));

    [Fact]
    public async Task Snmp_community_and_variables()
    {
        Replayed run = await Replayed.Of(Snmp, """alert snmp any any -> any any (snmp.community; content:"public"; snmp.version:2; snmp.pdu_type:0; sid:1;)""");
        Assert.Equal([1], run.Sids);
        JsonElement snmp = Assert.Single(run.Of("snmp")).GetProperty("snmp");
        Assert.Equal("get_request", snmp.GetProperty("pdu_type").GetString());
        Assert.Equal("1.3.6.1.2.1.1.3.0", snmp.GetProperty("vars")[0].GetString());
    }

    internal static PacketForge Rfb => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 5900,
        (false, Ascii("RFB 003.008\n")), (true, Ascii("RFB 003.008\n")), (false, [1, 2]), (true, [2]), (false, new byte[16]), (true, [.. Enumerable.Repeat((byte)7, 16)]), (false, Hex("00000000")),
        (true, [1]), (false, [.. Hex("0320 0258 20 18 00 01 00ff 00ff 00ff 10 08 00 000000 00000003"), .. Ascii("box")]));

    [Fact]
    public async Task Rfb_handshake_is_followed_to_the_screen()
    {
        Replayed run = await Replayed.Of(Rfb, """
            alert rfb any any -> any any (rfb.name; content:"box"; sid:1;)
            alert rfb any any -> any any (rfb.sectype:2; sid:2;)
            alert rfb any any -> any any (rfb.secresult:ok; sid:3;)
            alert rfb any any -> any any (rfb.secresult:fail; sid:4;)
            """);
        Assert.Equal([1, 2, 3], run.Sids);
        JsonElement rfb = Assert.Single(run.Of("rfb")).GetProperty("rfb");
        Assert.Equal(800, rfb.GetProperty("framebuffer").GetProperty("width").GetInt32());
        Assert.True(rfb.GetProperty("screen_shared").GetBoolean());
    }

    internal static PacketForge Tftp => Udp(69, Ascii("\0\u0002x.bin\0octet\0"));

    [Fact]
    public async Task Tftp_request_names_its_file()
    {
        JsonElement tftp = Assert.Single((await Replayed.Of(Tftp, "")).Of("tftp")).GetProperty("tftp");
        Assert.Equal("write", tftp.GetProperty("packet").GetString());
        Assert.Equal("x.bin", tftp.GetProperty("file").GetString());
    }

    internal static PacketForge Sip => Udp(5060, Ascii("REGISTER sip:a.example SIP/2.0\r\nVia: x\r\n\r\n"), Ascii("SIP/2.0 401 Not you\r\nVia: x\r\n\r\n"));

    [Fact]
    public async Task Sip_lines_are_taken_apart()
    {
        Replayed run = await Replayed.Of(Sip, """
            alert sip any any -> any any (sip.method; content:"REGISTER"; sip.uri; content:"a.example"; sid:1;)
            alert sip any any -> any any (sip.stat_code; content:"401"; sip.stat_msg; content:"Not you"; sid:2;)
            """);
        Assert.Equal([1, 2], run.Sids);
        Assert.Equal(["REGISTER sip:a.example SIP/2.0"], run.Of("sip").Where(r => r.GetProperty("sip").TryGetProperty("request_line", out _)).Select(r => r.GetProperty("sip").GetProperty("request_line").GetString()));
    }

    internal static PacketForge Dht => Udp(6881, Ascii("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"), Ascii("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re"));

    [Fact]
    public async Task Dht_question_and_answer()
    {
        var dht = (await Replayed.Of(Dht, "")).Of("bittorrent_dht").Select(r => r.GetProperty("bittorrent_dht")).ToList();
        Assert.Equal("ping", dht[0].GetProperty("request_type").GetString());
        Assert.Equal("6d6e6f707172737475767778797a313233343536", dht[1].GetProperty("response").GetProperty("id").GetString());
    }

    internal static PacketForge Dhcp
    {
        get
        {
            var m = new byte[260];
            Hex("01 01 06 00 01020304").CopyTo(m, 0);
            Hex("020000000001").CopyTo(m, 28);
            Hex("63825363 350103 3304 00000e10 0c02 6162 ff").CopyTo(m, 236);
            return new PacketForge().Udp("192.0.2.2", 68, "192.0.2.9", 67, m);
        }
    }

    [Fact]
    public async Task Dhcp_lease_time_can_be_asked_for()
    {
        Replayed run = await Replayed.Of(Dhcp, "alert dhcp any any -> any any (dhcp.leasetime:>3599; sid:1;)\nalert dhcp any any -> any any (dhcp.leasetime:<3599; sid:2;)");
        Assert.Equal([1], run.Sids);
    }

    internal static PacketForge Krb5 => Udp(88, Hex("6a 54 30 52 a1 03 020105 a2 03 02010a a4 46 30 44 a0 07 0305 0000000000 a1 0e 300c a003020101 a105 3003 1b01 75 a2 03 1b01 52 a3 17 3015 a003020102 a10e 300c 1b06 6b7262746774 1b02 5252 a5 03 020100 a7 03 020101 a8 05 3003 020117"));

    [Fact]
    public async Task Kerberos_request_names_client_and_service()
    {
        Replayed run = await Replayed.Of(Krb5, """alert krb5 any any -> any any (krb5_msg_type:10; krb5.cname; content:"u"; krb5.sname; content:"krbtgt"; sid:1;)""");
        Assert.Equal([1], run.Sids);
        JsonElement krb5 = Assert.Single(run.Of("krb5")).GetProperty("krb5");
        Assert.Equal("krbtgt/RR", krb5.GetProperty("sname").GetString());
        Assert.Equal("R", krb5.GetProperty("realm").GetString());
    }

    private static byte[] Two(int command, bool answer, uint tree, string body)
    {
        byte[] rest = Hex(body);
        var message = new byte[4 + 64 + rest.Length];
        message[2] = (byte)((message.Length - 4) >> 8);
        message[3] = (byte)(message.Length - 4);
        Hex("fe534d42 4000").CopyTo(message, 4);
        message[4 + 12] = (byte)command;
        message[4 + 16] = answer ? (byte)1 : (byte)0;
        message[4 + 24] = (byte)command;
        BitConverter.TryWriteBytes(message.AsSpan(4 + 36), tree);
        message[4 + 40] = 9;
        rest.CopyTo(message, 68);
        return message;
    }

    internal static PacketForge Smb => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 445,
        (true, Two(0, false, 0, "2400 0200 0100 0000 00000000 000102030405060708090a0b0c0d0e0f 0000000000000000 0202 1002")),
        (false, Two(0, true, 0, "4100 0100 1002 0000 000102030405060708090a0b0c0d0e0f 00000000 00000100 00000100")),
        (true, Two(3, false, 0, "0900 0000 4800 0c00 5c005c0061005c00 62002400")), (false, Two(3, true, 7, "1000 01 00 00000000 00000000 00000000")),
        (true, Two(5, false, 7, "3900 00 00 00000000 0000000000000000 0000000000000000 00000000 00000000 00000000 01000000 00000000 7800 0400 00000000 00000000 61006200")),
        (false, Two(5, true, 7, "5900 00 00 01000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 0400000000000000 00000000 00000000 11111111111111112222222222222222")),
        (true, Two(8, false, 7, "3100 00 00 04000000 0000000000000000 11111111111111112222222222222222 00000000")), (false, Two(8, true, 7, "1100 50 00 04000000 00000000 00000000 64617461")),
        (true, Two(6, false, 7, "1800 0000 00000000 11111111111111112222222222222222")), (false, Two(6, true, 7, "3c00 0000")));

    [Fact]
    public async Task Smb_share_and_file_are_known_by_name_and_bytes()
    {
        Replayed run = await Replayed.Of(Smb, """
            alert smb any any -> any any (smb.share; content:"b$"; sid:1;)
            alert smb any any -> any any (flow:to_client; file.data; content:"data"; sid:2;)
            alert smb any any -> any any (smb.named_pipe; content:"b$"; sid:3;)
            """);
        Assert.Equal([1, 2], run.Sids);
        JsonElement file = Assert.Single(run.Of("fileinfo")).GetProperty("fileinfo");
        Assert.Equal("ab", file.GetProperty("filename").GetString());
        Assert.Equal(4, file.GetProperty("size").GetInt32());
        Assert.Equal("2.10", run.Of("smb")[0].GetProperty("smb").GetProperty("dialect").GetString());
    }

    internal static PacketForge Modbus => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 502,
        (true, Hex("0001 0000 0006 0a 01 0000 0001")), (false, Hex("0001 0000 0004 0a 01 01 00")), (true, Hex("0002 0000 0006 0a 05 0002 ff00")), (false, Hex("0002 0000 0003 0a 85 02")));

    [Fact]
    public async Task Modbus_requests_are_known_by_what_they_touch()
    {
        Replayed run = await Replayed.Of(Modbus, """
            alert modbus any any -> any any (modbus: unit 10, access read coils, address 1; sid:1;)
            alert modbus any any -> any any (modbus: access write; sid:2;)
            alert modbus any any -> any any (modbus: function 8; sid:3;)
            """, "--set", "app-layer.protocols.modbus.enabled=yes");
        Assert.Equal([1, 2], run.Sids);
        Assert.Equal("IllegalDataAddr", run.Of("modbus")[1].GetProperty("modbus").GetProperty("response").GetProperty("exception").GetProperty("code").GetString());
    }

    internal static PacketForge Pgsql => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 5432,
        (true, Hex("00000008 04d2162f")), (false, [(byte)'N']), (true, [.. Hex("00000012 00030000"), .. Ascii("user\0bob\0\0")]), (false, Hex("52 00000008 00000000 5a 00000005 49")),
        (true, [(byte)'Q', 0, 0, 0, 13, .. Ascii("select 1\0")]), (false, Hex("54 00000006 0001 44 0000000b 0001 00000001 31 43 0000000d 53454c454354203100 5a 00000005 49")));

    [Fact]
    public async Task Pgsql_query_and_the_size_of_its_answer()
    {
        var all = (await Replayed.Of(Pgsql, "", "--set", "app-layer.protocols.pgsql.enabled=yes")).Of("pgsql").Select(r => r.GetProperty("pgsql")).ToList();
        Assert.False(all[0].GetProperty("response").GetProperty("ssl_accepted").GetBoolean());
        Assert.Equal("select 1", all[^1].GetProperty("request").GetProperty("simple_query").GetString());
        Assert.Equal(1, all[^1].GetProperty("response").GetProperty("data_rows").GetInt32());
    }

    [Fact]
    public void Fingerprints_of_a_hello()
    {
        // the hello of JA4's own description: values worked out by hand from its sorted lists
        byte[] body = Hex("0303 " + new string('0', 64) + " 00 0004 1301 0a0a 0100 0019 0000 0006 0004 00 0001 61 000d 0004 0002 0403 002b 0003 02 0304");
        var hello = AppHello(body);
        Assert.Equal("771,4865,0-13-43,,", hello.Ja3(true, false));
        Assert.StartsWith("t13d010300_", hello.Ja4(false), StringComparison.Ordinal);
    }

    private static Appliance.Sensing.Engine.AppLayer.Tls.Hello AppHello(byte[] body) =>
        Appliance.Sensing.Engine.AppLayer.Tls.Hello.Read(body, true) ?? throw new InvalidOperationException("the hello was refused");

    internal static IEnumerable<PacketForge> All => [Mqtt, Dcerpc, Snmp, Rfb, Tftp, Sip, Dht, Dhcp, Krb5, Smb, Modbus, Pgsql, Dnp3Tests.Exchange, NfsTests.Lookup, NfsTests.Ike, NfsTests.Enip];
}
