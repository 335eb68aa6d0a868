using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Telnet;

/// <summary>
/// Telnet (RFC 854): commands and text are told apart and marked as frames. Text goes by lines; from the server, up to its prompt for a name and the one that follows
/// the name. It has no exchanges and no records of its own.
/// </summary>
internal sealed class TelnetParser : AppParser
{
    private const byte Iac = 255, Will = 251, Dont = 254, SubBegin = 250;
    private const int MaxHeld = 65536;

    private enum Step : byte { Greeting, Asked, Named, Lines }

    private Step _step;
    private bool _openToServer, _openToClient;   // a text has begun whose end is not there yet

    public override AppProto Protocol => AppProto.Telnet;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        ref bool open = ref toServer ? ref _openToServer : ref _openToClient;
        int used = 0;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            if (!open && rest[0] == Iac)
            {
                int command = CommandLength(rest);
                if (command == 0) break;
                context.Frame(FrameType.Pdu, toServer, used, command);
                context.Frame(FrameType.Ctl, toServer, used, command);
                used += command;
                continue;
            }
            if (!open)
            {
                context.Frame(FrameType.Pdu, toServer, used, -1);
                context.Frame(FrameType.Data, toServer, used, -1);
                open = true;
            }
            int length = TextLength(rest, toServer);
            // a text without an end is not gathered for ever
            if (length == 0 && rest.Length > MaxHeld) length = rest.Length;
            if (length == 0) break;
            used += length;
            context.EndFrame(FrameType.Pdu, toServer, used);
            context.EndFrame(FrameType.Data, toServer, used);
            open = false;
        }
        if (used > 0)
        {
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return (marks & StreamMarks.Eof) != 0 ? bytes.Length : used;
    }

    /// <summary>A command with its option or up to the end of its parameters, which is a command itself (RFC 854, 855); 0 when it is not all there.</summary>
    private static int CommandLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return 0;
        if (bytes[1] is >= Will and <= Dont) return bytes.Length < 3 ? 0 : 3;
        if (bytes[1] != SubBegin) return 2;
        int end = bytes[2..].IndexOf(Iac);
        if (end >= 0) return 2 + end;
        return bytes.Length > MaxHeld ? bytes.Length : 0;
    }

    private int TextLength(ReadOnlySpan<byte> bytes, bool toServer)
    {
        ReadOnlySpan<byte> mark = toServer ? "\n"u8 : _step switch { Step.Greeting => "login: "u8, Step.Named => ": "u8, _ => "\n"u8 };
        int at = bytes.IndexOf(mark);
        if (at < 0) return 0;
        if (toServer)
        {
            if (_step == Step.Asked) _step = Step.Named;
        }
        else if (_step == Step.Greeting) _step = Step.Asked;
        else if (_step == Step.Named) _step = Step.Lines;
        return at + mark.Length;
    }

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        if (toServer) _openToServer = false;
        else _openToClient = false;
        return true;
    }
}
