using System.Text;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Snmp;

/// <summary>One SNMP message.</summary>
internal sealed class SnmpTransaction : Transaction
{
    private static readonly string[] Types = ["get_request", "get_next_request", "response", "set_request", "trap_v1", "get_bulk_request", "inform_request", "trap_v2", "report"];

    public bool FromClient;
    public int Version;
    public int PduType = -1;
    public byte[] Community = [], User = [];
    public bool Encrypted;
    public int Error;
    public readonly List<string> Variables = new(1);
    public string? TrapId;
    public int TrapType;
    public byte[] TrapAddress = [];

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = index > 0 ? default : buffer == BufferId.SnmpCommunity ? Community : buffer == BufferId.SnmpUsm ? User : default;
        return !bytes.IsEmpty;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("snmp"u8);
        to.Number("version"u8, Version);
        if (Encrypted) to.Text("pdu_type"u8, "encrypted"u8);
        else if (PduType >= 0)
        {
            to.Text("pdu_type"u8, PduType < Types.Length ? Types[PduType] : $"{PduType}");
            if (Error != 0) to.Text("error"u8, SnmpParser.ErrorName(Error));
            if (TrapId != null)
            {
                to.Text("trap_type"u8, SnmpParser.TrapName(TrapType));
                to.Text("trap_oid"u8, TrapId);
                if (TrapAddress.Length == 4) to.Text("trap_address"u8, string.Join('.', TrapAddress));
            }
            if (Variables.Count > 0)
            {
                to.OpenArray("vars"u8);
                foreach (string variable in Variables) to.Item(variable);
                to.CloseArray();
            }
        }
        if (Version == 3) to.Text("usm"u8, User);
        else to.Text("community"u8, Community);
        to.Close();
        return true;
    }
}

/// <summary>SNMP versions 1 (RFC 1157), 2c (RFC 3416) and 3 (RFC 3412, user security RFC 3414).</summary>
internal sealed class SnmpParser(AppState state) : AppParser
{
    private const int MaxVariables = 64;
    private int _version;

    public override AppProto Protocol => AppProto.Snmp;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        var tx = new SnmpTransaction { FromClient = toServer };
        bool whole = Read(bytes, tx);
        if (tx.Version == 0) return bytes.Length;
        state.Add(tx);
        if (!whole) tx.Raise("malformed_data", toServer);
        if (_version != 0 && _version != tx.Version) tx.Raise("version_mismatch", toServer);
        if (_version == 0) _version = tx.Version;
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return bytes.Length;
    }

    private static bool Read(ReadOnlySpan<byte> bytes, SnmpTransaction tx)
    {
        var outer = new Ber(bytes);
        if (!outer.Next(0x30)) return false;
        Ber message = outer.Inside;
        if (!message.Next(0x02)) return false;
        tx.Version = message.Number switch { 0 => 1, 1 => 2, 3 => 3, _ => 0 };
        if (tx.Version == 0) return false;
        if (tx.Version < 3)
        {
            if (!message.Next(0x04)) return false;
            tx.Community = message.Value.ToArray();
            return message.Next() && Pdu(message, tx);
        }
        if (!message.Next(0x30) || !message.Next(0x04)) return false;
        var security = new Ber(message.Value);
        if (security.Next(0x30))
        {
            Ber user = security.Inside;
            if (user.Next() && user.Next() && user.Next() && user.Next(0x04)) tx.User = user.Value.ToArray();
        }
        if (!message.Next()) return false;
        if (message.Tag == 0x04)
        {
            tx.Encrypted = true;
            return true;
        }
        Ber scoped = message.Inside;
        return scoped.Next(0x04) && scoped.Next(0x04) && scoped.Next() && Pdu(scoped, tx);
    }

    private static bool Pdu(Ber at, SnmpTransaction tx)
    {
        if ((at.Tag & 0xe0) != 0xa0) return false;
        tx.PduType = at.Tag & 0x1f;
        Ber pdu = at.Inside;
        if (tx.PduType == 4)
        {
            if (!pdu.Next(0x06)) return false;
            tx.TrapId = pdu.ObjectId;
            if (!pdu.Next()) return false;
            tx.TrapAddress = pdu.Value.ToArray();
            if (!pdu.Next(0x02)) return false;
            tx.TrapType = (int)pdu.Number;
            if (!pdu.Next() || !pdu.Next()) return false;
        }
        else
        {
            if (!pdu.Next(0x02) || !pdu.Next(0x02)) return false;
            if (tx.PduType != 5) tx.Error = (int)pdu.Number;
            if (!pdu.Next(0x02)) return false;
        }
        if (!pdu.Next(0x30)) return false;
        Ber list = pdu.Inside;
        while (tx.Variables.Count < MaxVariables && list.Next(0x30))
        {
            Ber variable = list.Inside;
            if (!variable.Next(0x06)) return false;
            tx.Variables.Add(variable.ObjectId);
        }
        return true;
    }

    public static string ErrorName(int error)
    {
        string[] names = ["NoError", "TooBig", "NoSuchName", "BadValue", "ReadOnly", "GenErr", "NoAccess", "WrongType", "WrongLength", "WrongEncoding", "WrongValue", "NoCreation",
            "InconsistentValue", "ResourceUnavailable", "CommitFailed", "UndoFailed", "AuthorizationError", "NotWritable", "InconsistentName"];
        return error >= 0 && error < names.Length ? names[error] : $"{error}";
    }

    public static string TrapName(int type)
    {
        string[] names = ["coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss", "enterpriseSpecific"];
        return type >= 0 && type < names.Length ? names[type] : $"{type}";
    }

    public static bool Probe(ReadOnlySpan<byte> bytes)
    {
        var outer = new Ber(bytes);
        if (!outer.Next(0x30)) return false;
        Ber message = outer.Inside;
        return message.Next(0x02) && message.Value.Length == 1 && message.Value[0] is 0 or 1 or 3;
    }
}
