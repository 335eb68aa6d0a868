using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

internal sealed partial class Http2Transaction
{
    private readonly SlidingBuffer _derived = new();

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        Http2Side side = Side(toServer);
        Http2Headers headers = side.Headers;
        bytes = default;
        if (buffer == BufferId.Http2HeaderName) return TryName(headers, index, out bytes);
        if (buffer is BufferId.HttpRequestHeader or BufferId.HttpResponseHeader) return TryLine(headers, index, out bytes);
        if (index > 0) return buffer == BufferId.FileData && !toServer && TryJoined(index - 1, out bytes);
        switch (buffer)
        {
            case BufferId.HttpUri or BufferId.HttpUriRaw: return Request.Headers.TryGet(":path"u8, out bytes);
            case BufferId.HttpMethod: return Request.Headers.TryGet(":method"u8, out bytes);
            case BufferId.HttpHost: return TryHost(out bytes);
            case BufferId.HttpHostRaw: return Request.Headers.TryGet(":authority"u8, out bytes);
            case BufferId.HttpUserAgent: return TryJoined(Request.Headers, "user-agent"u8, out bytes);
            case BufferId.HttpHeader: return TryBlock(headers, toServer ? "cookie"u8 : "set-cookie"u8, out bytes);
            case BufferId.HttpHeaderRaw: return TryBlock(headers, default, out bytes);
            case BufferId.HttpHeaderNames: return TryNames(headers, out bytes);
            case BufferId.HttpCookie: return TryJoined(headers, toServer ? "cookie"u8 : "set-cookie"u8, out bytes);
            case BufferId.HttpRequestBody or BufferId.HttpResponseBody or BufferId.FileData:
                bytes = side.Body.Span;
                return !bytes.IsEmpty;
            case BufferId.HttpStatCode: return Response.Headers.TryGet(":status"u8, out bytes);
            case BufferId.HttpStatMsg: return true; // HTTP/2 has none (RFC 9113, section 8.3.2)
            case BufferId.HttpProtocol:
                bytes = "HTTP/2"u8;
                return true;
            case BufferId.HttpRequestLine:
                _derived.Clear();
                Request.Headers.TryGet(":method"u8, out ReadOnlySpan<byte> part);
                _derived.Append(part);
                _derived.Append((byte)' ');
                Request.Headers.TryGet(":path"u8, out part);
                _derived.Append(part);
                _derived.Append(" HTTP/2\r\n"u8);
                bytes = _derived.Span;
                return true;
            case BufferId.HttpResponseLine:
                _derived.Clear();
                _derived.Append("HTTP/2 "u8);
                Response.Headers.TryGet(":status"u8, out part);
                _derived.Append(part);
                _derived.Append("\r\n"u8);
                bytes = _derived.Span;
                return true;
            case BufferId.HttpAccept: return TryJoined(Request.Headers, "accept"u8, out bytes);
            case BufferId.HttpAcceptEnc: return TryJoined(Request.Headers, "accept-encoding"u8, out bytes);
            case BufferId.HttpAcceptLang: return TryJoined(Request.Headers, "accept-language"u8, out bytes);
            case BufferId.HttpReferer: return TryJoined(Request.Headers, "referer"u8, out bytes);
            case BufferId.HttpConnection: return TryJoined(headers, "connection"u8, out bytes);
            case BufferId.HttpContentLen: return TryJoined(headers, "content-length"u8, out bytes);
            case BufferId.HttpContentType: return TryJoined(headers, "content-type"u8, out bytes);
            case BufferId.HttpServer: return TryJoined(Response.Headers, "server"u8, out bytes);
            case BufferId.HttpLocation: return TryJoined(Response.Headers, "location"u8, out bytes);
            default: return false;
        }
    }

    private static bool TryName(Http2Headers headers, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = index < headers.Count && headers.KindAt(index) == HeaderKind.Field ? headers.NameAt(index) : default;
        return index < headers.Count;
    }

    private bool TryLine(Http2Headers headers, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (index >= headers.Count) return false;
        _derived.Clear();
        if (headers.KindAt(index) == HeaderKind.Field) Line(headers, index);
        bytes = _derived.Span;
        return true;
    }

    private void Line(Http2Headers headers, int index)
    {
        _derived.Append(headers.NameAt(index));
        _derived.Append(": "u8);
        _derived.Append(headers.ValueAt(index));
    }

    /// <summary>All fields as HTTP/1 would write them.</summary>
    private bool TryBlock(Http2Headers headers, ReadOnlySpan<byte> without, out ReadOnlySpan<byte> bytes)
    {
        _derived.Clear();
        for (int i = 0; i < headers.Count; i++)
        {
            if (headers.KindAt(i) != HeaderKind.Field || !without.IsEmpty && headers.NameAt(i).SequenceEqual(without)) continue;
            Line(headers, i);
            _derived.Append("\r\n"u8);
        }
        bytes = _derived.Span;
        return !bytes.IsEmpty;
    }

    private bool TryNames(Http2Headers headers, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (headers.Count == 0) return false;
        _derived.Clear();
        _derived.Append("\r\n"u8);
        for (int i = 0; i < headers.Count; i++)
        {
            if (headers.KindAt(i) != HeaderKind.Field) continue;
            _derived.Append(headers.NameAt(i));
            _derived.Append("\r\n"u8);
        }
        _derived.Append("\r\n"u8);
        bytes = _derived.Span;
        return true;
    }

    /// <summary>A field sent several times is one, its values joined by commas (RFC 9110, section 5.3).</summary>
    private bool TryJoined(Http2Headers headers, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        int first = headers.Find(name, 0);
        if (first < 0) return false;
        int next = headers.Find(name, first + 1);
        if (next < 0)
        {
            bytes = headers.ValueAt(first);
            return true;
        }
        _derived.Clear();
        _derived.Append(headers.ValueAt(first));
        for (; next >= 0; next = headers.Find(name, next + 1))
        {
            _derived.Append(", "u8);
            _derived.Append(headers.ValueAt(next));
        }
        bytes = _derived.Span;
        return true;
    }

    /// <summary>The authority without user and port, in lower case.</summary>
    private bool TryHost(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!Request.Headers.TryGet(":authority"u8, out ReadOnlySpan<byte> host)) return false;
        host = host[(host.IndexOf((byte)'@') + 1)..];
        int bracket = host.IndexOf((byte)']');
        int colon = bracket < 0 ? host.IndexOf((byte)':') : host[bracket..].IndexOf((byte)':') is var c and >= 0 ? bracket + c : -1;
        if (colon >= 0) host = host[..colon];
        _derived.Clear();
        foreach (byte b in host) _derived.Append(Bytes.Lower(b));
        bytes = _derived.Span;
        return true;
    }
}
