using System.Text;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>One mail: envelope, headers, attachments.</summary>
internal sealed class SmtpTransaction : Transaction
{
    public byte[] Helo = [], From = [];
    public readonly List<byte[]> Recipients = new(1);
    public MailReader? Mail;

    public override bool RecordFollowsFlow => true;
    public override bool RecordHasNumber => true;
    public override int Complete => 1;
    public override bool HasRecord => Helo.Length > 0 || From.Length > 0 || Recipients.Count > 0 || Mail != null;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!toServer || index >= Files.Count) return false;
        if (buffer == BufferId.FileData) bytes = Files[index].Bytes.Span;
        else if (buffer == BufferId.FileName) bytes = Files[index].Name;
        else return false;
        return true;
    }

    public override long StreamedBytes(BufferId buffer, bool toServer)
    {
        long total = 0;
        if (toServer)
            foreach (AppFile file in Files) total += file.Size;
        return total;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("smtp"u8);
        if (Helo.Length > 0) to.Text("helo"u8, Helo);
        if (From.Length > 0) to.Text("mail_from"u8, From);
        if (Recipients.Count > 0)
        {
            to.OpenArray("rcpt_to"u8);
            foreach (byte[] one in Recipients) to.Item(one);
            to.CloseArray();
        }
        to.Close();
        Mail?.WriteRecord(to);
        return true;
    }
}

/// <summary>SMTP: the commands that make up an envelope, then the mail itself.</summary>
internal sealed class SmtpParser(AppState state) : AppParser
{
    private const int MaxLine = 4096, MaxPending = 256;
    private SmtpTransaction? _tx;
    private byte[] _helo = [];
    private bool _inData, _startTls, _wantsData;
    private MailReader? _mail;

    public override AppProto Protocol => AppProto.Smtp;

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        if (toServer && _inData && _tx != null)
            foreach (AppFile file in _tx.Files) file.Gaps = true;
        return true;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        bool eof = (marks & StreamMarks.Eof) != 0;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            int end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                if (rest.Length < MaxLine && !eof) break;
                end = rest.Length - 1;
            }
            ReadOnlySpan<byte> line = rest[..(end + 1)];
            used += end + 1;
            if (!toServer) Reply(line.TrimEnd("\r\n"u8));
            else if (_inData) Body(context, line);
            else Command(context, line.TrimEnd("\r\n"u8));
            if (HandsOver) return used;
        }
        if (eof && toServer) Finish(context, false);
        return used;
    }

    private void Reply(ReadOnlySpan<byte> line)
    {
        if (line.Length < 3 || line.Length > 3 && line[3] == '-') return;
        if (_startTls)
        {
            _startTls = false;
            if (line.StartsWith("220"u8))
            {
                HandsOver = true;
                HandsOverTo = AppProto.Tls;
            }
        }
        if (_wantsData && !line.StartsWith("3"u8) && _inData && _mail is { LinesRead: 0 })
        {
            // DATA was refused
            _inData = false;
            _mail = null;
        }
        _wantsData = false;
    }

    private SmtpTransaction Current()
    {
        _tx ??= state.Add(new SmtpTransaction { Helo = _helo });
        return _tx;
    }

    private void Command(ParseContext context, ReadOnlySpan<byte> line)
    {
        if (state.Transactions.Count > MaxPending) return;
        // every command opens a transaction when none is open, also one that comes to nothing
        Current();
        if (Starts(line, "HELO "u8) || Starts(line, "EHLO "u8))
        {
            _helo = line[5..].ToArray();
            Current().Helo = _helo;
        }
        else if (Starts(line, "MAIL FROM:"u8))
        {
            if (_tx is { From.Length: > 0 }) Finish(context, true);
            Current().From = Address(line[10..]);
        }
        else if (Starts(line, "RCPT TO:"u8))
        {
            if (Current().Recipients.Count < 512) Current().Recipients.Add(Address(line[8..]));
        }
        else if (line.Length == 4 && Starts(line, "DATA"u8))
        {
            _inData = _wantsData = true;
            _mail = Current().Mail = new MailReader(Current());
        }
        else if (line.Length >= 4 && Starts(line, "RSET"u8)) Finish(context, true);
        else if (Starts(line, "STARTTLS"u8)) _startTls = true;
        else Current();
        context.TriggerToServer = true;
    }

    private static byte[] Address(ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t"u8);
        int close = text.IndexOf((byte)'>');
        if (text.StartsWith("<"u8) && close > 0) return text[..(close + 1)].ToArray();
        int space = text.IndexOf((byte)' ');
        return (space < 0 ? text : text[..space]).ToArray();
    }

    private static bool Starts(ReadOnlySpan<byte> line, ReadOnlySpan<byte> upper) => line.Length >= upper.Length && HttpHeaders.Same(line[..upper.Length], upper);

    private void Body(ParseContext context, ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.TrimEnd("\r\n"u8);
        if (text.SequenceEqual("."u8))
        {
            Finish(context, true);
            return;
        }
        if (text.StartsWith(".."u8)) line = line[1..];
        _mail?.Line(context, line);
    }

    private void Finish(ParseContext context, bool complete)
    {
        _inData = false;
        if (_tx == null) return;
        if (!complete && _mail == null && _tx.From.Length == 0) return;
        _mail?.End(complete);
        _mail = null;
        _tx.ProgressToServer = _tx.ProgressToClient = 1;
        context.TriggerToServer = true;
        _tx = null;
    }
}

/// <summary>A mail as it arrives, line by line: headers of interest and attachments decoded.</summary>
internal sealed class MailReader(SmtpTransaction tx)
{
    private const int MaxParts = 64, MaxHeader = 2000, MaxBoundaries = 8;
    private readonly List<byte[]> _boundaries = [];
    private readonly SlidingBuffer _header = new();
    private bool _inHeaders = true, _top = true, _complete, _headersDone;
    private string _from = "", _encoding = "";
    private readonly List<string> _to = [], _cc = [];
    private readonly List<string> _attachments = [];
    private AppFile? _file;
    private byte[] _name = [];
    private readonly byte[] _quad = new byte[4];
    private int _quadCount;
    private int _heldBreak;          // bytes of the line break not yet passed on
    public long LinesRead { get; private set; }

    public void Line(ParseContext context, ReadOnlySpan<byte> line)
    {
        LinesRead++;
        ReadOnlySpan<byte> text = line.TrimEnd("\r\n"u8);
        if (_inHeaders)
        {
            if (text.IsEmpty)
            {
                EndHeader();
                _inHeaders = false;
                _headersDone = true;
                _top = false;
                StartPart(context);
                return;
            }
            if (text[0] is (byte)' ' or (byte)'\t')
            {
                if (_header.Length < MaxHeader)
                {
                    _header.Append((byte)' ');
                    _header.Append(text.Trim(" \t"u8));
                }
                return;
            }
            EndHeader();
            _header.Append(text[..Math.Min(text.Length, MaxHeader)]);
            return;
        }
        if (text.StartsWith("--"u8))
            foreach (byte[] boundary in _boundaries)
            {
                if (!text[2..].StartsWith(boundary)) continue;
                ClosePart();
                bool last = text[(2 + boundary.Length)..].StartsWith("--"u8);
                _inHeaders = !last;
                _encoding = "";
                _name = [];
                return;
            }
        if (_file != null) Decode(line);
    }

    private void EndHeader()
    {
        ReadOnlySpan<byte> header = _header.Span;
        int colon = header.IndexOf((byte)':');
        if (colon > 0)
        {
            ReadOnlySpan<byte> name = header[..colon], value = header[(colon + 1)..].Trim(" \t"u8);
            if (_top && HttpHeaders.Same(name, "from"u8)) _from = Encoding.UTF8.GetString(value);
            else if (_top && HttpHeaders.Same(name, "to"u8)) Addresses(_to, value);
            else if (_top && HttpHeaders.Same(name, "cc"u8)) Addresses(_cc, value);
            else if (HttpHeaders.Same(name, "content-transfer-encoding"u8)) _encoding = Encoding.ASCII.GetString(value).Trim().ToLowerInvariant();
            else if (HttpHeaders.Same(name, "content-type"u8))
            {
                if (_boundaries.Count < MaxBoundaries && MultipartReader.Parameter(value, "boundary"u8, out ReadOnlySpan<byte> boundary) && !boundary.IsEmpty) _boundaries.Add(boundary.ToArray());
                if (_name.Length == 0 && MultipartReader.Parameter(value, "name"u8, out ReadOnlySpan<byte> file)) _name = file.ToArray();
            }
            else if (HttpHeaders.Same(name, "content-disposition"u8) && MultipartReader.Parameter(value, "filename"u8, out ReadOnlySpan<byte> file)) _name = file.ToArray();
        }
        _header.Clear();
    }

    private static void Addresses(List<string> into, ReadOnlySpan<byte> value)
    {
        foreach (string one in Encoding.UTF8.GetString(value).Split(','))
            if (into.Count < 64) into.Add(one.Trim());
    }

    private void StartPart(ParseContext context)
    {
        if (_name.Length == 0 || tx.Files.Count >= MaxParts) return;
        _file = new AppFile();
        _file.Open(_name, true, context.Options.Files, true);
        tx.Files.Add(_file);
        _attachments.Add(Encoding.UTF8.GetString(_name));
        _quadCount = _heldBreak = 0;
    }

    private void Decode(ReadOnlySpan<byte> line)
    {
        if (_encoding == "base64")
        {
            Span<byte> plain = stackalloc byte[3];
            foreach (byte b in line)
            {
                if (b is (byte)'\r' or (byte)'\n' or (byte)' ') continue;
                _quad[_quadCount++] = b;
                if (_quadCount < 4) continue;
                _quadCount = 0;
                if (System.Buffers.Text.Base64.DecodeFromUtf8(_quad, plain, out _, out int n) == System.Buffers.OperationStatus.Done) _file!.Append(plain[..n]);
            }
            return;
        }
        // the line break before a boundary is the boundary's (RFC 2046, 5.1.1): each is held until a line follows
        if (_heldBreak > 0) _file!.Append(_heldBreak == 2 ? "\r\n"u8 : "\n"u8);
        ReadOnlySpan<byte> whole = line;
        line = line.TrimEnd("\r\n"u8);
        _heldBreak = Math.Min(2, whole.Length - line.Length);
        if (_encoding == "quoted-printable")
        {
            for (int i = 0; i < line.Length; i++)
            {
                if (line[i] == '=' && i + 2 < line.Length && UriText.Hex(line[i + 1]) >= 0 && UriText.Hex(line[i + 2]) >= 0)
                {
                    _file!.Append([(byte)(UriText.Hex(line[i + 1]) << 4 | UriText.Hex(line[i + 2]))]);
                    i += 2;
                }
                else if (line[i] == '=' && i + 1 == line.Length) _heldBreak = 0; // a soft break
                else _file!.Append(line.Slice(i, 1));
            }
            return;
        }
        _file!.Append(line);
    }

    private void ClosePart()
    {
        _file?.Close(true);
        _file = null;
    }

    public void End(bool complete)
    {
        _complete = complete;
        if (_inHeaders) EndHeader();
        _file?.Close(complete);
        _file = null;
        _header.Release();
    }

    public void WriteRecord(EveWriter to)
    {
        to.Open("email"u8);
        to.Text("status"u8, _complete ? "PARSE_DONE"u8 : _headersDone ? "BODY_STARTED"u8 : "HEADER_READY"u8);
        if (_from.Length > 0) to.Text("from"u8, _from);
        List("to"u8, _to, to);
        List("cc"u8, _cc, to);
        List("attachment"u8, _attachments, to);
        to.Close();
    }

    private static void List(ReadOnlySpan<byte> key, List<string> items, EveWriter to)
    {
        if (items.Count == 0) return;
        to.OpenArray(key);
        foreach (string item in items) to.Item(item);
        to.CloseArray();
    }
}
