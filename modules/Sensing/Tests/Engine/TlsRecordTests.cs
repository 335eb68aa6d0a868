using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Which TLS conversations have a record, what it says of version and session, and what is told of hellos that do not add up. Expected: what Suricata 7.0.10 wrote for the same conversations.</summary>
public sealed class TlsRecordTests
{
    private static readonly byte[] s_session = [.. Enumerable.Repeat((byte)'S', 32)];

    private static byte[] Extension(ushort type, params byte[] value) => [(byte)(type >> 8), (byte)type, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    private static byte[] Hello(bool client, byte[] session, byte[] tail, ushort version = 0x0303)
    {
        byte[] body = [(byte)(version >> 8), (byte)version, .. Enumerable.Repeat((byte)1, 32), (byte)session.Length, .. session, .. client ? new byte[] { 0, 2, 0x13, 1, 1, 0 } : [0x13, 1, 0], .. tail];
        return Record(22, [client ? (byte)1 : (byte)2, 0, 0, (byte)body.Length, .. body]);
    }

    private static byte[] Extensions(params byte[][] all)
    {
        byte[] joined = [.. all.SelectMany(e => e)];
        return joined.Length == 0 ? [] : [(byte)(joined.Length >> 8), (byte)joined.Length, .. joined];
    }

    private static byte[] Record(byte type, byte[] body, ushort version = 0x0303) => [type, (byte)(version >> 8), (byte)version, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static readonly byte[] s_name = Extension(0, [0, 8, 0, 0, 5, .. "a.com"u8]), s_ticket = Extension(35), s_offers = Extension(43, 2, 3, 4), s_takes = Extension(43, 3, 4);

    private static async Task<JsonElement?> RecordOf(params (bool, byte[])[] messages)
    {
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, messages), "");
        JsonElement[] found = run.Of("tls").ToArray();
        return found.Length == 0 ? null : Assert.Single(found).GetProperty("tls");
    }

    private static (string? Version, bool Resumed) Said(JsonElement? tls) => tls is { } t ? (t.GetProperty("version").GetString(), t.TryGetProperty("session_resumed", out _)) : (null, false);

    [Theory]
    [InlineData(false, false, false, null, false)]               // neither certificate nor session
    [InlineData(true, false, false, "TLS 1.2", true)]            // the same session again
    [InlineData(false, true, false, "TLS 1.2", true)]            // a ticket, or the wish for one
    [InlineData(false, false, true, "TLS 1.3", false)]           // certificates are hidden
    public async Task A_session_without_a_certificate_has_a_record_when_it_needs_none(bool session, bool ticket, bool hidden, string? version, bool resumed)
    {
        byte[] id = session ? s_session : [];
        JsonElement? tls = await RecordOf((true, Hello(true, id, Extensions([s_name, .. ticket ? new[] { s_ticket } : [], .. hidden ? new[] { s_offers } : []]))), (false, Hello(false, id, hidden ? Extensions(s_takes) : [])));
        Assert.Equal((version, resumed), Said(tls));
    }

    [Theory]
    [InlineData(0x0300, "SSLv3")]
    [InlineData(0x0302, "TLS 1.1")]
    public async Task Without_a_hello_of_the_server_its_records_tell_the_version(ushort version, string name)
    {
        JsonElement? tls = await RecordOf((true, Hello(true, [], Extensions(s_name, s_ticket))), (false, Record(21, [2, 40], version)));
        Assert.Equal((name, false), Said(tls));
    }

    [Fact]
    public async Task A_server_that_says_nothing_leaves_the_version_open() =>
        Assert.Equal(("UNDETERMINED", false), Said(await RecordOf((true, Hello(true, [], Extensions(s_name, s_ticket))))));

    [Theory]
    [InlineData(false, 7)]      // with the packet that acknowledges it
    [InlineData(true, 9)]       // with the client's own
    public async Task The_record_is_written_when_the_certificates_asked_for_have_been_seen(bool both, int packet)
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        using var self = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=a.example", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(40));
        byte[] Counted(byte[] bytes) => [0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
        byte[] certificate = Record(22, [11, .. Counted(Counted(Counted(self.RawData)))]), asks = both ? Record(22, [13, 0, 0, 1, 0]) : [];
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, (true, Hello(true, [], Extensions(s_name))), (false, [.. Hello(false, [], []), .. certificate, .. asks]), (true, certificate), (true, Record(23, new byte[40]))), "");
        JsonElement tls = Assert.Single(run.Of("tls"));
        Assert.Equal((packet, both), (tls.GetProperty("pcap_cnt").GetInt32(), tls.GetProperty("tls").TryGetProperty("client", out _)));
    }

    [Theory]
    [InlineData("00010 0", "handshake_invalid_length", 1)]                    // extensions of one byte
    [InlineData("0010 002b0002", "handshake_invalid_length", 1)]              // more than there is
    [InlineData("0006 002b00020503", "handshake_invalid_length", 1)]          // versions that do not fit
    [InlineData("000d 0000000900070000 10 0061", "handshake_invalid_length", 1)]
    [InlineData("0009 000000050003010000", "invalid_sni_type", 1)]
    [InlineData("0009 000000050003000005", "invalid_sni_length", 1)]
    [InlineData("0014 000000060004000001 61 000000060004000001 62", "multiple_sni_extensions", 1)]
    [InlineData("0004 00230000", "handshake_invalid_length", 0)]
    public async Task A_hello_that_does_not_add_up_is_told(string tail, string happening, int times)
    {
        byte[] bytes = Convert.FromHexString(tail.Replace(" ", "", StringComparison.Ordinal));
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, (true, Hello(true, [], bytes)), (false, Hello(false, [], []))), "");
        Assert.Equal(times, run.Of("anomaly").Count(a => a.GetProperty("anomaly").GetProperty("event").GetString() == happening.ToUpperInvariant()));
    }

    [Theory]
    [InlineData(23, "", "INVALID_RECORD_LENGTH")]
    [InlineData(22, "020000", "INVALID_SSL_RECORD")]
    [InlineData(22, "6300000461626364", "INVALID_HANDSHAKE_MESSAGE")]
    public async Task A_record_without_sense_is_told(byte type, string body, string happening)
    {
        Replayed run = await Replayed.Of(new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 443, (true, Hello(true, [], Extensions(s_name, s_ticket))), (false, [.. Hello(false, [], []), .. Record(type, Convert.FromHexString(body))])), "");
        Assert.Equal(happening, Assert.Single(run.Of("anomaly")).GetProperty("anomaly").GetProperty("event").GetString());
    }
}
