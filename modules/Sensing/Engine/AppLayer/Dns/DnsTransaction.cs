using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Dns;

/// <summary>One DNS message: a question or an answer.</summary>
internal sealed class DnsTransaction : Transaction
{
    public bool IsAnswer;
    public bool ToServer;

    /// <summary>A record of it has no data.</summary>
    public bool Hollow;
    public ushort MessageId;
    public ushort Flags;
    public readonly SlidingBuffer Message = new();
    public readonly SlidingBuffer Text = new();
    public readonly DnsRecordList Questions = new();
    public readonly DnsRecordList Answers = new();
    public readonly DnsRecordList Authorities = new();

    /// <summary>Where it goes when it is done with; nobody else holds it then.</summary>
    public Pool<DnsTransaction>? Home;

    public override bool RecordFollowsFlow => true;
    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == ToServer;

    public ReadOnlySpan<byte> NameOf(in DnsRecord record) => Text.Span.Slice(record.Name, record.NameLength);

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (buffer != BufferId.DnsQuery || IsAnswer || index >= Questions.Length) return false;
        bytes = NameOf(Questions[index]);
        return true;
    }

    public override int Number(NumberId what, bool toServer, int index) => what switch
    {
        NumberId.DnsOpcode when index == 0 => Flags >> 11 & 15,
        NumberId.DnsRrType when index < Questions.Length => Questions[index].Type,
        _ => -1,
    };

    public override void Reset()
    {
        base.Reset();
        Hollow = false;
        Message.Release();
        Text.Release();
        Questions.Clear();
        Answers.Clear();
        Authorities.Clear();
        Pool<DnsTransaction>? home = Home;
        Home = null;
        home?.Give(this);
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("dns"u8);
        if (inAlert)
        {
            to.Number("version"u8, 2);
            if (IsAnswer)
            {
                to.Open("answer"u8);
                WriteAnswer(to);
                to.Close();
            }
            else
            {
                to.OpenArray("query"u8);
                for (int i = 0; i < Questions.Length; i++)
                {
                    to.OpenItem();
                    WriteQuestion(to, i);
                    to.Close();
                }
                to.CloseArray();
            }
        }
        else if (IsAnswer) WriteAnswer(to);
        else
        {
            to.Number("version"u8, 2);
            WriteQuestion(to, 0);
        }
        to.Close();
        return true;
    }

    public void WriteQuestion(EveWriter to, int index)
    {
        to.Text("type"u8, "query"u8);
        to.Number("id"u8, MessageId);
        to.Text("rrname"u8, NameOf(Questions[index]));
        if (Questions[index].NameCut) to.Bool("rrname_truncated"u8, true);
        WriteType(to, "rrtype"u8, Questions[index].Type);
        to.Number("tx_id"u8, Id);
        if ((Flags & 0x0040) != 0) to.Bool("z"u8, true);
        to.Number("opcode"u8, Flags >> 11 & 15);
    }

    private static void WriteType(EveWriter to, ReadOnlySpan<byte> key, ushort type)
    {
        string name = DnsMessage.TypeName(type);
        to.Text(key, name.Length > 0 ? name : type.ToString(CultureInfo.InvariantCulture));
    }

    private void WriteAnswer(EveWriter to)
    {
        to.Number("version"u8, 2);
        to.Text("type"u8, "answer"u8);
        to.Number("id"u8, MessageId);
        Span<byte> digits = stackalloc byte[4];
        _ = Flags.TryFormat(digits, out int written, "x", CultureInfo.InvariantCulture);
        to.Text("flags"u8, digits[..written]);
        to.Bool("qr"u8, true);
        if ((Flags & 0x0400) != 0) to.Bool("aa"u8, true);
        if ((Flags & 0x0200) != 0) to.Bool("tc"u8, true);
        if ((Flags & 0x0100) != 0) to.Bool("rd"u8, true);
        if ((Flags & 0x0080) != 0) to.Bool("ra"u8, true);
        if ((Flags & 0x0040) != 0) to.Bool("z"u8, true);
        to.Number("opcode"u8, Flags >> 11 & 15);
        if (Questions.Length > 0)
        {
            to.Text("rrname"u8, NameOf(Questions[0]));
            if (Questions[0].NameCut) to.Bool("rrname_truncated"u8, true);
            WriteType(to, "rrtype"u8, Questions[0].Type);
        }
        string code = DnsMessage.CodeName(Flags & 15);
        to.Text("rcode"u8, code.Length > 0 ? code : (Flags & 15).ToString(CultureInfo.InvariantCulture));
        if (Answers.Length > 0)
        {
            to.OpenArray("answers"u8);
            foreach (ref DnsRecord record in Answers.AsSpan()) WriteRecordDetail(to, record);
            to.CloseArray();
            WriteGrouped(to);
        }
        if (Authorities.Length > 0)
        {
            to.OpenArray("authorities"u8);
            foreach (ref DnsRecord record in Authorities.AsSpan()) WriteRecordDetail(to, record);
            to.CloseArray();
        }
    }

    private void WriteRecordDetail(EveWriter to, in DnsRecord record)
    {
        to.OpenItem();
        to.Text("rrname"u8, NameOf(record));
        if (record.NameCut) to.Bool("rrname_truncated"u8, true);
        WriteType(to, "rrtype"u8, record.Type);
        to.Number("ttl"u8, record.Ttl);
        ReadOnlySpan<byte> data = Message.Span.Slice(record.Data, record.DataLength);
        switch (record.Type)
        {
            case 6: WriteSoa(to, record, "soa"u8); break;
            case 33: WriteSrv(to, record, "srv"u8); break;
            case 44 when data.Length >= 2: WriteSshfp(to, record, "sshfp"u8); break;
            default:
            {
                int mark = Text.Length;
                if (RData(record, out ReadOnlySpan<byte> text)) to.Text("rdata"u8, text);
                Text.Truncate(mark);
                break;
            }
        }
        to.Close();
    }

    private static string Colons(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (byte b in bytes)
        {
            if (text.Length > 0) text.Append(':');
            text.Append(b.ToString("x2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    /// <summary>Text form of a record's data, written behind the names; the caller cuts it off again.</summary>
    private bool RData(in DnsRecord record, out ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> data = Message.Span.Slice(record.Data, record.DataLength);
        text = default;
        int start = Text.Length;
        int at = record.Data;
        switch (record.Type)
        {
            case 1:
            {
                if (data.Length != 4) return false;
                Span<byte> address = stackalloc byte[16];
                Text.Append(address[..IpAddress.ReadV4(data).Format(address)]);
                break;
            }
            case 28:
            {
                if (data.Length != 16) return false;
                Span<byte> address = stackalloc byte[40];
                Text.Append(address[..IpAddress.ReadV6(data).Format(address)]);
                break;
            }
            case 2 or 5 or 12 or 39:
                if (!DnsMessage.ReadName(Message.Span, ref at, Text)) return false;
                break;
            case 15:
                at += 2;
                if (data.Length < 3 || !DnsMessage.ReadName(Message.Span, ref at, Text)) return false;
                break;
            case 16:
                // the first string; what follows has records of its own
                if (data.Length == 0) return false;
                Text.Append(data.Slice(1, Math.Min(data[0], data.Length - 1)));
                break;
            case 10:
                Text.Append(data);
                break;
            default:
                return false;
        }
        text = Text.Span[start..];
        return true;
    }

    /// <param name="key">Empty: an item of an array.</param>
    private void WriteSoa(EveWriter to, in DnsRecord record, ReadOnlySpan<byte> key)
    {
        int at = record.Data, mark = Text.Length;
        if (!DnsMessage.ReadName(Message.Span, ref at, Text)) return;
        int second = Text.Length;
        if (!DnsMessage.ReadName(Message.Span, ref at, Text) || at + 20 > Message.Length)
        {
            Text.Truncate(mark);
            return;
        }
        Open(to, key);
        to.Text("mname"u8, Text.Span[mark..second]);
        to.Text("rname"u8, Text.Span[second..]);
        ReadOnlySpan<byte> numbers = Message.Span[at..];
        to.Number("serial"u8, BinaryPrimitives.ReadUInt32BigEndian(numbers));
        to.Number("refresh"u8, BinaryPrimitives.ReadUInt32BigEndian(numbers[4..]));
        to.Number("retry"u8, BinaryPrimitives.ReadUInt32BigEndian(numbers[8..]));
        to.Number("expire"u8, BinaryPrimitives.ReadUInt32BigEndian(numbers[12..]));
        to.Number("minimum"u8, BinaryPrimitives.ReadUInt32BigEndian(numbers[16..]));
        to.Close();
        Text.Truncate(mark);
    }

    private void WriteSshfp(EveWriter to, in DnsRecord record, ReadOnlySpan<byte> key)
    {
        if (record.DataLength < 2) return;
        ReadOnlySpan<byte> data = Message.Span.Slice(record.Data, record.DataLength);
        Open(to, key);
        to.Text("fingerprint"u8, Colons(data[2..]));
        to.Number("algo"u8, data[0]);
        to.Number("type"u8, data[1]);
        to.Close();
    }

    private static void Open(EveWriter to, ReadOnlySpan<byte> key)
    {
        if (key.IsEmpty) to.OpenItem();
        else to.Open(key);
    }

    private void WriteSrv(EveWriter to, in DnsRecord record, ReadOnlySpan<byte> key)
    {
        if (record.DataLength < 7) return;
        ReadOnlySpan<byte> data = Message.Span.Slice(record.Data, record.DataLength);
        int at = record.Data + 6, mark = Text.Length;
        if (!DnsMessage.ReadName(Message.Span, ref at, Text)) return;
        Open(to, key);
        to.Number("priority"u8, BinaryPrimitives.ReadUInt16BigEndian(data));
        to.Number("weight"u8, BinaryPrimitives.ReadUInt16BigEndian(data[2..]));
        to.Number("port"u8, BinaryPrimitives.ReadUInt16BigEndian(data[4..]));
        to.Text("name"u8, Text.Span[mark..]);
        to.Close();
        Text.Truncate(mark);
    }

    private static readonly ushort[] GroupOrder = [1, 28, 15, 12, 16, 10, 2, 5, 6, 44, 33];

    private void WriteGrouped(EveWriter to)
    {
        to.Open("grouped"u8);
        foreach (ushort type in GroupOrder)
        {
            bool open = false;
            for (int i = 0; i < Answers.Length; i++)
            {
                if (Answers[i].Type != type) continue;
                if (!open) to.OpenArray(DnsMessage.TypeName(type));
                open = true;
                WriteGroupItem(to, Answers[i]);
            }
            if (open) to.CloseArray();
        }
        to.Close();
    }

    private void WriteGroupItem(EveWriter to, in DnsRecord record)
    {
        int mark = Text.Length;
        switch (record.Type)
        {
            case 6: WriteSoa(to, record, default); break;
            case 33: WriteSrv(to, record, default); break;
            case 44: WriteSshfp(to, record, default); break;
            default:
                if (RData(record, out ReadOnlySpan<byte> text)) to.Item(text);
                break;
        }
        Text.Truncate(mark);
    }
}
