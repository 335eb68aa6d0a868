using System.Text;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>One TLS session: what its handshake shows in clear text.</summary>
internal sealed class TlsTransaction : Transaction
{
    public const int Hello = 1, CertificateSeen = 2, Done = 3;
    /// <summary>What TLS 1.3 called itself before its 16th draft.</summary>
    public const ushort OldDraft = 0x7f01;
    /// <summary>Of the hello, or of what it settles on.</summary>
    public ushort ClientVersion, ServerVersion;
    /// <summary>Of the server's last record; it counts where no hello has been read.</summary>
    public ushort ServerRecordVersion;
    public byte[] Sni = [];
    public byte[] ClientRandom = [], ServerRandom = [];
    public byte[] Ja3Text = [], Ja3Digest = [], Ja3sText = [], Ja3sDigest = [];
    public readonly List<byte[]> ServerCertificates = new(0);
    public readonly List<byte[]> ClientCertificates = new(0);
    public readonly List<byte[]> ClientAlpn = new(0);
    public Certificate? ServerCertificate, ClientCertificate;
    public byte[] Subject = [], Issuer = [], Serial = [], Fingerprint = [];
    /// <summary>The client named a session or a ticket that stands in for the certificate.</summary>
    public bool Resumed;
    /// <summary>The version hides certificates, so that a record needs none.</summary>
    public bool WithoutCertificate;
    /// <summary>The server has said hello, though perhaps in words that could not be read.</summary>
    public bool ServerSpoke;
    /// <summary>The server wants to see the client's certificate.</summary>
    public bool AsksForCertificate;
    /// <summary>The protocol in which TLS was agreed on.</summary>
    public AppProto From;
    public bool ShowJa3, ShowJa4;
    public byte[] Ja4 = [];
    public byte[] SessionId = [];

    public override bool RecordFollowsFlow => true;
    public override int Complete => Done;
    public override bool RecordReady => IsNamed(AsksForCertificate ? ClientCertificate : ServerCertificate);

    private static bool IsNamed(Certificate? certificate) => certificate is { Subject: not null, Issuer: not null };

    private (bool Worth, ushort Version)? _drawn;

    /// <summary>The record is to be as it would be written now; what is read later is for rules alone.</summary>
    public void DrawRecord() => _drawn ??= RecordReady ? null : (HasRecord, ShownVersion);

    private ushort ShownVersion => ServerVersion != 0 ? ServerVersion : ServerRecordVersion;

    /// <summary>No session of its own, only what was out of order after it.</summary>
    public bool OnlyEvents;

    public override bool HasRecord => _drawn?.Worth ?? !OnlyEvents && (IsNamed(ServerCertificate) || Resumed || WithoutCertificate);

    public void TakeServerCertificate(Certificate certificate)
    {
        ServerCertificate = certificate;
        Subject = Encoding.UTF8.GetBytes(certificate.Subject ?? "");
        Issuer = Encoding.UTF8.GetBytes(certificate.Issuer ?? "");
        Serial = Encoding.UTF8.GetBytes(certificate.Serial ?? "");
        Fingerprint = Encoding.UTF8.GetBytes(certificate.Fingerprint);
    }

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (buffer == BufferId.TlsCerts)
        {
            List<byte[]> list = toServer ? ClientCertificates : ServerCertificates;
            if (index >= list.Count) return false;
            bytes = list[index];
            return true;
        }
        if (buffer == BufferId.TlsAlpn)
        {
            if (!toServer || index >= ClientAlpn.Count) return false;
            bytes = ClientAlpn[index];
            return true;
        }
        if (index > 0) return false;
        byte[] random = toServer ? ClientRandom : ServerRandom;
        bytes = buffer switch
        {
            BufferId.TlsSni => Sni,
            BufferId.TlsCertSubject when !toServer => Subject,
            BufferId.TlsCertIssuer when !toServer => Issuer,
            BufferId.TlsCertSerial when !toServer => Serial,
            BufferId.TlsCertFingerprint when !toServer => Fingerprint,
            BufferId.TlsRandom => random,
            BufferId.TlsRandomTime when random.Length == 32 => random.AsSpan(0, 4),
            BufferId.TlsRandomBytes when random.Length == 32 => random.AsSpan(4),
            BufferId.Ja4Hash => Ja4,
            BufferId.Ja3Hash => Ja3Digest,
            BufferId.Ja3String => Ja3Text,
            BufferId.Ja3sHash => Ja3sDigest,
            BufferId.Ja3sString => Ja3sText,
            _ => default,
        };
        return !bytes.IsEmpty;
    }

    public override int Number(NumberId what, bool toServer, int index) =>
        what == NumberId.TlsVersion && index == 0 ? (toServer ? ClientVersion : ServerVersion) is var v && v != 0 ? v : -1 : -1;

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("tls"u8);
        if (From != AppProto.Unknown) to.Text("from_proto"u8, AppProtoNames.Name(From));
        (bool, ushort Version)? early = inAlert ? null : _drawn;
        Certificate? certificate = early != null ? null : ServerCertificate;
        if (certificate?.Subject != null) to.Text("subject"u8, certificate.Subject);
        if (certificate?.Issuer != null) to.Text("issuerdn"u8, certificate.Issuer);
        if (Resumed && !IsNamed(certificate) && ServerSpoke && !WithoutCertificate && early == null) to.Bool("session_resumed"u8, true);
        if (certificate?.Serial != null) to.Text("serial"u8, certificate.Serial);
        if (certificate != null) to.Text("fingerprint"u8, certificate.Fingerprint);
        if (Sni.Length > 0) to.Text("sni"u8, Sni);
        to.Text("version"u8, VersionName(early?.Version ?? ShownVersion));
        if (certificate?.NotBefore != null) to.Text("notbefore"u8, certificate.NotBefore);
        if (certificate?.NotAfter != null) to.Text("notafter"u8, certificate.NotAfter);
        if (ShowJa4 && Ja4.Length > 0) to.Text("ja4"u8, Ja4);
        if (ShowJa3)
        {
            to.Open("ja3"u8);
            if (Ja3Text.Length > 0)
            {
                to.Text("hash"u8, Ja3Digest);
                to.Text("string"u8, Ja3Text);
            }
            to.Close();
            to.Open("ja3s"u8);
            if (Ja3sText.Length > 0)
            {
                to.Text("hash"u8, Ja3sDigest);
                to.Text("string"u8, Ja3sText);
            }
            to.Close();
        }
        if (ClientCertificate is { } own) WriteClient(to, own);
        to.Close();
        return true;
    }

    private static void WriteClient(EveWriter to, Certificate own)
    {
        to.Open("client"u8);
        if (own.Subject != null) to.Text("subject"u8, own.Subject);
        if (own.Issuer != null) to.Text("issuerdn"u8, own.Issuer);
        to.Text("fingerprint"u8, own.Fingerprint);
        if (own.Serial != null) to.Text("serial"u8, own.Serial);
        if (own.NotBefore != null) to.Text("notbefore"u8, own.NotBefore);
        if (own.NotAfter != null) to.Text("notafter"u8, own.NotAfter);
        to.Close();
    }

    private static string VersionName(ushort version) => version switch
    {
        0 => "UNDETERMINED",
        0x0200 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        OldDraft => "TLS 1.3 draft-<16",
        0xfb1a => "TLS 1.3 draft-26-fb",
        >= 0x7f10 and <= 0x7f1c => $"TLS 1.3 draft-{version & 0xff}",
        _ => $"0x{version:x4}",
    };
}
