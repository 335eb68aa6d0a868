using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Sip;

/// <summary>One SIP message, told by its first line.</summary>
internal sealed class SipTransaction : Transaction
{
    public bool FromClient;
    public bool IsRequest;
    public required byte[] Line;
    public (int Start, int Length) Method, Uri, Version, Code, Reason;

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    private ReadOnlySpan<byte> Part((int Start, int Length) part) => Line.AsSpan(part.Start, part.Length);

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = index > 0 ? default : buffer switch
        {
            BufferId.SipMethod when IsRequest => Part(Method),
            BufferId.SipUri when IsRequest => Part(Uri),
            BufferId.SipProtocol => Part(Version),
            BufferId.SipStatCode when !IsRequest => Part(Code),
            BufferId.SipStatMsg when !IsRequest => Part(Reason),
            BufferId.SipRequestLine when IsRequest => Line,
            BufferId.SipResponseLine when !IsRequest => Line,
            _ => default,
        };
        return !bytes.IsEmpty;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("sip"u8);
        if (IsRequest)
        {
            to.Text("method"u8, Part(Method));
            to.Text("uri"u8, Part(Uri));
            to.Text("version"u8, Part(Version));
            to.Text("request_line"u8, Line);
        }
        else
        {
            to.Text("version"u8, Part(Version));
            to.Text("code"u8, Part(Code));
            to.Text("reason"u8, Part(Reason));
            to.Text("response_line"u8, Line);
        }
        to.Close();
        return true;
    }
}

/// <summary>Session Initiation Protocol over UDP (RFC 3261 section 7).</summary>
internal sealed class SipParser(AppState state) : AppParser
{
    public override AppProto Protocol => AppProto.Sip;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        context.Frame(FrameType.Pdu, toServer, 0, bytes.Length);
        SipTransaction? tx = Read(bytes);
        // requests go to whoever was called first, answers come back
        if (tx == null || tx.IsRequest != toServer)
        {
            // keep-alives of empty lines are part of the protocol's life (RFC 5626 section 3.5.1)
            return bytes.Length;
        }
        if (context.FramesWanted != 0) MarkParts(context, toServer, bytes, tx.IsRequest);
        tx.FromClient = toServer;
        state.Add(tx);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return bytes.Length;
    }

    private static void MarkParts(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, bool request)
    {
        int line = bytes.IndexOf("\r\n"u8) + 2;
        context.Frame(request ? FrameType.RequestLine : FrameType.ResponseLine, toServer, 0, line);
        int headers = bytes[line..].IndexOf("\r\n\r\n"u8);
        headers = headers < 0 ? bytes.Length - line : headers + 2;
        context.Frame(request ? FrameType.RequestHeaders : FrameType.ResponseHeaders, toServer, line, headers);
        int body = line + headers + 2;
        if (body < bytes.Length) context.Frame(request ? FrameType.RequestBody : FrameType.ResponseBody, toServer, body, bytes.Length - body);
    }

    private static SipTransaction? Read(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf("\r\n"u8);
        if (end < 0) return null;
        ReadOnlySpan<byte> line = bytes[..end];
        int first = line.IndexOf((byte)' ');
        if (first <= 0) return null;
        if (line.StartsWith("SIP/"u8))
        {
            ReadOnlySpan<byte> rest = line[(first + 1)..];
            int code = rest.IndexOf((byte)' ');
            if (code < 0) code = rest.Length;
            if (code != 3) return null;
            int reason = Math.Min(first + 1 + code + 1, line.Length);
            return new SipTransaction { Line = line.ToArray(), Version = (0, first), Code = (first + 1, code), Reason = (reason, line.Length - reason) };
        }
        int last = line.LastIndexOf((byte)' ');
        if (last <= first || !line[(last + 1)..].StartsWith("SIP/"u8)) return null;
        foreach (byte b in line[..first])
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'-' or (byte)'_' or (byte)'.')) return null;
        return new SipTransaction { IsRequest = true, Line = line.ToArray(), Method = (0, first), Uri = (first + 1, last - first - 1), Version = (last + 1, line.Length - last - 1) };
    }

    public static bool Probe(ReadOnlySpan<byte> bytes) => Read(bytes) != null;
}
