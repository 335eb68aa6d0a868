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
    public byte[] Command = [], Argument = [];
    public readonly List<(byte[] Code, byte[] Text)> Replies = new(1);
    public int DynamicPort;
    public bool Active;
    public bool Truncated, ReplyTruncated;

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
        if (Command.Length > 0)
        {
            to.Text("command"u8, Command);
            if (Argument.Length > 0)
            {
                to.Text("command_data"u8, Argument);
                to.Bool("command_truncated"u8, Truncated);
            }
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
            foreach (var (_, text) in Replies) to.Item(text);
            to.CloseArray();
        }
        if (DynamicPort > 0)
        {
            to.Number("dynamic_port"u8, DynamicPort);
            to.Text("mode"u8, Active ? "active"u8 : "passive"u8);
        }
        to.Text("reply_received"u8, Replies.Count > 0 ? "yes"u8 : "no"u8);
        to.Bool("reply_truncated"u8, ReplyTruncated);
        to.Close();
        return true;
    }
}

/// <summary>The control channel of FTP. It announces data connections, so that their files are known.</summary>
internal sealed class FtpParser(AppState state) : AppParser
{
    private const int MaxTransactions = 1024;
    private bool _dropToServer, _dropToClient;   // the rest of a line that was too long
    private FtpTransaction? _current;
    private (int Port, bool Active, IpAddress Address)? _data;

    public override AppProto Protocol => AppProto.Ftp;

    public override bool Gap(ParseContext context, bool toServer, int size) => true;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
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
                if (rest.Length < most && (marks & StreamMarks.Eof) == 0) break;
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
            if (toServer) Command(context, line, cut);
            else if (!line.IsEmpty) Reply(context, line, cut);
            used += end + 1;
        }
        if (used > 0)
        {
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    private void Command(ParseContext context, ReadOnlySpan<byte> line, bool cut)
    {
        if (line.IsEmpty) return;
        int space = line.IndexOf((byte)' ');
        var tx = state.Add(new FtpTransaction
        {
            Command = (space < 0 ? line : line[..space]).ToArray(), Argument = (space < 0 ? default : line[(space + 1)..]).ToArray(), Truncated = cut, ProgressToServer = 1,
        });
        _current = tx;
        if (cut) tx.Raise("request_command_too_long", true);
        string command = Encoding.Latin1.GetString(tx.Command).ToUpperInvariant(), argument = Encoding.Latin1.GetString(tx.Argument);
        if (command == "PORT" && HostAndPort(argument, out IpAddress address, out int port) || command == "EPRT" && Extended(argument, context.Flow.Client, out address, out port))
        {
            _data = (port, true, address);
            tx.DynamicPort = port;
            tx.Active = true;
        }
        else if (command is "RETR" or "STOR" && _data is { } data)
        {
            context.Expectations?.Expect(data.Address, (ushort)data.Port, AppProto.FtpData, new FtpExpectation(tx.Command, tx.Argument, data.Active), context.Time);
            _data = null;
        }
    }

    private void Reply(ParseContext context, ReadOnlySpan<byte> line, bool cut)
    {
        FtpTransaction? tx = null;
        foreach (Transaction t in state.Transactions)
            if (t is FtpTransaction { ProgressToClient: 0 } open)
            {
                tx = open;
                break;
            }
        tx ??= _current;
        if (tx == null)
        {
            // the greeting
            tx = state.Add(new FtpTransaction { ProgressToServer = 1 });
            _current = tx;
        }
        bool coded = line.Length >= 3 && char.IsAsciiDigit((char)line[0]) && char.IsAsciiDigit((char)line[1]) && char.IsAsciiDigit((char)line[2]) && (line.Length == 3 || line[3] is (byte)' ' or (byte)'-');
        tx.ReplyTruncated |= cut;
        if (cut) tx.Raise("response_command_too_long", false);
        if (tx.Replies.Count < 64) tx.Replies.Add(coded ? (line[..3].ToArray(), line[Math.Min(4, line.Length)..].ToArray()) : ([], line.ToArray()));
        bool more = coded && (line.Length > 3 && line[3] == '-' || line[0] == '1') || !coded;
        if (coded && line[..3].SequenceEqual("227"u8))
        {
            string text = Encoding.Latin1.GetString(line);
            int open = text.IndexOf('(', StringComparison.Ordinal), close = text.IndexOf(')', StringComparison.Ordinal);
            if (open > 0 && close > open && HostAndPort(text[(open + 1)..close], out IpAddress address, out int port)) Passive(tx, address, port);
        }
        else if (coded && line[..3].SequenceEqual("229"u8))
        {
            string text = Encoding.Latin1.GetString(line);
            int open = text.IndexOf('(', StringComparison.Ordinal), close = text.IndexOf(')', StringComparison.Ordinal);
            if (open > 0 && close > open && int.TryParse(text[(open + 1)..close].Trim('|'), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536)
                Passive(tx, context.Flow.Server, port);
        }
        else if (coded && line[..3].SequenceEqual("234"u8) && HttpHeaders.Same(tx.Command, "AUTH"u8))
        {
            HandsOver = true;
            HandsOverTo = AppProto.Tls;
        }
        if (!more) tx.ProgressToClient = 1;
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
