using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpTransaction
{
    private enum Derived { Uri, HostLower, HeaderRequest, HeaderResponse, NamesRequest, NamesResponse, StartRequest, StartResponse, HeaderLine, HostRaw }

    public AppLayerOptions Options = null!;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        HttpHeaders headers = toServer ? Request : Response;
        bytes = default;
        if (buffer is BufferId.FileData or BufferId.FileName or BufferId.FileMagic) return TryFile(buffer, toServer, index, out bytes);
        if (buffer is BufferId.HttpRequestHeader or BufferId.HttpResponseHeader) return TryHeaderLine(headers, index, out bytes);
        if (index > 0) return false;
        switch (buffer)
        {
            case BufferId.HttpUri:
                if (TargetLength == 0 || NotSeen || IsConnect) return false;
                bytes = Build(Derived.Uri);
                return true;
            case BufferId.HttpUriRaw:
                bytes = Target;
                return TargetLength > 0;
            case BufferId.HttpMethod:
                bytes = Method;
                return MethodLength > 0;
            case BufferId.HttpHost:
                bytes = Build(Derived.HostLower);
                return !bytes.IsEmpty;
            case BufferId.HttpHostRaw:
                bytes = Build(Derived.HostRaw);
                return !bytes.IsEmpty;
            case BufferId.HttpUserAgent: return Request.TryGet("user-agent"u8, out bytes);
            case BufferId.HttpHeader:
                bytes = Build(toServer ? Derived.HeaderRequest : Derived.HeaderResponse);
                return !bytes.IsEmpty;
            case BufferId.HttpHeaderRaw:
                bytes = (toServer ? RequestHeadersRead : ResponseHeadersRead) ? headers.Raw.Span : default;
                return !bytes.IsEmpty;
            case BufferId.HttpHeaderNames:
                if (headers.Count == 0) return false;
                bytes = Build(toServer ? Derived.NamesRequest : Derived.NamesResponse);
                return true;
            case BufferId.HttpStart:
                bytes = Build(toServer ? Derived.StartRequest : Derived.StartResponse);
                return !bytes.IsEmpty;
            case BufferId.HttpCookie: return headers.TryGet(toServer ? "cookie"u8 : "set-cookie"u8, out bytes);
            case BufferId.HttpRequestBody:
                bytes = RequestBody.Span;
                return RequestBody.Length > 0;
            case BufferId.HttpResponseBody:
                bytes = ResponseBody.Span;
                return ResponseBody.Length > 0;
            case BufferId.HttpStatCode:
                bytes = ResponseLine.Span.Slice(StatusStart, StatusLength);
                return HasAnswer && StatusLength > 0;
            case BufferId.HttpStatMsg:
                bytes = ResponseLine.Span.Slice(MessageStart, MessageLength);
                return HasAnswer && MessageLength > 0;
            case BufferId.HttpRequestLine:
                bytes = RequestLine.Span;
                return !bytes.IsEmpty;
            case BufferId.HttpResponseLine:
                bytes = ResponseLine.Span;
                return !bytes.IsEmpty;
            case BufferId.HttpProtocol:
                bytes = toServer ? Protocol : ResponseLine.Span.Slice(AnswerProtocolStart, AnswerProtocolLength);
                return !bytes.IsEmpty;
            case BufferId.HttpAccept: return Request.TryGet("accept"u8, out bytes);
            case BufferId.HttpAcceptEnc: return Request.TryGet("accept-encoding"u8, out bytes);
            case BufferId.HttpAcceptLang: return Request.TryGet("accept-language"u8, out bytes);
            case BufferId.HttpReferer: return Request.TryGet("referer"u8, out bytes);
            case BufferId.HttpConnection: return headers.TryGet("connection"u8, out bytes);
            case BufferId.HttpContentLen: return headers.TryGet("content-length"u8, out bytes);
            case BufferId.HttpContentType: return headers.TryGet("content-type"u8, out bytes);
            case BufferId.HttpServer: return Response.TryGet("server"u8, out bytes);
            case BufferId.HttpLocation: return Response.TryGet("location"u8, out bytes);
            default: return false;
        }
    }

    private bool TryFile(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (buffer == BufferId.FileData && !toServer)
        {
            bytes = ResponseBody.Span;
            return index == 0 ? ResponseBody.Length > 0 : TryJoined(index - 1, out bytes);
        }
        int seen = 0;
        foreach (AppFile file in Files)
        {
            if (file.ToServer != toServer) continue;
            if (seen++ < index) continue;
            bytes = buffer == BufferId.FileName ? file.Name : buffer == BufferId.FileData ? file.Bytes.Span : default;
            return buffer != BufferId.FileMagic;
        }
        return false;
    }

    private bool TryHeaderLine(HttpHeaders headers, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (index >= headers.Count) return false;
        int start = _derived.Length;
        _derived.Append(headers.NameAt(index));
        _derived.Append(": "u8);
        _derived.Append(headers.ValueAt(index));
        bytes = _derived.Span[start..];
        // the scratch is written over next time; offsets of kept parts lie before it
        _derived.Truncate(start);
        return true;
    }

    private ReadOnlySpan<byte> Build(Derived what)
    {
        ref (int Start, int Length) slot = ref _slots[(int)what];
        if (slot.Start > 0) return _derived.Span.Slice(slot.Start - 1, slot.Length);
        int start = _derived.Length;
        switch (what)
        {
            case Derived.Uri:
                UriText.Normalize(Target, _derived, Options.DoubleDecodePath, Options.DoubleDecodeQuery);
                break;
            case Derived.HostLower:
                _derived.Append(Host.Span);
                break;
            case Derived.HostRaw:
                if (Request.TryGet("host"u8, out ReadOnlySpan<byte> raw)) _derived.Append(raw);
                else if (TargetHost(out ReadOnlySpan<byte> named)) _derived.Append(named);
                break;
            case Derived.HeaderRequest: AppendHeaders(Request, "cookie"u8); break;
            case Derived.HeaderResponse: AppendHeaders(Response, "set-cookie"u8); break;
            case Derived.NamesRequest: AppendNames(Request); break;
            case Derived.NamesResponse: AppendNames(Response); break;
            case Derived.StartRequest:
                if (RequestLine.Length > 0) AppendStart(RequestLine, Request);
                break;
            case Derived.StartResponse:
                if (ResponseLine.Length > 0) AppendStart(ResponseLine, Response);
                break;
        }
        // nothing yet is not kept: the headers may still be on their way
        int length = _derived.Length - start;
        if (length > 0) slot = (start + 1, length);
        return _derived.Span.Slice(start, length);
    }

    private void AppendHeaders(HttpHeaders headers, ReadOnlySpan<byte> without)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            if (HttpHeaders.Same(headers.NameAt(i), without)) continue;
            _derived.Append(headers.NameAt(i));
            _derived.Append(": "u8);
            _derived.Append(headers.ValueAt(i));
            _derived.Append("\r\n"u8);
        }
    }

    private void AppendNames(HttpHeaders headers)
    {
        _derived.Append("\r\n"u8);
        for (int i = 0; i < headers.Count; i++)
        {
            _derived.Append(headers.NameAt(i));
            _derived.Append("\r\n"u8);
        }
        _derived.Append("\r\n"u8);
    }

    private void AppendStart(SlidingBuffer line, HttpHeaders headers)
    {
        _derived.Append(line.Span);
        _derived.Append("\r\n"u8);
        _derived.Append(headers.Raw.Span);
        if (!headers.Raw.Span.EndsWith("\r\n\r\n"u8) && headers.Raw.Span.TrimEnd("\r\n"u8).Length > 0 && !headers.Raw.Span.EndsWith("\n\n"u8)) _derived.Append("\r\n"u8);
    }
}
