using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>SMTP (RFC 5321, RFC 3030 for BDAT, RFC 3207 for STARTTLS): the commands that make up an envelope, then the mail itself.</summary>
internal sealed class SmtpParser(AppState state) : AppParser
{
    private const int MaxLine = 4096, MaxPending = 256, MaxCommands = 1024, MaxRecipients = 512;

    private enum Sent : byte { Other, Data, DataEnd, StartTls, Reset, Chunk }

    private SmtpTransaction? _tx;
    private byte[]? _helo;
    private bool _welcomed, _inData, _inChunk, _cutCommand;
    private long _chunkLeft, _chunkSeen;
    private MailReader? _mail;
    private AppFile? _raw;
    private readonly Queue<Sent> _sent = new(2);
    private bool _mailOver;          // the mail is whole; its transaction ends with the server's answer

    public override AppProto Protocol => AppProto.Smtp;

    /// <summary>Commands and answers that were lost cannot be told from one another any more.</summary>
    public override bool Gap(ParseContext context, bool toServer, int size) => false;

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
                if (toServer && _inData && _mail != null && (_midLine || _mail.TakesPieces && rest[0] is not ((byte)'-' or (byte)'.')))
                {
                    // encoded text counts as it comes, also before its line is whole
                    _mail.Piece(rest);
                    _midLine = true;
                    used = bytes.Length;
                    break;
                }
                if (rest.Length < MaxLine && !eof) break;
                end = Math.Min(rest.Length, MaxLine) - 1;
            }
            ReadOnlySpan<byte> line = rest[..(end + 1)];
            used += toServer ? ToServer(context, line) : ToClient(context, ref line);
            if (_broken) return -1;
            if (HandsOver) return used;
        }
        if (eof) SideEnds(context, toServer);
        return used;
    }

    private bool _broken, _midLine;

    private int ToServer(ParseContext context, ReadOnlySpan<byte> line)
    {
        // each line that comes before the server has said a word is told, of the mail as of commands
        if (!_welcomed) Current(context)?.RaiseAgain(SmtpEvents.NoWelcome, true);
        if (_inData && _midLine)
        {
            _midLine = false;
            _mail?.Piece(line);
        }
        else if (_inData) Body(context, line);
        else if (_inChunk) Chunk(line);
        else
        {
            bool whole = line[^1] == '\n';
            bool cut = line.Length > MaxLine || !whole && line.Length == MaxLine;
            if (!_cutCommand) Command(context, cut ? line[..MaxLine] : line.TrimEnd("\r\n"u8), cut);
            _cutCommand = !whole && (cut || _cutCommand);
        }
        return line.Length;
    }

    private int ToClient(ParseContext context, ref ReadOnlySpan<byte> line)
    {
        if (line.Length >= MaxLine)
        {
            line = line[..MaxLine];
            Current(context)?.Raise(SmtpEvents.TruncatedLine, false);
        }
        Reply(context, line.TrimEnd("\r\n"u8));
        return line.Length;
    }

    private SmtpTransaction? Current(ParseContext context)
    {
        if (_tx != null) return _tx;
        if (state.Transactions.Count > MaxPending) return null;
        return _tx = state.Add(new SmtpTransaction { Helo = _helo });
    }

    private void Note(Sent command)
    {
        if (_sent.Count < MaxCommands) _sent.Enqueue(command);
    }

    private void Command(ParseContext context, ReadOnlySpan<byte> line, bool cut)
    {
        if (Current(context) is not { } tx)
        {
            _broken = true;
            return;
        }
        if (cut) tx.Raise(SmtpEvents.TruncatedLine, true);
        Sent sent = Sent.Other;
        if (Starts(line, "STARTTLS"u8)) sent = Sent.StartTls;
        else if (Starts(line, "DATA"u8))
        {
            sent = Sent.Data;
            _inData = true;
            BeginMail(context, tx);
        }
        else if (Starts(line, "BDAT"u8))
        {
            sent = Sent.Chunk;
            ReadOnlySpan<byte> text = line[4..].TrimStart(" \t"u8);
            int digits = HttpText.Digits(text, 10, out long length);
            if (digits > 0 && (digits == text.Length || text[digits] is (byte)' ' or (byte)'\t') && length is > 0 and <= uint.MaxValue)
            {
                _chunkLeft = length;
                _inChunk = true;
            }
        }
        else if (Starts(line, "HELO"u8) || Starts(line, "EHLO"u8))
        {
            if (tx.Helo != null) tx.RaiseAgain(SmtpEvents.Duplicate, true);
            else _helo = tx.Helo = Parameter(line[4..]);
        }
        else if (Starts(line, "MAIL FROM"u8))
        {
            if (tx.From != null) tx.RaiseAgain(SmtpEvents.Duplicate, true);
            else tx.From = Parameter(line.Length > 10 ? line[10..] : default);
        }
        else if (Starts(line, "RCPT TO"u8))
        {
            if (tx.Recipients.Count < MaxRecipients) tx.Recipients.Add(Parameter(line.Length > 8 ? line[8..] : default));
        }
        else if (Starts(line, "RSET"u8)) sent = Sent.Reset;
        Note(sent);
        context.TriggerToServer = true;
    }

    private void BeginMail(ParseContext context, SmtpTransaction tx)
    {
        SmtpOptions options = context.Options.Smtp;
        tx.ProgressToServer = SmtpTransaction.InMail;
        if (options.Raw)
        {
            _raw = new AppFile();
            _raw.Open("rawmsg"u8, true, context.Options.Files, true);
            tx.Files.Add(_raw);
        }
        else if (options.Decode) _mail = tx.Mail = new MailReader(tx, options);
    }

    private static byte[] Parameter(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t"u8);
        int space = text.IndexOf((byte)' ');
        return (space < 0 ? text : text[..space]).ToArray();
    }

    private static bool Starts(ReadOnlySpan<byte> line, ReadOnlySpan<byte> upper) => line.Length >= upper.Length && HttpHeaders.Same(line[..upper.Length], upper);

    private void Body(ParseContext context, ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual(".\r\n"u8) || line.SequenceEqual(".\n"u8) || line.SequenceEqual("."u8))
        {
            Note(Sent.DataEnd);
            _inData = false;
            _mailOver = true;
            EndMail(true);
            if (_tx != null) _tx.ProgressToServer = _tx.ProgressToClient = SmtpTransaction.Done;
            context.TriggerToServer = true;
            return;
        }
        _mail?.Line(context, line);
        _raw?.Append(line);
    }

    private void EndMail(bool complete)
    {
        _mail?.End(complete);
        _mail = null;
        _raw?.Close(complete);
        _raw = null;
    }

    /// <summary>The lines of a chunk count against the length it was announced with. What earlier chunks of the conversation held counts too, as the reference has it.</summary>
    private void Chunk(ReadOnlySpan<byte> line)
    {
        _chunkSeen += line.Length;
        if (_chunkSeen < _chunkLeft) return;
        if (_chunkSeen > _chunkLeft)
        {
            _tx?.RaiseAgain(SmtpEvents.ChunkExceeded, true);
            _broken = true;
        }
        _inChunk = false;
    }

    private void Reply(ParseContext context, ReadOnlySpan<byte> line)
    {
        if (line.Length < 3 || HttpText.Digits(line[..3], 10, out long code) != 3 || !ReplyCodes.Contains((int)code))
        {
            Current(context)?.Raise(SmtpEvents.InvalidReply, false);
            _broken = true;
            return;
        }
        if (!_welcomed && code is 220 or 554)
        {
            if (line.Length == 3 || line[3] != '-') _welcomed = true;
            if (_sent.Count == 0) return;
        }
        if (line.Length > 3 && line[3] == '-') return;
        if (!_sent.TryDequeue(out Sent sent)) return;
        switch (sent)
        {
            case Sent.StartTls when code == 220:
                if (_sent.Count > 0) _tx?.RaiseAgain(SmtpEvents.InvalidPipelining, false);
                Finish(context, true);
                HandsOver = true;
                HandsOverTo = AppProto.Tls;
                break;
            case Sent.StartTls:
                _tx?.RaiseAgain(SmtpEvents.TlsRejected, false);
                break;
            case Sent.Data when code == 354:
                if (_sent.Count > 0) _tx?.RaiseAgain(SmtpEvents.InvalidPipelining, false);
                break;
            case Sent.Data:
                _tx?.RaiseAgain(SmtpEvents.DataRejected, false);
                _inData = false;
                EndMail(false);
                break;
            case Sent.DataEnd when _mailOver:
            case Sent.Reset when code == 250:
                Finish(context, true);
                break;
        }
        context.TriggerToClient = true;
    }

    private static readonly HashSet<int> ReplyCodes = [211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 450, 451, 452, 455, 500, 501, 502, 503, 504, 550, 551, 552, 553, 554, 555];

    /// <summary>One side of the connection is closed; what is at hand is over when both are.</summary>
    private void SideEnds(ParseContext context, bool toServer)
    {
        if (toServer)
        {
            EndMail(false);
            _inData = _inChunk = false;
            context.TriggerToServer = true;
        }
        if (_tx == null || _tx.From == null && _tx.Mail == null) return; // a greeting alone waits for the end of the flow
        if (toServer) _tx.ProgressToServer = SmtpTransaction.Done;
        else _tx.ProgressToClient = SmtpTransaction.Done;
    }

    /// <summary>The transaction at hand is over: by the server's answer, by RSET, or with STARTTLS.</summary>
    private void Finish(ParseContext context, bool complete)
    {
        _inData = _inChunk = _mailOver = false;
        EndMail(complete && _mail == null);
        if (_tx == null) return;
        _tx.ProgressToServer = _tx.ProgressToClient = SmtpTransaction.Done;
        context.TriggerToServer = true;
        _tx = null;
    }
}
