using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpTransaction : Transaction
{
    public const int Line = 1, HeadersRead = 2, Body = 3, Trailer = 4, Done = 5;

    public readonly SlidingBuffer RequestLine = new();
    public readonly SlidingBuffer ResponseLine = new();
    public int MethodLength, TargetStart, TargetLength, ProtocolStart, ProtocolLength;
    public int AnswerProtocolLength, StatusStart, StatusLength, MessageStart, MessageLength;
    public int Status;
    public bool HasAnswer;
    public readonly HttpHeaders Request = new();
    public readonly HttpHeaders Response = new();
    public readonly SlidingBuffer RequestBody = new();
    public readonly SlidingBuffer ResponseBody = new();
    public long RequestBodySeen, ResponseBodySeen;
    public long ResponseWireLength;
    public AppFile? RequestFile, ResponseFile;
    private readonly SlidingBuffer _derived = new();
    private readonly (int Start, int Length)[] _slots = new (int, int)[16];

    public override bool RecordFollowsFlow => true;
    public override bool RecordHasNumber => true;
    public override int Complete => Done;

    public ReadOnlySpan<byte> Method => RequestLine.Span[..MethodLength];
    public ReadOnlySpan<byte> Target => RequestLine.Span.Slice(TargetStart, TargetLength);
    public ReadOnlySpan<byte> Protocol => RequestLine.Span.Slice(ProtocolStart, ProtocolLength);

    public override bool Uses(bool toServer) => true;

    public override long StreamedBytes(BufferId buffer, bool toServer)
    {
        if (buffer == BufferId.FileData && toServer)
        {
            long total = 0;
            foreach (AppFile f in Files)
                if (f.ToServer) total += f.Size;
            return total;
        }
        return toServer ? RequestBodySeen : ResponseBodySeen;
    }

    public override int Number(NumberId what, bool toServer, int index)
    {
        if (index > 0) return -1;
        switch (what)
        {
            case NumberId.UriLength:
                return TryGet(BufferId.HttpUri, true, 0, out ReadOnlySpan<byte> uri) ? uri.Length : -1;
            case NumberId.HttpStatus:
                return HasAnswer ? Status : -1;
            default:
                return -1;
        }
    }

    public override void Reset()
    {
        base.Reset();
        RequestLine.Release();
        ResponseLine.Release();
        Request.Reset();
        Response.Reset();
        RequestBody.Release();
        ResponseBody.Release();
        _derived.Release();
        Array.Clear(_slots);
        RequestFile = ResponseFile = null;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("http"u8);
        if (TryGet(BufferId.HttpHost, true, 0, out ReadOnlySpan<byte> _) && HostName(out ReadOnlySpan<byte> host, out ReadOnlySpan<byte> port))
        {
            to.Text("hostname"u8, host);
            if (!port.IsEmpty && HttpParser.TryNumber(port, 10, out long number)) to.Number("http_port"u8, number <= 65535 ? number : 0);
        }
        if (TargetLength > 0) to.Text("url"u8, Target);
        if (Request.TryGet("user-agent"u8, out ReadOnlySpan<byte> value)) to.Text("http_user_agent"u8, value);
        if (Request.TryGet("x-forwarded-for"u8, out value)) to.Text("xff"u8, value);
        if (Response.TryGet("content-type"u8, out value))
        {
            int semicolon = value.IndexOf((byte)';');
            to.Text("http_content_type"u8, semicolon < 0 ? value : value[..semicolon]);
        }
        if (Response.TryGet("content-range"u8, out value)) WriteRange(to, value);
        if (Request.TryGet("referer"u8, out value)) to.Text("http_refer"u8, value);
        if (MethodLength > 0) to.Text("http_method"u8, Method);
        if (ProtocolLength > 0) to.Text("protocol"u8, Protocol);
        if (HasAnswer)
        {
            if (Status > 0) to.Number("status"u8, Status);
            if (Status is >= 300 and < 400 && Response.TryGet("location"u8, out value)) to.Text("redirect"u8, value);
        }
        to.Number("length"u8, ResponseWireLength);
        to.Close();
        return true;
    }

    private static void WriteRange(EveWriter to, ReadOnlySpan<byte> value)
    {
        to.Open("content_range"u8);
        to.Text("raw"u8, value);
        int space = value.IndexOf((byte)' '), dash = value.IndexOf((byte)'-'), slash = value.IndexOf((byte)'/');
        if (space >= 0 && dash > space && slash > dash)
        {
            if (HttpParser.TryNumber(value[(space + 1)..dash], 10, out long start)) to.Number("start"u8, start);
            if (HttpParser.TryNumber(value[(dash + 1)..slash], 10, out long end)) to.Number("end"u8, end);
            if (HttpParser.TryNumber(value[(slash + 1)..], 10, out long size)) to.Number("size"u8, size);
        }
        to.Close();
    }

    /// <summary>Host of the request: from an absolute target, else from the Host header; the port apart.</summary>
    public bool HostName(out ReadOnlySpan<byte> host, out ReadOnlySpan<byte> port)
    {
        port = default;
        ReadOnlySpan<byte> target = Target;
        int scheme = target.IndexOf("://"u8);
        if (scheme > 0 && scheme < 16 && target[0] != (byte)'/')
        {
            host = target[(scheme + 3)..];
            int slash = host.IndexOfAny("/?#"u8);
            if (slash >= 0) host = host[..slash];
            int at = host.LastIndexOf((byte)'@');
            if (at >= 0) host = host[(at + 1)..];
        }
        else if (HttpHeaders.Same(Method, "CONNECT"u8)) host = target;
        else if (!Request.TryGet("host"u8, out host)) return false;
        if (host.IsEmpty) return false;
        int bracket = host.LastIndexOf((byte)']');
        int colon = host.LastIndexOf((byte)':');
        if (colon > bracket && (bracket >= 0 || host.IndexOf((byte)':') == colon))
        {
            port = host[(colon + 1)..];
            host = host[..colon];
        }
        return true;
    }
}
