using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpTransaction : Transaction
{
    public const int Line = 1, HeadersRead = 2, Body = 3, Trailer = 4, Done = 5;

    public readonly SlidingBuffer RequestLine = new();
    public readonly SlidingBuffer ResponseLine = new();
    public int MethodStart, MethodLength, TargetStart, TargetLength, ProtocolStart, ProtocolLength;
    public int AnswerProtocolStart, AnswerProtocolLength, StatusStart, StatusLength, MessageStart, MessageLength;

    /// <summary>Versions as <see cref="HttpText"/> numbers them.</summary>
    public int ProtocolNumber, AnswerProtocol;

    /// <summary>The status when it is one (100 to 999), and what is shown of it whatever it is.</summary>
    public int Status, ShownStatus;
    public bool HasAnswer;

    /// <summary>A request of HTTP/0.9: no headers in either direction.</summary>
    public bool IsSimple;
    public bool IsConnect, IsHead, ContinueSeen, RequestHeadersRead, ResponseHeadersRead, AuthenticationUnknown;

    /// <summary>The answer to a request that was not seen.</summary>
    public bool NotSeen;

    [Flags]
    public enum HostFault : byte { None = 0, Missing = 1, Ambiguous = 2, InUri = 4, InHeader = 8 }

    public HostFault HostTrouble;

    /// <summary>Whom the request is for, in lower case; the port is -1 when none is named.</summary>
    public readonly SlidingBuffer Host = new();
    public int Port; // -1: headers were read and name none
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

    public ReadOnlySpan<byte> Method => RequestLine.Span.Slice(MethodStart, MethodLength);
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
        Host.Release();
        Array.Clear(_slots);
        RequestFile = ResponseFile = null;
    }

    /// <summary>Host and port as the target names them: of an absolute URI with an authority, or of CONNECT.</summary>
    public bool TargetHost(out ReadOnlySpan<byte> authority)
    {
        authority = default;
        ReadOnlySpan<byte> target = Target;
        if (IsConnect)
        {
            authority = target;
            return !target.IsEmpty;
        }
        if (target.IsEmpty || target[0] == '/') return false;
        int colon = target.IndexOf((byte)':');
        if (colon < 0 || target.Length < colon + 4 || target[colon + 1] != '/' || target[colon + 2] != '/' || target[colon + 3] == '/') return false;
        authority = target[(colon + 3)..];
        int end = authority.IndexOfAny("/?#"u8);
        if (end >= 0) authority = authority[..end];
        int at = authority.IndexOf((byte)'@');
        if (at >= 0) authority = authority[(at + 1)..];
        return !authority.IsEmpty;
    }
}
