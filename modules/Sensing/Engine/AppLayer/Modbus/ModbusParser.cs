using System.Buffers.Binary;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Modbus;

/// <summary>What a function does, as rules and records name it.</summary>
[Flags]
internal enum ModbusAccess { None = 0, Read = 1, Write = 2, Discretes = 4, Coils = 8, Input = 16, Holding = 32, Single = 64, Multiple = 128 }

/// <summary>One application data unit of Modbus.</summary>
internal sealed class ModbusMessage
{
    public ushort TransactionId, ProtocolId;
    public byte Unit, Function;
    public byte[] Body = [];
    public bool DataError;

    public byte Code => (byte)(Function & 0x7f);
    public bool IsException => Function >= 0x80;

    public ModbusAccess Access => IsException ? ModbusAccess.None : Code switch
    {
        1 => ModbusAccess.Read | ModbusAccess.Coils,
        2 => ModbusAccess.Read | ModbusAccess.Discretes,
        3 => ModbusAccess.Read | ModbusAccess.Holding,
        4 => ModbusAccess.Read | ModbusAccess.Input,
        5 => ModbusAccess.Write | ModbusAccess.Coils | ModbusAccess.Single,
        6 => ModbusAccess.Write | ModbusAccess.Holding | ModbusAccess.Single,
        15 => ModbusAccess.Write | ModbusAccess.Coils | ModbusAccess.Multiple,
        16 or 22 => ModbusAccess.Write | ModbusAccess.Holding | ModbusAccess.Multiple,
        23 => ModbusAccess.Read | ModbusAccess.Write | ModbusAccess.Holding | ModbusAccess.Multiple,
        _ => ModbusAccess.None,
    };

    /// <summary>Categories of the specification, section 5: public and assigned, public but unassigned, user-defined, reserved.</summary>
    public string Category => Function switch
    {
        >= 0x80 => "NONE",
        >= 1 and <= 8 or 11 or 12 or 15 or 16 or 17 or 20 or 21 or 22 or 23 or 24 or 43 => "PUBLIC_ASSIGNED",
        9 or 10 or 13 or 14 or 41 or 42 or 90 or 91 or 125 or 126 or 127 => "RESERVED",
        >= 65 and <= 72 or >= 100 and <= 110 => "USER_DEFINED",
        _ => "PUBLIC_UNASSIGNED",
    };

    public int Word(int at) => at + 2 <= Body.Length ? BinaryPrimitives.ReadUInt16BigEndian(Body.AsSpan(at)) : -1;
}

/// <summary>A request and its response.</summary>
internal sealed class ModbusTransaction : Transaction
{
    public ModbusMessage? Request, Response;

    public override int Complete => 1;
    public override bool RecordFollowsFlow => true;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("modbus"u8);
        to.Number("id"u8, Id + 1);
        if (Request != null) Write(to, "request"u8, Request, true);
        if (Response != null) Write(to, "response"u8, Response, false);
        to.Close();
        return true;
    }

    private static void Write(EveWriter to, ReadOnlySpan<byte> key, ModbusMessage m, bool request)
    {
        to.Open(key);
        to.Number("transaction_id"u8, m.TransactionId);
        to.Number("protocol_id"u8, m.ProtocolId);
        to.Number("unit_id"u8, m.Unit);
        to.Number("function_raw"u8, m.Function);
        to.Text("function_code"u8, ModbusNames.Function(m.Code));
        to.Text("access_type"u8, ModbusNames.Access(m.Access));
        to.Text("category"u8, m.Category);
        to.Text("error_flags"u8, m.DataError ? "DATA_VALUE"u8 : "NONE"u8);
        if (m.IsException)
        {
            to.Open("exception"u8);
            int code = m.Body.Length > 0 ? m.Body[0] : 0;
            to.Number("raw"u8, code);
            to.Text("code"u8, ModbusNames.Exception(code));
            to.Close();
        }
        else WriteBody(to, m, request);
        to.Close();
    }

    private static void WriteBody(EveWriter to, ModbusMessage m, bool request)
    {
        ReadOnlySpan<byte> body = m.Body;
        switch (m.Code)
        {
            case >= 1 and <= 4 when request && body.Length >= 4:
                to.Open("read"u8);
                to.Number("address"u8, m.Word(0));
                to.Number("quantity"u8, m.Word(2));
                to.Close();
                break;
            case >= 1 and <= 4 or 23 when !request && body.Length >= 1:
                to.Open("read"u8);
                to.Text("data"u8, body[1..]);
                to.Close();
                break;
            case 5 or 6 when body.Length >= 4:
                to.Open("write"u8);
                to.Number("address"u8, m.Word(0));
                to.Number("data"u8, m.Word(2));
                to.Close();
                break;
            case 15 or 16 when body.Length >= 4:
                to.Open("write"u8);
                to.Number("address"u8, m.Word(0));
                to.Number("quantity"u8, m.Word(2));
                if (request && body.Length > 5) to.Text("data"u8, body[5..]);
                to.Close();
                break;
            case 22 when body.Length >= 6:
                to.Open("write"u8);
                to.Number("address"u8, m.Word(0));
                to.Number("and_mask"u8, m.Word(2));
                to.Number("or_mask"u8, m.Word(4));
                to.Close();
                break;
            case 23 when request && body.Length >= 9:
                to.Open("read"u8);
                to.Number("address"u8, m.Word(0));
                to.Number("quantity"u8, m.Word(2));
                to.Close();
                to.Open("write"u8);
                to.Number("address"u8, m.Word(4));
                to.Number("quantity"u8, m.Word(6));
                to.Text("data"u8, body[9..]);
                to.Close();
                break;
            case 8 when body.Length >= 2:
                to.Open("diagnostic"u8);
                to.Number("raw"u8, m.Word(0));
                to.Text("code"u8, ModbusNames.Diagnostic(m.Word(0)));
                to.Text("data"u8, body[2..]);
                to.Close();
                break;
            case 43 when body.Length >= 1:
                to.Open("mei"u8);
                to.Number("raw"u8, body[0]);
                to.Text("code"u8, body[0] switch { 13 => "CANOpenGenRefReqResp"u8, 14 => "RdDevId"u8, _ => "UNKNOWN"u8 });
                to.Text("data"u8, body[1..]);
                to.Close();
                break;
            default: to.Text("data"u8, body); break;
        }
    }
}

/// <summary>Modbus over TCP (Modbus Messaging on TCP/IP, section 3.1.3; application protocol, section 6).</summary>
internal sealed class ModbusParser(AppState state) : AppParser
{
    private const int MaxPending = 512;

    public override AppProto Protocol => AppProto.Modbus;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        while (bytes.Length - used >= 8)
        {
            var wire = new Wire(bytes[used..]);
            var message = new ModbusMessage { TransactionId = wire.U16(), ProtocolId = wire.U16() };
            int length = wire.U16();
            if (length is < 2 or > 254) return -1;
            if (bytes.Length - used < 6 + length) break;
            message.Unit = wire.U8();
            message.Function = wire.U8();
            message.Body = wire.Take(length - 2).ToArray();
            Take(toServer, message);
            used += 6 + length;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    private void Take(bool toServer, ModbusMessage message)
    {
        if (toServer)
        {
            if (state.Transactions.Count >= MaxPending) state.Transactions[0].ProgressToServer = state.Transactions[0].ProgressToClient = 1;
            Check(state.Add(new ModbusTransaction { Request = message }), message, true);
            return;
        }
        ModbusTransaction? tx = null;
        foreach (Transaction t in state.Transactions)
            if (t is ModbusTransaction { ProgressToServer: 0 } open && open.Request?.TransactionId == message.TransactionId)
            {
                tx = open;
                break;
            }
        if (tx == null)
        {
            tx = state.Add(new ModbusTransaction());
            tx.Raise("unsolicited_response", false);
        }
        tx.Response = message;
        Check(tx, message, false);
        tx.ProgressToServer = tx.ProgressToClient = 1;
    }

    private static void Check(ModbusTransaction tx, ModbusMessage message, bool toServer)
    {
        if (message.ProtocolId != 0) tx.Raise("invalid_protocol_id", toServer);
        if (message.Function is 0) tx.Raise("invalid_function_code", toServer);
        // the byte count of an answer must be that of the bytes behind it, and of what was asked for
        if (toServer || message.IsException || message.Code is not (>= 1 and <= 4) || message.Body.Length == 0) return;
        int quantity = tx.Request is { Body.Length: >= 4 } request ? request.Word(2) : -1, expected = message.Code <= 2 ? (quantity + 7) / 8 : quantity * 2;
        if (message.Body[0] != message.Body.Length - 1 || quantity >= 0 && message.Body[0] != expected)
        {
            message.DataError = true;
            tx.Raise("invalid_value", toServer);
        }
    }

    public static bool Probe(ReadOnlySpan<byte> bytes) => bytes.Length >= 8 && bytes[2] == 0 && bytes[3] == 0 && bytes[4] == 0 && bytes[5] is >= 2 and <= 254;
}

internal static class ModbusNames
{
    public static string Function(int code) => code switch
    {
        1 => "RdCoils",
        2 => "RdDiscreteInputs",
        3 => "RdHoldRegs",
        4 => "RdInputRegs",
        5 => "WrSingleCoil",
        6 => "WrSingleReg",
        7 => "RdExcStatus",
        8 => "Diagnostic",
        9 => "Program484",
        10 => "Poll484",
        11 => "GetCommEventCounter",
        12 => "GetCommEventLog",
        13 => "ProgramController",
        14 => "PollController",
        15 => "WrMultCoils",
        16 => "WrMultRegs",
        17 => "ReportServerID",
        18 => "Program884",
        19 => "ResetCommLink",
        20 => "RdFileRec",
        21 => "WrFileRec",
        22 => "MaskWrReg",
        23 => "RdWrMultRegs",
        24 => "RdFIFOQueue",
        43 => "MEI",
        _ => "Unknown",
    };

    public static string Exception(int code) => code switch
    {
        1 => "IllegalFunction",
        2 => "IllegalDataAddr",
        3 => "IllegalDataValue",
        4 => "ServerDeviceFail",
        5 => "Ack",
        6 => "ServerDeviceBusy",
        7 => "NegAck",
        8 => "MemParityErr",
        10 => "GatewayPathUnavailable",
        11 => "GatewayTargetFailToResp",
        _ => "Unknown",
    };

    public static string Diagnostic(int code) => code switch
    {
        0 => "RetQueryData",
        1 => "RestartCommOpt",
        2 => "RetDiagReg",
        3 => "ChangeInputDelimiter",
        4 => "ForceListenOnlyMode",
        10 => "ClearCtrDiagReg",
        11 => "RetBusMsgCount",
        12 => "RetBusCommErrCount",
        13 => "RetBusExcErrCount",
        14 => "RetServerMsgCount",
        15 => "RetServerNoRespCount",
        16 => "RetServerNAKCount",
        17 => "RetServerBusyCount",
        18 => "RetBusCharOverrunCount",
        20 => "ClearOverrunCounterFlag",
        21 => "GetClearPlusStats",
        _ => "Reserved",
    };

    public static string Access(ModbusAccess access)
    {
        if (access == ModbusAccess.None) return "NONE";
        var words = new List<string>(5);
        if (access.HasFlag(ModbusAccess.Read)) words.Add("READ");
        if (access.HasFlag(ModbusAccess.Write)) words.Add("WRITE");
        if (access.HasFlag(ModbusAccess.Discretes)) words.Add("DISCRETES");
        if (access.HasFlag(ModbusAccess.Coils)) words.Add("COILS");
        if (access.HasFlag(ModbusAccess.Input)) words.Add("INPUT");
        if (access.HasFlag(ModbusAccess.Holding)) words.Add("HOLDING");
        if (access.HasFlag(ModbusAccess.Single)) words.AddRange(["SINGLE", "WRITE_SINGLE"]);
        if (access.HasFlag(ModbusAccess.Multiple)) words.AddRange(["MULTIPLE", "WRITE_MULTIPLE"]);
        return string.Join(" | ", words);
    }
}
