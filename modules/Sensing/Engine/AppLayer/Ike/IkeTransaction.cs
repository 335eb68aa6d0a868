using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Ike;

/// <summary>An attribute of a transform of version 1 (RFC 2408 section 3.3): a number of 16 bits, or octets.</summary>
internal sealed record IkeAttribute(int Type, long Value, byte[]? Octets);

/// <summary>What was agreed on in version 2.</summary>
internal sealed record IkeChoice(int Encryption = 11, int Function = 0, int Integrity = 0, int Group = 0, int SequenceNumbers = 0);

/// <summary>One IKE message.</summary>
internal sealed class IkeTransaction : Transaction
{
    public bool FromClient;
    public byte[] Initiator = [], Responder = [];
    public byte Major, Minor, Exchange, Flags;
    public uint MessageId;
    public readonly List<string> Payloads = new(4);

    // version 1
    public long Domain = -1;
    public bool Encrypted;
    public List<List<IkeAttribute>> Proposals = [];
    public List<IkeAttribute>? Chosen;
    public string? ClientKey, ClientNonce, ServerKey, ServerNonce;
    public readonly List<string> Vendors = [];

    // of this message alone, for rules
    public byte[] Key = [], Nonce = [];
    public bool HasKey, HasNonce;

    // version 2
    public IkeChoice Choice = new();
    public readonly List<int> Notifications = [];
    public int Errors;

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    private byte[]? _initiator, _responder, _vendor;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (toServer != FromClient || index > 0 && buffer != BufferId.IkeVendor) return false;
        switch (buffer)
        {
            case BufferId.IkeInitSpi: bytes = _initiator ??= Text(Initiator); break;
            case BufferId.IkeRespSpi: bytes = _responder ??= Text(Responder); break;
            case BufferId.IkeKeyExchange: bytes = Key; return HasKey;
            case BufferId.IkeNonce: bytes = Nonce; return HasNonce;
            case BufferId.IkeVendor when index < Vendors.Count: bytes = _vendor = Encoding.ASCII.GetBytes(Vendors[index]); break;
            default: return false;
        }
        return true;
    }

    private static byte[] Text(byte[] octets) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(octets));

    /// <summary>The number of an attribute that was agreed on, by the name rules use.</summary>
    public long? ChosenNumber(string name)
    {
        if (Major == 2)
            return (Flags & 8) != 0 ? null : name switch { "alg_enc" => Choice.Encryption, "alg_prf" => Choice.Function, "alg_auth" => Choice.Integrity, "alg_dh" => Choice.Group, _ => null };
        foreach (IkeAttribute attribute in Chosen ?? [])
            if (IkeNames.Attribute(attribute.Type) == name && attribute.Octets == null) return attribute.Value;
        return null;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("ike"u8);
        to.Number("version_major"u8, Major);
        to.Number("version_minor"u8, Minor);
        to.Text("init_spi"u8, Convert.ToHexStringLower(Initiator));
        to.Text("resp_spi"u8, Convert.ToHexStringLower(Responder));
        to.Number("message_id"u8, MessageId);
        to.Number("exchange_type"u8, Exchange);
        if (Major == 1)
        {
            if (Chosen != null) Write(to, Chosen);
            WritePayloads(to);
            WriteOne(to);
        }
        else
        {
            bool initiator = (Flags & 8) != 0;
            to.Text("role"u8, initiator ? "initiator"u8 : "responder"u8);
            if (!initiator) WriteChoice(to);
            WritePayloads(to);
            WriteTwo(to);
        }
        to.Close();
        return true;
    }

    private void WriteChoice(EveWriter to)
    {
        to.Text("alg_enc"u8, IkeNames.Encryption(Choice.Encryption));
        to.Text("alg_auth"u8, IkeNames.Integrity(Choice.Integrity));
        to.Text("alg_prf"u8, IkeNames.Function(Choice.Function));
        to.Text("alg_dh"u8, IkeNames.Group(Choice.Group));
        to.Text("alg_esn"u8, IkeNames.SequenceNumbers(Choice.SequenceNumbers));
    }

    private void WritePayloads(EveWriter to)
    {
        to.OpenArray("payload"u8);
        foreach (string payload in Payloads) to.Item(payload);
        to.CloseArray();
    }

    private void WriteTwo(EveWriter to)
    {
        to.Open("ikev2"u8);
        to.Number("errors"u8, Errors);
        if (Notifications.Count > 0)
        {
            to.OpenArray("notify"u8);
            foreach (int type in Notifications) to.Item(IkeNames.Notification(type));
            to.CloseArray();
        }
        to.Close();
    }

    private void WriteOne(EveWriter to)
    {
        to.Open("ikev1"u8);
        if (Domain >= 0) to.Number("doi"u8, Domain);
        to.Bool("encrypted_payloads"u8, Encrypted);
        if (!Encrypted)
        {
            to.Open("client"u8);
            WriteKeys(to, ClientKey, ClientNonce);
            if (FromClient && Proposals.Count > 0)
            {
                to.OpenArray("proposals"u8);
                foreach (List<IkeAttribute> proposal in Proposals)
                {
                    to.OpenItem();
                    Write(to, proposal);
                    to.Close();
                }
                to.CloseArray();
            }
            to.Close();
            to.Open("server"u8);
            WriteKeys(to, ServerKey, ServerNonce);
            to.Close();
            if (Vendors.Count > 0)
            {
                to.OpenArray("vendor_ids"u8);
                foreach (string vendor in Vendors) to.Item(vendor);
                to.CloseArray();
            }
        }
        to.Close();
    }

    private static void WriteKeys(EveWriter to, string? key, string? nonce)
    {
        if (key != null)
        {
            to.Text("key_exchange_payload"u8, key);
            to.Number("key_exchange_payload_length"u8, key.Length / 2);
        }
        if (nonce == null) return;
        to.Text("nonce_payload"u8, nonce);
        to.Number("nonce_payload_length"u8, nonce.Length / 2);
    }

    private static void Write(EveWriter to, List<IkeAttribute> attributes)
    {
        foreach (IkeAttribute attribute in attributes)
        {
            string name = IkeNames.Attribute(attribute.Type);
            to.Text(Encoding.ASCII.GetBytes(name), IkeNames.AttributeValue(attribute.Type, attribute.Value));
            byte[] raw = Encoding.ASCII.GetBytes(name + "_raw");
            if (attribute.Octets == null) to.Number(raw, attribute.Value);
            else if (attribute.Octets.Length == sizeof(uint)) to.Number(raw, BinaryPrimitives.ReadUInt32BigEndian(attribute.Octets));
            else to.Text(raw, Convert.ToHexStringLower(attribute.Octets));
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"IKE {Major}.{Minor} exchange {Exchange}");
}
