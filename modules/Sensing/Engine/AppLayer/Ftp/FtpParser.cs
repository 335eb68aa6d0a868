using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Ftp;

/// <summary>One command and the replies to it; a greeting has no command.</summary>
internal sealed class FtpTransaction : Transaction
{
    public byte[] Command = [];      // by its proper name; empty when it is none that is known
    public byte[] Line = [];
    public readonly List<(byte[] Code, byte[] Text)> Replies = new(1);
    public int DynamicPort;
    public bool Active;
    public bool Unnamed;             // an empty line behind the command has taken its name away
    public bool Truncated, ReplyTruncated, Done;

    /// <summary>What follows the command and one byte after it.</summary>
    public ReadOnlySpan<byte> Argument => Line.Length > Command.Length + 1 ? Line.AsSpan(Command.Length + 1) : default;

    public override bool RecordFollowsFlow => true;
    public override bool RecordHasNumber => true;
    public override int Complete => 1;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("ftp"u8);
        if (Command.Length > 0 || Unnamed)
        {
            if (!Unnamed) to.Text("command"u8, Command);
            ReadOnlySpan<byte> argument = Argument;
            if (!argument.IsEmpty) to.Text("command_data"u8, argument);
            if (Line.Length > Command.Length) to.Bool("command_truncated"u8, Truncated);
        }
        if (Replies.Count > 0)
        {
            if (Replies.Exists(r => r.Code.Length > 0))
            {
                to.OpenArray("completion_code"u8);
                foreach (var (code, _) in Replies)
                    if (code.Length > 0) to.Item(code);
                to.CloseArray();
            }
            to.OpenArray("reply"u8);
            foreach (var (_, text) in Replies)
                if (text.Length > 0) to.Item(text);
            to.CloseArray();
        }
        if (DynamicPort > 0) to.Number("dynamic_port"u8, DynamicPort);
        if (Command.AsSpan().SequenceEqual("PORT"u8) || Command.AsSpan().SequenceEqual("EPRT"u8)) to.Text("mode"u8, Active ? "active"u8 : "passive"u8);
        to.Text("reply_received"u8, Done ? "yes"u8 : "no"u8);
        to.Bool("reply_truncated"u8, ReplyTruncated);
        to.Close();
        return true;
    }
}

/// <summary>The control channel of FTP. It announces data connections, so that their files are known.</summary>
internal sealed class FtpParser(AppState state) : AppParser
{
    private const int MaxTransactions = 1024;

    private static readonly byte[][] Commands = ((string[])["PORT", "EPRT", "AUTH TLS", "ABOR", "ACCT", "ALLO", "APPE", "CDUP", "CHMOD", "CWD", "DELE", "EPSV", "HELP", "IDLE", "LIST", "MAIL", "MDTM", "MKD", "MLFL",
        "MODE", "MRCP", "MRSQ", "MSAM", "MSND", "MSOM", "NLST", "NOOP", "PASS", "PASV", "PWD", "QUIT", "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR", "STOU", "STRU", "SYST",
        "TYPE", "UMASK", "USER"]).Select(Encoding.ASCII.GetBytes).ToArray();

    private bool _dropToServer, _dropToClient;   // the rest of a line that was too long
    private (int Port, bool Active, IpAddress Address)? _data;
    private byte[] _command = [], _line = [];    // the last that was said

    public override AppProto Protocol => AppProto.Ftp;

    public override bool Gap(ParseContext context, bool toServer, int size) => false;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        FtpTransaction? last = null;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            int end = rest.IndexOf((byte)'\n');
            bool cut = false;
            ref bool drop = ref toServer ? ref _dropToServer : ref _dropToClient;
            if (drop)
            {
                used += end < 0 ? rest.Length : end + 1;
                drop = end < 0;
                continue;
            }
            int most = context.Options.FtpMaxLine;
            if (end < 0)
            {
                if (rest.Length < most) break;
                end = rest.Length - 1;
                drop = cut = rest.Length >= most;
            }
            ReadOnlySpan<byte> line = rest[..(end + 1)].TrimEnd("\r\n"u8);
            if (line.Length > most)
            {
                line = line[..most];
                cut = true;
            }
            if (state.NextId > MaxTransactions) return -1;
            if (!toServer) Reply(context, line, cut, ref last);
            else if (line.IsEmpty) Unname(last);
            else if (!Command(context, line, cut, out last)) return -1;
            used += end + 1;
        }
        if (used > 0)
        {
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    /// <summary>A known command is looked for in the whole line, the first that is there counts. False: a transfer that nothing announced, which ends the following.</summary>
    private bool Command(ParseContext context, ReadOnlySpan<byte> line, bool cut, out FtpTransaction tx)
    {
        _command = Find(line);
        _line = line.ToArray();
        tx = state.Add(new FtpTransaction { Command = _command, Line = _line, Truncated = cut, ProgressToServer = 1 });
        if (cut) tx.Raise("request_command_too_long", true);
        if (!_command.AsSpan().SequenceEqual("RETR"u8) && !_command.AsSpan().SequenceEqual("STOR"u8)) return true;
        if (_data is not { } data) return false;
        context.Expectations?.Expect(data.Address, (ushort)data.Port, AppProto.FtpData, new FtpExpectation(_command, tx.Argument.ToArray(), data.Active), context.Time);
        _data = null;
        return true;
    }

    private void Unname(FtpTransaction? tx)
    {
        _command = _line = [];
        if (tx == null || tx.Command.Length == 0) return;
        tx.Command = [];
        tx.Unnamed = true;
    }

    private static byte[] Find(ReadOnlySpan<byte> line)
    {
        for (int at = 0; at < line.Length; at++)
        {
            if (!char.IsAsciiLetter((char)line[at])) continue;
            ReadOnlySpan<byte> rest = line[at..];
            foreach (byte[] command in Commands)
                if (rest.Length >= command.Length && HttpHeaders.Same(rest[..command.Length], command)) return command;
        }
        return [];
    }

    /// <summary>The oldest command that still waits takes the reply; lines that come together with the last reply join it, others stand alone.</summary>
    private void Reply(ParseContext context, ReadOnlySpan<byte> line, bool cut, ref FtpTransaction? last)
    {
        FtpTransaction? tx = null;
        foreach (Transaction t in state.Transactions)
            if (t is FtpTransaction { Done: false } open)
            {
                tx = open;
                break;
            }
        tx ??= last ?? state.Add(new FtpTransaction { ProgressToServer = 1 });
        last = tx;
        if (!Announce(context, tx, line)) return;
        if (!line.IsEmpty)
        {
            bool coded = line.Length >= 3 && char.IsAsciiDigit((char)line[0]) && char.IsAsciiDigit((char)line[1]) && char.IsAsciiDigit((char)line[2]);
            tx.ReplyTruncated |= cut;
            if (cut) tx.Raise("response_command_too_long", false);
            if (tx.Replies.Count < 64) tx.Replies.Add(coded ? (line[..3].ToArray(), line[Math.Min(4, line.Length)..].ToArray()) : ([], line.ToArray()));
            // a preliminary reply: another follows (RFC 959 section 4.2)
            if (coded && line[0] == '1' && line.Length > 3 && line[3] == ' ') return;
        }
        Finish(tx);
    }

    private static void Finish(FtpTransaction tx)
    {
        tx.Done = true;
        tx.ProgressToClient = 1;
    }

    /// <summary>What the reply to the last command says about a data connection. False: that command made no sense, and nothing is noted of its reply.</summary>
    private bool Announce(ParseContext context, FtpTransaction tx, ReadOnlySpan<byte> line)
    {
        bool port = _command.AsSpan().SequenceEqual("PORT"u8);
        if (port || _command.AsSpan().SequenceEqual("EPRT"u8))
        {
            string argument = Encoding.Latin1.GetString(_line.AsSpan(Math.Min(5, _line.Length)));
            if (!(port ? HostAndPort(argument, out IpAddress address, out int number) : Extended(argument, context.Flow.Client, out address, out number)))
            {
                Finish(tx);
                return false;
            }
            _data = (number, true, address);
            tx.DynamicPort = number;
            tx.Active = true;
        }
        else if (line.StartsWith("227 "u8) && _command.AsSpan().SequenceEqual("PASV"u8))
        {
            string text = Encoding.Latin1.GetString(line);
            int open = text.IndexOf('(', StringComparison.Ordinal), close = text.IndexOf(')', StringComparison.Ordinal);
            if (open > 0 && close > open && HostAndPort(text[(open + 1)..close], out IpAddress address, out int number)) Passive(tx, address, number);
        }
        else if (line.StartsWith("229 "u8) && _command.AsSpan().SequenceEqual("EPSV"u8))
        {
            string text = Encoding.Latin1.GetString(line);
            int open = text.IndexOf('(', StringComparison.Ordinal), close = text.IndexOf(')', StringComparison.Ordinal);
            if (open > 0 && close > open && int.TryParse(text[(open + 1)..close].Trim('|'), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and < 65536)
                Passive(tx, context.Flow.Server, number);
        }
        else if (line.StartsWith("234 "u8) && _command.AsSpan().SequenceEqual("AUTH TLS"u8))
        {
            HandsOver = true;
            HandsOverTo = AppProto.Tls;
        }
        return true;
    }

    private void Passive(FtpTransaction tx, IpAddress address, int port)
    {
        tx.DynamicPort = port;
        _data = (port, false, address);
    }

    private static bool HostAndPort(string text, out IpAddress address, out int port)
    {
        address = default;
        port = 0;
        string[] parts = text.Split(',');
        if (parts.Length != 6) return false;
        uint host = 0;
        for (int i = 0; i < 6; i++)
        {
            if (!byte.TryParse(parts[i].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out byte b)) return false;
            if (i < 4) host = host << 8 | b;
            else port = port << 8 | b;
        }
        address = IpAddress.FromV4(host);
        return port > 0;
    }

    private static bool Extended(string text, IpAddress client, out IpAddress address, out int port)
    {
        address = client;
        port = 0;
        if (text.Length < 4) return false;
        string[] parts = text.Split(text[0]);
        return parts.Length >= 4 && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65536;
    }
}

internal sealed record FtpExpectation(byte[] Command, byte[] File, bool Active);
