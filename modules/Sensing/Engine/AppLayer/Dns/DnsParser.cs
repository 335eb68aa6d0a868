using System.Buffers.Binary;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Dns;

/// <summary>DNS over UDP, and over TCP with its length prefix.</summary>
internal sealed class DnsParser(AppState state, bool tcp) : AppParser
{
    private const int MaxPending = 1024, LeastInvalidOpcode = 7;

    public override AppProto Protocol => AppProto.Dns;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (!tcp)
        {
            context.Frame(FrameType.Pdu, toServer, 0, bytes.Length);
            Message(context, toServer, bytes);
            return bytes.Length;
        }
        int used = 0;
        while (bytes.Length - used >= 2)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[used..]);
            if (bytes.Length - used < 2 + length) break;
            if (length == 0)
            {
                used += 2;
                continue;
            }
            context.Frame(FrameType.Pdu, toServer, used + 2, length);
            if (!Message(context, toServer, bytes.Slice(used + 2, length))) return -1;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
            used += 2 + length;
        }
        return used;
    }

    public override bool Gap(ParseContext context, bool toServer, int size) => tcp;

    private bool Message(ParseContext context, bool toServer, ReadOnlySpan<byte> message)
    {
        if (message.Length < 12 || state.Transactions.Count > MaxPending) return false;
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        bool answer = (flags & 0x8000) != 0;
        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        int answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        int authorities = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        DnsTransaction tx = context.DnsMessages.Take();
        tx.Home = context.DnsMessages;
        tx.IsAnswer = answer;
        tx.ToServer = toServer;
        tx.MessageId = BinaryPrimitives.ReadUInt16BigEndian(message);
        tx.Flags = flags;
        tx.Message.Append(message);
        int at = 12;
        bool whole = Read(tx, message, ref at, questions, true, tx.Questions);
        if (answer)
        {
            whole = whole && Read(tx, message, ref at, answers, false, tx.Answers);
            if (whole) Read(tx, message, ref at, authorities, false, tx.Authorities);
        }
        if (!whole && (tx.Questions.Length == 0 || tx.Hollow) || !answer && tx.Questions.Length == 0)
        {
            tx.Reset();
            return false;
        }
        if ((flags & 0x0040) != 0) tx.Raise("z_flag_set", toServer);
        if ((flags >> 11 & 15) >= LeastInvalidOpcode) tx.Raise("invalid_opcode", toServer);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        state.Add(tx);
        return true;
    }

    private static bool Read(DnsTransaction tx, ReadOnlySpan<byte> message, ref int at, int count, bool question, DnsRecordList found)
    {
        if (count == 0) return true;
        bool whole = true;
        for (int i = 0; i < count && i < DnsMessage.MaxRecords && tx.Text.Length < DnsMessage.MaxText; i++)
        {
            int mark = tx.Text.Length;
            DnsRecord record;
            whole = question ? DnsMessage.ReadQuestion(message, ref at, tx.Text, out record, out NameFault fault) : DnsMessage.ReadRecord(message, ref at, tx.Text, out record, out fault);
            if ((fault & NameFault.Cut) != 0) tx.Raise("name_too_long", tx.ToServer);
            if ((fault & NameFault.Loop) != 0) tx.Raise("infinite_loop", tx.ToServer);
            if (!whole)
            {
                tx.Text.Truncate(mark);
                break;
            }
            if (!question && record.DataLength == 0)
            {
                // what an update clears has no data (RFC 2136, 2.5.2)
                tx.Hollow = true;
                return false;
            }
            if (record.Type == 16 && !question)
            {
                SplitText(message, record, found);
                continue;
            }
            found.Add(record);
        }
        return whole;
    }

    /// <summary>A text record may hold several strings; each is told apart, as one entry of its own.</summary>
    private static void SplitText(ReadOnlySpan<byte> message, DnsRecord record, DnsRecordList found)
    {
        int at = record.Data, end = record.Data + record.DataLength;
        while (at < end && found.Length < DnsMessage.MaxRecords)
        {
            int length = 1 + message[at];
            if (at + length > end) break;
            DnsRecord one = record;
            one.Data = at;
            one.DataLength = length;
            found.Add(one);
            at += length;
        }
    }

    public static bool IsAnswer(ReadOnlySpan<byte> message) => message.Length > 2 && (message[2] & 0x80) != 0;

    /// <summary>Could this be DNS? The header's counts must fit into the message, and its questions must be well formed as far as they are there.</summary>
    public static bool Probe(ReadOnlySpan<byte> message, bool tcpPrefix)
    {
        int whole = message.Length;
        if (tcpPrefix)
        {
            if (message.Length < 14) return false;
            whole = BinaryPrimitives.ReadUInt16BigEndian(message);
            message = message[2..];
            if (message.Length > whole) message = message[..whole];
        }
        if (message.Length < 12) return false;
        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        int records = questions + BinaryPrimitives.ReadUInt16BigEndian(message[6..]) + BinaryPrimitives.ReadUInt16BigEndian(message[8..]) + BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        // no record is shorter than two bytes
        if (records * 2 > whole) return false;
        int at = 12;
        for (int i = 0; i < questions && i < DnsMessage.MaxRecords && at < message.Length; i++)
        {
            if (!DnsMessage.SkipName(message, ref at)) return false;
            at += 4;
        }
        return true;
    }
}
