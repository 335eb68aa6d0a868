using System.Text;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Rfb;

/// <summary>The opening of a remote frame buffer session.</summary>
internal sealed class RfbTransaction : Transaction
{
    public byte[] ServerVersion = [], ClientVersion = [];     // "003.008"
    public byte[] Challenge = [], Response = [], Name = [], Reason = [];
    public int Security = -1;
    public long Result = -1;
    public int Shared = -1;
    public bool HasScreen;
    public ushort Width, Height, RedMax, GreenMax, BlueMax;
    public byte Bits, Depth, BigEndian, TrueColor, RedShift, GreenShift, BlueShift;

    public override int Complete => 1;
    public override bool RecordFollowsFlow => true;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = index == 0 && buffer == BufferId.RfbName ? Name : default;
        return !bytes.IsEmpty;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("rfb"u8);
        Version(to, "server_protocol_version"u8, ServerVersion);
        Version(to, "client_protocol_version"u8, ClientVersion);
        if (Security >= 0)
        {
            to.Open("authentication"u8);
            to.Number("security_type"u8, Security);
            if (Challenge.Length > 0)
            {
                to.Open("vnc"u8);
                to.Text("challenge"u8, Convert.ToHexStringLower(Challenge));
                if (Response.Length > 0) to.Text("response"u8, Convert.ToHexStringLower(Response));
                to.Close();
            }
            if (Result >= 0) to.Text("security_result"u8, Result switch { 0 => "OK", 1 => "FAIL", 2 => "TOOMANY", _ => $"UNKNOWN ({Result})" });
            to.Close();
        }
        if (Reason.Length > 0) to.Text("server_security_failure_reason"u8, Reason);
        if (Shared >= 0) to.Bool("screen_shared"u8, Shared != 0);
        if (HasScreen)
        {
            to.Open("framebuffer"u8);
            to.Number("width"u8, Width);
            to.Number("height"u8, Height);
            to.Text("name"u8, Name);
            to.Open("pixel_format"u8);
            to.Number("bits_per_pixel"u8, Bits);
            to.Number("depth"u8, Depth);
            to.Bool("big_endian"u8, BigEndian != 0);
            to.Bool("true_color"u8, TrueColor != 0);
            to.Number("red_max"u8, RedMax);
            to.Number("green_max"u8, GreenMax);
            to.Number("blue_max"u8, BlueMax);
            to.Number("red_shift"u8, RedShift);
            to.Number("green_shift"u8, GreenShift);
            to.Number("blue_shift"u8, BlueShift);
            to.Close();
            to.Close();
        }
        to.Close();
        return true;
    }

    private static void Version(EveWriter to, ReadOnlySpan<byte> key, byte[] version)
    {
        if (version.Length != 7) return;
        to.Open(key);
        to.Text("major"u8, version.AsSpan(0, 3));
        to.Text("minor"u8, version.AsSpan(4, 3));
        to.Close();
    }
}

/// <summary>Remote Frame Buffer (RFC 6143): versions, security handshake, initialisation; pictures and keystrokes that follow are passed over.</summary>
internal sealed class RfbParser(AppState state) : AppParser
{
    private enum Step : byte { ServerVersion, ClientVersion, SecurityTypes, SecurityChoice, Challenge, Answer, Result, Reason, ClientInit, ServerInit, Over }

    private const uint MaxText = 1 << 16;
    private Step _step;
    private RfbTransaction? _tx;

    public override AppProto Protocol => AppProto.Rfb;

    public override bool Gap(ParseContext context, bool toServer, int size) => _step == Step.Over;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        var wire = new Wire(bytes);
        int used = 0;
        while (wire.Left > 0)
        {
            if (_step == Step.Over) return bytes.Length;
            bool clients = _step is Step.ClientVersion or Step.SecurityChoice or Step.Answer or Step.ClientInit;
            if (clients != toServer) break; // the other side's turn
            if (!(toServer ? FromClient(ref wire) : FromServer(ref wire))) return -1;
            if (wire.Bad) break;
            context.Frame(FrameType.Pdu, toServer, used, wire.At - used);
            used = wire.At;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    private static byte[]? ReadVersion(ref Wire wire)
    {
        ReadOnlySpan<byte> text = wire.Take(12);
        if (wire.Bad) return null;
        return text.StartsWith("RFB "u8) && text[7] == '.' && text[11] == '\n' ? text[4..11].ToArray() : [];
    }

    private bool FromClient(ref Wire wire)
    {
        RfbTransaction tx = _tx!;
        switch (_step)
        {
            case Step.ClientVersion:
                byte[]? version = ReadVersion(ref wire);
                if (version == null) return true;
                if (version.Length == 0) return Malformed();
                tx.ClientVersion = version;
                _step = Step.SecurityTypes;
                return true;
            case Step.SecurityChoice:
                tx.Security = wire.U8();
                return AfterChoice(tx);
            case Step.Answer:
                tx.Response = wire.Take(16).ToArray();
                if (!wire.Bad) _step = Step.Result;
                return true;
            default:
                tx.Shared = wire.U8() != 0 ? 1 : 0;
                _step = Step.ServerInit;
                return true;
        }
    }

    private bool AfterChoice(RfbTransaction tx)
    {
        // section 7.1.2: only version 3.8 reports a result when no authentication was asked for
        switch (tx.Security)
        {
            case 1: _step = Minor >= 8 ? Step.Result : Step.ClientInit; return true;
            case 2: _step = Step.Challenge; return true;
            case 0: _step = Step.Reason; return true;
            default:
                tx.Raise("unimplemented_security_type", true);
                tx.ProgressToServer = tx.ProgressToClient = 1;
                _step = Step.Over;
                return true;
        }
    }

    private int Minor => _tx!.ClientVersion.Length == 7 ? (_tx.ClientVersion[4] - '0') * 100 + (_tx.ClientVersion[5] - '0') * 10 + _tx.ClientVersion[6] - '0' : 3;

    private bool FromServer(ref Wire wire)
    {
        switch (_step)
        {
            case Step.ServerVersion:
                byte[]? version = ReadVersion(ref wire);
                if (version == null) return true;
                _tx = state.Add(new RfbTransaction());
                if (version.Length == 0) return Malformed();
                _tx.ServerVersion = version;
                _step = Step.ClientVersion;
                return true;
            case Step.SecurityTypes when Minor < 7:
                uint type = wire.U32();
                if (wire.Bad) return true;
                if (type > 255) return Malformed();
                _tx!.Security = (int)type;
                return AfterChoice(_tx);
            case Step.SecurityTypes:
                int count = wire.U8();
                wire.Skip(count);
                if (!wire.Bad) _step = count == 0 ? Step.Reason : Step.SecurityChoice;
                return true;
            case Step.Challenge:
                _tx!.Challenge = wire.Take(16).ToArray();
                if (!wire.Bad) _step = Step.Answer;
                return true;
            case Step.Result:
                uint result = wire.U32();
                if (wire.Bad) return true;
                _tx!.Result = result;
                if (result > 2) _tx.Raise("unknown_security_result", false);
                _step = result == 0 ? Step.ClientInit : Minor >= 8 ? Step.Reason : Step.Over;
                if (_step == Step.Over) Done();
                return true;
            case Step.Reason:
                uint length = wire.U32();
                if (!wire.Bad && length > MaxText) return Malformed();
                _tx!.Reason = wire.Take(length).ToArray();
                if (wire.Bad) return true;
                Done();
                return true;
            default:
                return Screen(ref wire);
        }
    }

    private bool Screen(ref Wire wire)
    {
        RfbTransaction tx = _tx!;
        (tx.Width, tx.Height) = (wire.U16(), wire.U16());
        (tx.Bits, tx.Depth, tx.BigEndian, tx.TrueColor) = (wire.U8(), wire.U8(), wire.U8(), wire.U8());
        (tx.RedMax, tx.GreenMax, tx.BlueMax) = (wire.U16(), wire.U16(), wire.U16());
        (tx.RedShift, tx.GreenShift, tx.BlueShift) = (wire.U8(), wire.U8(), wire.U8());
        wire.Skip(3);
        uint length = wire.U32();
        if (!wire.Bad && length > MaxText) return Malformed();
        tx.Name = wire.Take(length).ToArray();
        if (wire.Bad) return true;
        tx.HasScreen = true;
        Done();
        return true;
    }

    private void Done()
    {
        _step = Step.Over;
        _tx!.ProgressToServer = _tx.ProgressToClient = 1;
    }

    private bool Malformed()
    {
        _tx!.Raise("malformed_message", true);
        return false;
    }
}
