using System.Buffers.Binary;
using System.Text;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Krb5;

/// <summary>One Kerberos message.</summary>
internal sealed class Krb5Transaction : Transaction
{
    public bool FromClient;
    public int Type;
    public int FailedRequest;
    public int ErrorCode = -1;
    public readonly List<byte[]> Client = new(0), Server = new(0);
    public byte[] Realm = [];
    public int? Encryption, TicketEncryption;

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        List<byte[]>? list = buffer == BufferId.Krb5Cname ? Client : buffer == BufferId.Krb5Sname ? Server : null;
        bytes = list != null && index < list.Count ? list[index] : default;
        return list != null && index < list.Count;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (inAlert) return false;
        to.Open("krb5"u8);
        to.Text("msg_type"u8, Krb5Names.Message(Type));
        if (ErrorCode >= 0)
        {
            to.Text("failed_request"u8, FailedRequest == 0 ? "UNKNOWN" : Krb5Names.Message(FailedRequest));
            to.Text("error_code"u8, Krb5Names.Error(ErrorCode));
        }
        Name(to, "cname"u8, Client);
        to.Text("realm"u8, Realm.Length > 0 ? Realm : "<empty>"u8);
        Name(to, "sname"u8, Server);
        to.Text("encryption"u8, Encryption is { } type ? Krb5Names.Encryption(type) : "<none>");
        to.Bool("weak_encryption"u8, Encryption is { } weak && Krb5Names.IsWeak(weak));
        if (TicketEncryption is { } ticket)
        {
            to.Text("ticket_encryption"u8, Krb5Names.Encryption(ticket));
            to.Bool("ticket_weak_encryption"u8, Krb5Names.IsWeak(ticket));
        }
        to.Close();
        return true;
    }

    private static void Name(EveWriter to, ReadOnlySpan<byte> key, List<byte[]> parts)
    {
        if (parts.Count == 0) to.Text(key, "<empty>"u8);
        else to.Text(key, Encoding.Latin1.GetBytes(string.Join('/', parts.Select(Encoding.Latin1.GetString))));
    }
}

/// <summary>Kerberos 5 (RFC 4120) over UDP and TCP: requests to the key distribution centre, their answers and errors.</summary>
internal sealed class Krb5Parser(AppState state, bool tcp) : AppParser
{
    private const uint MaxMessage = 1 << 17;
    private int _request;

    public override AppProto Protocol => AppProto.Krb5;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (!tcp)
        {
            Message(toServer, bytes);
            return bytes.Length;
        }
        int used = 0;
        // section 7.2.2: four bytes of length before each message
        while (bytes.Length - used >= 4)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[used..]);
            if (length > MaxMessage) return -1;
            if (bytes.Length - used - 4 < length) break;
            if (!Message(toServer, bytes.Slice(used + 4, (int)length))) return -1;
            used += 4 + (int)length;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    private bool Message(bool toServer, ReadOnlySpan<byte> bytes)
    {
        var outer = new Ber(bytes);
        if (!outer.Next() || (outer.Tag & 0xe0) != 0x60) return false;
        int type = outer.Tag & 0x1f;
        Ber wrapped = outer.Inside;
        if (type is not (10 or 11 or 12 or 13 or 14 or 30)) return true;
        var tx = new Krb5Transaction { FromClient = toServer, Type = type };
        if (type == 14)
        {
            // a service's own business: only remembered as the last request
            _request = type;
            return true;
        }
        bool whole = wrapped.Next(0x30) && type switch
        {
            10 or 12 => Request(wrapped.Inside, tx),
            30 => Error(wrapped.Inside, tx),
            _ => Reply(wrapped.Inside, tx),
        };
        if (type is 10 or 12) _request = type;
        else
        {
            tx.FailedRequest = _request;
            _request = 0;
        }
        state.Add(tx);
        if (!whole) tx.Raise("malformed_data", toServer);
        else if (tx.Encryption is { } encryption && Krb5Names.IsWeak(encryption)) tx.Raise("weak_encryption", toServer);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return true;
    }

    private static bool Request(Ber fields, Krb5Transaction tx)
    {
        while (fields.Next())
        {
            if (fields.Tag != 0xa4) continue;
            Ber wrapped = fields.Inside;
            if (!wrapped.Next(0x30)) return false;
            Ber body = wrapped.Inside;
            while (body.Next())
            {
                if (body.Tag == 0xa1) Name(body.Inside, tx.Client);
                else if (body.Tag == 0xa2) tx.Realm = Text(body.Inside);
                else if (body.Tag == 0xa3) Name(body.Inside, tx.Server);
            }
            return true;
        }
        return false;
    }

    private static bool Reply(Ber fields, Krb5Transaction tx)
    {
        while (fields.Next())
        {
            switch (fields.Tag)
            {
                case 0xa3: tx.Realm = Text(fields.Inside); break;
                case 0xa4: Name(fields.Inside, tx.Client); break;
                case 0xa5:
                {
                    Ber ticket = fields.Inside;
                    if (!ticket.Next(0x61)) return false;
                    Ber inner = ticket.Inside;
                    if (!inner.Next(0x30)) return false;
                    Ber part = inner.Inside;
                    while (part.Next())
                    {
                        if (part.Tag == 0xa2) Name(part.Inside, tx.Server);
                        else if (part.Tag == 0xa3) tx.TicketEncryption = Encrypted(part.Inside);
                    }
                    break;
                }
                case 0xa6: tx.Encryption = Encrypted(fields.Inside); break;
                default: break;
            }
        }
        return tx.Encryption != null;
    }

    private static bool Error(Ber fields, Krb5Transaction tx)
    {
        while (fields.Next())
        {
            switch (fields.Tag)
            {
                case 0xa6:
                    Ber code = fields.Inside;
                    if (code.Next(0x02)) tx.ErrorCode = (int)code.Number;
                    break;
                case 0xa7: tx.Realm = Text(fields.Inside); break;
                case 0xa8: Name(fields.Inside, tx.Client); break;
                case 0xaa: Name(fields.Inside, tx.Server); break;
                default: break;
            }
        }
        return tx.ErrorCode >= 0;
    }

    private static byte[] Text(Ber at) => at.Next() ? at.Value.ToArray() : [];

    /// <summary>PrincipalName: a type and its parts (section 5.2.2).</summary>
    private static void Name(Ber at, List<byte[]> into)
    {
        if (!at.Next(0x30)) return;
        Ber name = at.Inside;
        if (!name.Next(0xa0) || !name.Next(0xa1)) return;
        Ber wrapped = name.Inside;
        if (!wrapped.Next(0x30)) return;
        Ber parts = wrapped.Inside;
        while (into.Count < 32 && parts.Next()) into.Add(parts.Value.ToArray());
    }

    private static int? Encrypted(Ber at)
    {
        if (!at.Next(0x30)) return null;
        Ber data = at.Inside;
        if (!data.Next(0xa0)) return null;
        Ber type = data.Inside;
        return type.Next(0x02) ? (int)type.Number : null;
    }

    public static bool Probe(ReadOnlySpan<byte> bytes, bool tcp)
    {
        if (tcp)
        {
            if (bytes.Length < 14 || BinaryPrimitives.ReadUInt32BigEndian(bytes) > MaxMessage) return false;
            bytes = bytes[4..];
        }
        if (bytes.Length < 10 || (bytes[0] & 0xe0) != 0x60 || (bytes[0] & 0x1f) is not (10 or 11 or 12 or 13 or 14 or 15 or 30)) return false;
        // the protocol's version, 5, stands first
        ReadOnlySpan<byte> head = bytes[..Math.Min(bytes.Length, 20)];
        return head.IndexOf("\u0002\u0001\u0005"u8) > 0;
    }
}
