using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Ike;

/// <summary>Internet Key Exchange, versions 1 (RFC 2408, 2409) and 2 (RFC 7296), over UDP.</summary>
internal sealed class IkeParser(AppState state) : AppParser
{
    private const int HeaderSize = 28, MaxPayloads = 64, MaxProposals = 64, MaxAttributes = 64, MaxTransforms = 64, MaxEvents = 32;
    private const byte EncryptedFlag = 1;

    // version 1: what the two sides have agreed on so far
    private long _domain = -1;
    private List<IkeAttribute>? _chosen;
    private string? _clientKey, _clientNonce, _serverKey, _serverNonce;

    // version 2
    private IkeChoice _choice = new();

    public override AppProto Protocol => AppProto.Ike;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        var wire = new Wire(bytes);
        var tx = new IkeTransaction { FromClient = toServer, Initiator = wire.Take(8).ToArray(), Responder = wire.Take(8).ToArray() };
        int next = wire.U8();
        byte version = wire.U8();
        (tx.Major, tx.Minor) = ((byte)(version >> 4), (byte)(version & 15));
        tx.Exchange = wire.U8();
        tx.Flags = wire.U8();
        tx.MessageId = wire.U32();
        uint length = wire.U32();
        if (wire.Bad || tx.Major is not (1 or 2) || tx.Minor != 0 || tx.Major == 2 && length < HeaderSize)
        {
            Malformed(toServer);
            return bytes.Length;
        }
        if (tx.Major == 1) One(tx, ref wire, next, toServer);
        else Two(tx, ref wire, next, toServer);
        state.Add(tx);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return bytes.Length;
    }

    private void Malformed(bool toServer)
    {
        if (state.Transactions.Count > 0) state.Transactions[^1].Raise("malformed_data", toServer);
    }

    /// <summary>Proposals break the same rule as often as there are proposals, and each time counts.</summary>
    private static void Raise(IkeTransaction tx, string name)
    {
        if (tx.Events.Count < MaxEvents) tx.Events.Add(new AppEvent(name, tx.FromClient));
    }

    private static ReadOnlySpan<byte> NextPayload(ref Wire wire, out int following)
    {
        following = wire.U8();
        wire.Skip(1);
        int length = wire.U16();
        return wire.Take(length - 4);
    }

    private void One(IkeTransaction tx, ref Wire wire, int next, bool toServer)
    {
        tx.Encrypted = (tx.Flags & EncryptedFlag) != 0;
        if (tx.Encrypted)
        {
            // what follows is cipher text; the header still names its first payload
            if (IkeNames.PayloadOne(next) is { } first) tx.Payloads.Add(first);
        }
        else
            for (int count = 0; wire.Left > 0 && count < MaxPayloads; count++)
            {
                ReadOnlySpan<byte> body = NextPayload(ref wire, out int following);
                if (wire.Bad)
                {
                    tx.Raise("malformed_data", toServer);
                    break;
                }
                Seen(tx, next);
                PayloadOne(tx, next, body, toServer);
                if (following == 0) break;
                next = following;
            }
        tx.Domain = _domain;
        tx.Chosen = _chosen;
        (tx.ClientKey, tx.ClientNonce, tx.ServerKey, tx.ServerNonce) = (_clientKey, _clientNonce, _serverKey, _serverNonce);
    }

    private static void Seen(IkeTransaction tx, int type)
    {
        if (IkeNames.PayloadOne(type) is { } name && !tx.Payloads.Contains(name)) tx.Payloads.Add(name);
    }

    private void PayloadOne(IkeTransaction tx, int type, ReadOnlySpan<byte> body, bool toServer)
    {
        switch (type)
        {
            case 1: SecurityAssociationOne(tx, body, toServer); break;
            case 4:
                tx.Key = body.ToArray();
                tx.HasKey = true;
                if (toServer) _clientKey = Convert.ToHexStringLower(body);
                else _serverKey = Convert.ToHexStringLower(body);
                break;
            case 10:
                tx.Nonce = body.ToArray();
                tx.HasNonce = true;
                if (toServer) _clientNonce = Convert.ToHexStringLower(body);
                else _serverNonce = Convert.ToHexStringLower(body);
                break;
            case 13: tx.Vendors.Add(Convert.ToHexStringLower(body)); break;
        }
    }

    private void SecurityAssociationOne(IkeTransaction tx, ReadOnlySpan<byte> body, bool toServer)
    {
        var wire = new Wire(body);
        uint domain = wire.U32();
        wire.Skip(4); // situation
        if (wire.Bad) return;
        _domain = domain;
        if (domain != 1) return; // another domain has its own shapes (RFC 2407)
        int next = 2;
        while (next != 0 && wire.Left > 0 && tx.Proposals.Count < MaxProposals)
        {
            ReadOnlySpan<byte> proposal = NextPayload(ref wire, out next);
            if (wire.Bad) return;
            Seen(tx, 2);
            var inside = new Wire(proposal);
            inside.Skip(2);
            int spi = inside.U8();
            inside.Skip(1);
            inside.Skip(spi);
            int following = 3;
            while (following != 0 && inside.Left > 0 && tx.Proposals.Count < MaxProposals)
            {
                ReadOnlySpan<byte> transform = NextPayload(ref inside, out following);
                if (inside.Bad || transform.Length < 4) return;
                Seen(tx, 3);
                List<IkeAttribute> attributes = Attributes(transform[4..]);
                tx.Proposals.Add(attributes);
                if (!toServer) _chosen = attributes;
            }
        }
        if (!toServer && tx.Proposals.Count > 1) Raise(tx, "multiple_server_proposal");
    }

    private static List<IkeAttribute> Attributes(ReadOnlySpan<byte> bytes)
    {
        var attributes = new List<IkeAttribute>();
        var wire = new Wire(bytes);
        while (wire.Left >= 4 && attributes.Count < MaxAttributes)
        {
            int type = wire.U16(), value = wire.U16();
            if ((type & 0x8000) != 0)
            {
                attributes.Add(new IkeAttribute(type & 0x7fff, value, null));
                continue;
            }
            byte[] octets = wire.Take(value).ToArray();
            if (wire.Bad) break;
            long number = 0;
            for (int i = 0; i < octets.Length && octets.Length <= 7; i++) number = number << 8 | octets[i];
            attributes.Add(new IkeAttribute(type, number, octets));
        }
        // the last of a kind counts, in the place of the first
        for (int i = 0; i < attributes.Count; i++)
            for (int j = attributes.Count - 1; j > i; j--)
                if (IkeNames.Attribute(attributes[j].Type) == IkeNames.Attribute(attributes[i].Type))
                {
                    attributes[i] = attributes[j];
                    attributes.RemoveAt(j);
                    j = attributes.Count;
                }
        return attributes;
    }

    private void Two(IkeTransaction tx, ref Wire wire, int next, bool toServer)
    {
        for (int count = 0; count < MaxPayloads; count++)
        {
            int type = next;
            ReadOnlySpan<byte> body = NextPayload(ref wire, out next);
            if (wire.Bad || !PayloadTwo(tx, type, body))
            {
                tx.Payloads.Clear();
                break;
            }
            tx.Payloads.Add(IkeNames.PayloadTwo(type));
            // behind the encrypted payload's header everything is cipher text
            if (next != 0 && type != 46 && wire.Left > 0) continue;
            tx.Payloads.Add(IkeNames.PayloadTwo(next));
            break;
        }
        tx.Choice = _choice;
    }

    private bool PayloadTwo(IkeTransaction tx, int type, ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body);
        switch (type)
        {
            case 33: return SecurityAssociationTwo(tx, body);
            case 34:
                wire.Skip(4);
                if (wire.Bad) return false;
                tx.Key = wire.Rest.ToArray();
                tx.HasKey = true;
                return true;
            case 40:
                tx.Nonce = body.ToArray();
                tx.HasNonce = true;
                return true;
            case 41:
                wire.Skip(2);
                int notification = wire.U16();
                if (wire.Bad) return false;
                tx.Notifications.Add(notification);
                if (notification < 16384) tx.Errors++;
                return true;
            case 44 or 45: return Selectors(body);
            default: return true;
        }
    }

    /// <summary>Traffic selectors (RFC 7296 section 3.13): as many as announced, each as long as it says.</summary>
    private static bool Selectors(ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body);
        int count = wire.U8();
        wire.Skip(3);
        for (int i = 0; i < count && !wire.Bad; i++)
        {
            wire.Skip(2);
            wire.Skip(wire.U16() - 4);
        }
        return !wire.Bad && count > 0;
    }

    private bool SecurityAssociationTwo(IkeTransaction tx, ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body);
        int more = 2;
        for (int count = 0; more != 0 && count < MaxProposals; count++)
        {
            ReadOnlySpan<byte> proposal = NextPayload(ref wire, out more);
            if (wire.Bad) return false;
            if (!Proposal(tx, proposal)) return false;
        }
        return true;
    }

    private bool Proposal(IkeTransaction tx, ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body);
        wire.Skip(1);
        int protocol = wire.U8(), spi = wire.U8(), transforms = wire.U8();
        wire.Skip(spi);
        if (wire.Bad) return false;
        var choice = new IkeChoice();
        bool aead = false, integrity = false, group = false;
        if (protocol == 2) Raise(tx, "no_encryption");
        for (int i = 0; i < transforms && i < MaxTransforms; i++)
        {
            ReadOnlySpan<byte> transform = NextPayload(ref wire, out _);
            if (wire.Bad || transform.Length < 4) return false;
            int id = transform[2] << 8 | transform[3];
            switch (transform[0])
            {
                case 1:
                    choice = choice with { Encryption = id };
                    if (id is >= 1 and <= 9 or 11) Raise(tx, "weak_crypto_enc");
                    if (id is 14 or 15 or 16 or 18 or 19 or 20 or 25 or 26 or 27 or 28) aead = true;
                    break;
                case 2:
                    choice = choice with { Function = id };
                    if (id == 0) Raise(tx, "invalid_proposal");
                    else if (id is 1 or 2) Raise(tx, "weak_crypto_prf");
                    break;
                case 3:
                    choice = choice with { Integrity = id };
                    if (id != 0) integrity = true;
                    if (id is >= 1 and <= 7) Raise(tx, "weak_crypto_auth");
                    break;
                case 4:
                    choice = choice with { Group = id };
                    group = true;
                    if (id == 0) Raise(tx, "invalid_proposal");
                    else if (id is 1 or 2 or 5 or 22) Raise(tx, "weak_crypto_dh");
                    break;
                case 5: choice = choice with { SequenceNumbers = id }; break;
                default: Raise(tx, "unknown_proposal"); break;
            }
        }
        if (!group) Raise(tx, "weak_crypto_no_dh");
        if (!aead && !integrity) Raise(tx, "weak_crypto_no_auth");
        if ((tx.Flags & 8) == 0) _choice = choice;
        return true;
    }

    public override void Reset() => (_domain, _chosen, _clientKey, _clientNonce, _serverKey, _serverNonce, _choice) = (-1, null, null, null, null, null, new IkeChoice());

    /// <summary>A header of either version whose length is that of the datagram.</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes)
    {
        var wire = new Wire(bytes);
        wire.Skip(16);
        int next = wire.U8(), version = wire.U8(), exchange = wire.U8();
        wire.Skip(5);
        uint length = wire.U32();
        if (wire.Bad || length < HeaderSize || length != bytes.Length) return false;
        return version switch
        {
            0x10 => next <= 22 || next >= 128,
            0x20 => exchange is >= 34 and <= 37 || exchange < 34,
            _ => false,
        };
    }
}
