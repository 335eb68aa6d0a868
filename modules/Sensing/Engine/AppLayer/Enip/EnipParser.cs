using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Enip;

/// <summary>A request or answer of the Common Industrial Protocol: its service and the class and attribute its path names, -1 for none.</summary>
internal readonly record struct CipRequestCode(byte Service, int Class, int Attribute);

/// <summary>One encapsulated EtherNet/IP message; it has no record of its own.</summary>
internal sealed class EnipTransaction : Transaction
{
    public bool FromClient;
    public ushort Command;
    public readonly List<CipRequestCode> Services = new(1);

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;
    public override bool HasRecord => false;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert) => false;
}

/// <summary>EtherNet/IP over TCP and UDP (CIP volume 2, chapter 2) with the CIP services inside (volume 1, chapter 2 and appendices A and C).</summary>
internal sealed class EnipParser(AppState state, bool tcp) : AppParser
{
    private const int HeaderSize = 24, MaxServices = 128, MaxItems = 32, MaxSegments = 64;
    private const ushort SendRequestData = 0x6f, SendUnitData = 0x70;
    private const byte Response = 0x80, GetAttributeList = 3, SetAttributeList = 4, MultipleServices = 0x0a;

    public override AppProto Protocol => AppProto.Enip;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        while (bytes.Length - used >= HeaderSize)
        {
            ReadOnlySpan<byte> message = bytes[used..];
            int size = HeaderSize + (message[2] | message[3] << 8);
            if (message.Length < size)
            {
                if (tcp) break;
                size = message.Length;
            }
            Message(toServer, message[..size]);
            used += size;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return tcp ? used : bytes.Length;
    }

    private void Message(bool toServer, ReadOnlySpan<byte> message)
    {
        var wire = new Wire(message, little: true);
        EnipTransaction tx = state.Add(new EnipTransaction { FromClient = toServer, Command = wire.U16(), ProgressToServer = 1, ProgressToClient = 1 });
        wire.Skip(HeaderSize - 2);
        if (tx.Command is not (SendRequestData or SendUnitData)) return;
        wire.Skip(6); // interface handle and time-out
        int items = wire.U16();
        for (int i = 0; i < items && i < MaxItems && !wire.Bad; i++)
        {
            int type = wire.U16(), length = wire.U16();
            ReadOnlySpan<byte> item = wire.Take(length);
            if (wire.Bad) return;
            if (type == 0xb2) Service(tx, item, 0);
            else if (type == 0xb1 && item.Length > 2) Service(tx, item[2..], 0); // behind a sequence count
        }
    }

    /// <summary>One service; the service that carries several others is opened once, never deeper.</summary>
    private static void Service(EnipTransaction tx, ReadOnlySpan<byte> bytes, int depth)
    {
        if (bytes.Length < 2 || tx.Services.Count >= MaxServices) return;
        byte service = (byte)(bytes[0] & ~Response);
        if ((bytes[0] & Response) != 0)
        {
            tx.Services.Add(new CipRequestCode(service, -1, -1));
            if (service == MultipleServices && bytes.Length > 4) Several(tx, bytes[Math.Min(4 + bytes[3] * 2, bytes.Length)..], depth);
            return;
        }
        var wire = new Wire(bytes[2..], little: true);
        var path = new Wire(wire.Take(bytes[1] * 2), little: true);
        if (wire.Bad) return;
        ReadPath(ref path, out int inClass, out int attribute);
        if (service is GetAttributeList or SetAttributeList && attribute < 0)
        {
            int count = wire.U16();
            for (int i = 0; i < count && !wire.Bad && tx.Services.Count < MaxServices; i++)
            {
                int listed = wire.U16();
                if (!wire.Bad) tx.Services.Add(new CipRequestCode(service, inClass, listed));
            }
        }
        tx.Services.Add(new CipRequestCode(service, inClass, attribute));
        if (service == MultipleServices) Several(tx, wire.Rest, depth);
    }

    private static void ReadPath(ref Wire path, out int inClass, out int attribute)
    {
        inClass = attribute = -1;
        for (int i = 0; i < MaxSegments && path.Left >= 2 && !path.Bad; i++)
        {
            int type = path.U8();
            bool wide = (type & 3) == 1;
            if (wide) path.Skip(1);
            int value = wide ? path.U16() : path.U8();
            if (path.Bad) return;
            switch (type & 0xfc)
            {
                case 0x20: inClass = value; break;
                case 0x30: attribute = value; break;
            }
        }
    }

    private static void Several(EnipTransaction tx, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > 0) return;
        var wire = new Wire(bytes, little: true);
        int count = wire.U16();
        for (int i = 0; i < count && !wire.Bad; i++)
        {
            int at = wire.U16();
            if (!wire.Bad && at < bytes.Length) Service(tx, bytes[at..], depth + 1);
        }
    }

    /// <summary>A command of the encapsulation, no options, and a status that is defined.</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes)
    {
        var wire = new Wire(bytes, little: true);
        int command = wire.U16(), length = wire.U16();
        wire.Skip(4);
        uint status = wire.U32();
        wire.Skip(8);
        uint options = wire.U32();
        return !wire.Bad && options == 0 && command is 0 or 4 or 0x63 or 0x64 or 0x65 or 0x66 or 0x6f or 0x70 or 0x72 or 0x73 && length <= 65511 && status is <= 3 or 0x64 or 0x65 or 0x69;
    }
}
