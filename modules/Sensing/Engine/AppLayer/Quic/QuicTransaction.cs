using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.AppLayer.Tls;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Quic;

/// <summary>One datagram with a long header, and the hello that became whole with it.</summary>
internal sealed class QuicTransaction : Transaction
{
    public bool FromClient;
    public uint Version;
    public byte[] Sni = [], Agent = [], CyuText = [], CyuDigest = [], Ja3Text = [], Ja3Digest = [], Ja4 = [];
    public bool ShowJa4;
    public Hello? Hello;
    private byte[]? _version;

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = index > 0 ? default : buffer switch
        {
            BufferId.QuicVersion => _version ??= [(byte)(Version >> 24), (byte)(Version >> 16), (byte)(Version >> 8), (byte)Version],
            BufferId.QuicSni or BufferId.TlsSni => Sni,
            BufferId.QuicUa => Agent,
            BufferId.QuicCyuHash => CyuDigest,
            BufferId.QuicCyuString => CyuText,
            BufferId.Ja3Hash when FromClient => Ja3Digest,
            BufferId.Ja3String when FromClient => Ja3Text,
            BufferId.Ja3sHash when !FromClient => Ja3Digest,
            BufferId.Ja3sString when !FromClient => Ja3Text,
            BufferId.Ja4Hash => Ja4,
            _ => default,
        };
        return !bytes.IsEmpty;
    }

    public void Take(Hello hello, bool withJa4)
    {
        Hello = hello;
        Sni = hello.Sni;
        Ja3Text = Encoding.ASCII.GetBytes(hello.Ja3(FromClient, true));
        Ja3Digest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(Ja3Text)));
        if (FromClient && withJa4) Ja4 = Encoding.ASCII.GetBytes(hello.Ja4(true));
    }

    private string VersionName => Version switch
    {
        1 => "1",
        0x6b3343cf => "v2",
        >= 0x51303030 and <= 0x51393939 => string.Create(CultureInfo.InvariantCulture, $"{(char)(Version >> 24)}{(char)(Version >> 16 & 255)}{(char)(Version >> 8 & 255)}{(char)(Version & 255)}"),
        _ => Version.ToString("x", CultureInfo.InvariantCulture),
    };

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("quic"u8);
        to.Text("version"u8, VersionName);
        if (Sni.Length > 0) to.Text("sni"u8, Sni);
        if (Agent.Length > 0) to.Text("ua"u8, Agent);
        if (CyuText.Length > 0)
        {
            to.OpenArray("cyu"u8);
            to.OpenItem();
            to.Text("hash"u8, CyuDigest);
            to.Text("string"u8, CyuText);
            to.Close();
            to.CloseArray();
        }
        if (Ja3Text.Length > 0)
        {
            to.Open(FromClient ? "ja3"u8 : "ja3s"u8);
            to.Text("hash"u8, Ja3Digest);
            to.Text("string"u8, Ja3Text);
            to.Close();
        }
        if (ShowJa4 && Ja4.Length > 0) to.Text("ja4"u8, Ja4);
        if (Hello is { Extensions.Count: > 0 }) WriteExtensions(to, Hello);
        to.Close();
        return true;
    }

    private static void WriteExtensions(EveWriter to, Hello hello)
    {
        to.OpenArray("extensions"u8);
        foreach (var (type, _) in hello.Extensions)
        {
            to.OpenItem();
            string? name = Name(type);
            if (name != null) to.Text("name"u8, name);
            to.Number("type"u8, type);
            IEnumerable<string>? values = type switch
            {
                0 when hello.Sni.Length > 0 => [Encoding.Latin1.GetString(hello.Sni)],
                13 => hello.Signatures.Select(s => s.ToString(CultureInfo.InvariantCulture)),
                16 => hello.Alpn.Select(Encoding.Latin1.GetString),
                43 => hello.Versions.Select(v => v switch { 0x0304 => "Tls13", 0x0303 => "Tls12", 0x0302 => "Tls11", 0x0301 => "Tls10", _ => string.Create(CultureInfo.InvariantCulture, $"TlsVersion({v} / 0x{v:x})") }),
                _ => null,
            };
            if (values != null)
            {
                to.OpenArray("values"u8);
                foreach (string value in values) to.Item(value);
                to.CloseArray();
            }
            to.Close();
        }
        to.CloseArray();
    }

    private static string? Name(ushort type) => type switch
    {
        0 => "server_name",
        1 => "max_fragment_length",
        5 => "status_request",
        10 => "supported_groups",
        11 => "ec_point_formats",
        13 => "signature_algorithms",
        14 => "use_srtp",
        15 => "heartbeat",
        16 => "alpn",
        18 => "signed_certificate_timestamp",
        21 => "padding",
        22 => "encrypt_then_mac",
        23 => "extended_master_secret",
        24 => "token_binding",
        25 => "cached_info",
        27 => "compress_certificate",
        28 => "record_size_limit",
        34 => "delegated_credentials",
        35 => "session_ticket",
        41 => "pre_shared_key",
        42 => "early_data",
        43 => "supported_versions",
        44 => "cookie",
        45 => "psk_key_exchange_modes",
        47 => "certificate_authorities",
        48 => "oid_filters",
        49 => "post_handshake_auth",
        50 => "signature_algorithms_cert",
        51 => "key_share",
        57 => "quic_transport_parameters",
        65281 => "renegotiation_info",
        _ => null,
    };
}
