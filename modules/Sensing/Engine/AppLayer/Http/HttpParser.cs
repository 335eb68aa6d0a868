using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>HTTP/0.9 to 1.1, both directions, pipelined, as forgiving as the servers that have to understand it.</summary>
internal sealed partial class HttpParser(AppState state) : AppParser
{
    private const int MaxLine = 18_000;
    private const int MaxPending = 4096;

    private enum At : byte { Line, Headers, Body, ChunkSize, ChunkData, ChunkEnd, Trailers, UntilClose, Tunnel, Stopped }

    private At _request;
    private At _response;
    private long _requestLeft;
    private long _responseLeft;
    private HttpTransaction? _requestTx;
    private HttpTransaction? _responseTx;
    private long _answeredId;

    public override AppProto Protocol => AppProto.Http1;

    /// <summary>The request that goes on as the first stream of HTTP/2.</summary>
    public Http2.Http2Upgrade? Upgraded { get; private set; }

    public override void Reset()
    {
        _requestBody.Reset();
        _responseBody.Reset();
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        bool eof = (marks & StreamMarks.Eof) != 0;
        while (used < bytes.Length)
        {
            bool idle = toServer ? _requestTx == null : _responseTx == null;
            int step = toServer ? RequestStep(context, bytes[used..], eof) : ResponseStep(context, bytes[used..], eof);
            if (step < 0) return -1;
            if (step == 0) break;
            if (context.FramesWanted != 0) MarkFrame(context, toServer, idle, used, step);
            used += step;
            if (HandsOver) return used;
        }
        if (eof)
        {
            if (toServer) RequestEnds(context);
            else ResponseEnds(context);
            return bytes.Length;
        }
        return used;
    }

    /// <summary>A message is a frame from its first line to its end.</summary>
    private void MarkFrame(ParseContext context, bool toServer, bool wasIdle, int at, int step)
    {
        FrameType type = toServer ? FrameType.Request : FrameType.Response;
        bool idle = toServer ? _requestTx == null : _responseTx == null;
        if (wasIdle && !idle) context.Frame(type, toServer, at, -1, false, toServer ? _requestTx : _responseTx);
        else if (!wasIdle && idle) context.EndFrame(type, toServer, at + step);
    }

    /// <summary>Inside a body the loss is counted and the body goes on; elsewhere the message at hand is given up and the next one looked for.</summary>
    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        if (toServer)
        {
            switch (_request)
            {
                case At.Tunnel or At.UntilClose or At.Line: return true;
                case At.Stopped: return false;
            }
            _requestBody.Gap(size);
            if (_request == At.Body && size < _requestLeft)
            {
                _requestLeft -= size;
                return true;
            }
            RequestComplete(context);
            return true;
        }
        switch (_response)
        {
            case At.Tunnel: return true;
            case At.Stopped: return false;
            case At.Line:
                _lost = true;
                return true;
        }
        _responseBody.Gap(size);
        if (_response == At.UntilClose) return true;
        if (_response == At.Body && size < _responseLeft)
        {
            _responseLeft -= size;
            return true;
        }
        _lost = _response != At.Body || size > _responseLeft;
        ResponseComplete(context);
        return true;
    }

    /// <summary>One line with its end; -1 when it is not all there, -2 when it is too long.</summary>
    private static int LineLength(ReadOnlySpan<byte> bytes, bool eof)
    {
        int newline = bytes.IndexOf((byte)'\n');
        if (newline >= 0) return newline + 1;
        if (bytes.Length > MaxLine) return -2;
        return eof ? bytes.Length : -1;
    }

    private int RequestStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        switch (_request)
        {
            case At.Line:
            {
                int length = LineLength(bytes, eof);
                if (length == -1) return 0;
                if (length == -2) return -1;
                ReadOnlySpan<byte> line = bytes[..length].TrimEnd("\r\n"u8);
                if (line.Trim(" \t\r"u8).IsEmpty) return length;
                if (state.Transactions.Count > MaxPending) return -1;
                _requestTx = state.Add(new HttpTransaction { Options = context.Options });
                RequestLine(_requestTx, line);
                _requestTx.ProgressToServer = HttpTransaction.Line;
                _request = At.Headers;
                if (_requestTx.ProtocolLength == 0 && HttpHeaders.Same(_requestTx.Method, "GET"u8) && !LooksLikeHeader(bytes[length..]))
                {
                    RequestComplete(context);
                    _request = At.Line;
                }
                return length;
            }
            case At.Headers:
            case At.Trailers:
            {
                int length = LineLength(bytes, eof);
                if (length == -1) return 0;
                if (length == -2) return -1;
                ReadOnlySpan<byte> line = bytes[..length];
                _requestTx!.Request.AddLine(line, false);
                if (!EndsHeaders(line)) return length;
                if (_request == At.Trailers) RequestComplete(context);
                else RequestHeadersEnd(context);
                return length;
            }
            case At.Body:
            {
                int length = (int)Math.Min(_requestLeft, bytes.Length);
                _requestBody.Add(context, bytes[..length]);
                _requestLeft -= length;
                if (_requestLeft == 0) RequestComplete(context);
                return length;
            }
            case At.ChunkSize:
            case At.ChunkData:
            case At.ChunkEnd:
            {
                int used = Chunk(context, bytes, eof, ref _request, ref _requestLeft, _requestBody);
                return used;
            }
            case At.Tunnel:
            case At.UntilClose:
                return bytes.Length;
            default:
                return -1;
        }
    }

    /// <summary>Only a bare line end closes the headers; servers read past one with stray carriage returns before it.</summary>
    private static bool EndsHeaders(ReadOnlySpan<byte> line) => line.SequenceEqual("\r\n"u8) || line.SequenceEqual("\n"u8) || line.IsEmpty;

    private static bool LooksLikeHeader(ReadOnlySpan<byte> bytes)
    {
        int newline = bytes.IndexOf((byte)'\n');
        return newline > 0 && bytes[..newline].Contains((byte)':');
    }

    private static int Chunk(ParseContext context, ReadOnlySpan<byte> bytes, bool eof, ref At at, ref long left, HttpBody body)
    {
        switch (at)
        {
            case At.ChunkSize:
            {
                int length = LineLength(bytes, eof);
                if (length == -1) return 0;
                if (length == -2) return -1;
                ReadOnlySpan<byte> text = bytes[..length].Trim(" \t\r\n\v\f\0"u8);
                if (text.IsEmpty) return length;
                if (!TryNumber(text, 16, out long size))
                {
                    // not a size: the rest is taken as body up to the end
                    at = At.UntilClose;
                    left = 0;
                    return length;
                }
                left = size;
                at = size == 0 ? At.Trailers : At.ChunkData;
                return length;
            }
            case At.ChunkData:
            {
                int length = (int)Math.Min(left, bytes.Length);
                body.Add(context, bytes[..length]);
                left -= length;
                if (left == 0) at = At.ChunkEnd;
                return length;
            }
            default:
            {
                int length = LineLength(bytes, eof);
                if (length == -1) return bytes.Length > 2 ? bytes.Length : 0;
                if (length == -2) return -1;
                at = At.ChunkSize;
                return length;
            }
        }
    }

    private static void RequestLine(HttpTransaction tx, ReadOnlySpan<byte> line)
    {
        tx.RequestLine.Append(line);
        int at = 0;
        while (at < line.Length && line[at] is (byte)' ' or (byte)'\t') at++;
        int start = at;
        while (at < line.Length && !IsSpace(line[at])) at++;
        if (start > 0)
        {
            tx.RequestLine.Clear();
            tx.RequestLine.Append(line[start..]);
            line = line[start..];
            at -= start;
        }
        tx.MethodLength = at;
        while (at < line.Length && IsSpace(line[at])) at++;
        tx.TargetStart = at;
        int end = line.Length;
        while (end > at && IsSpace(line[end - 1])) end--;
        int last = end;
        while (last > at && !IsSpace(line[last - 1])) last--;
        ReadOnlySpan<byte> tail = line[last..end];
        if (last > at && tail.Length >= 5 && HttpHeaders.Same(tail[..5], "HTTP/"u8))
        {
            tx.ProtocolStart = last;
            tx.ProtocolLength = end - last;
            end = last;
            while (end > at && IsSpace(line[end - 1])) end--;
        }
        else if (last > at)
        {
            // something else stands where the version should: libraries take the target up to the first space
            int space = at;
            while (space < end && !IsSpace(line[space])) space++;
            tx.ProtocolStart = space < end ? space + 1 : end;
            tx.ProtocolLength = end - tx.ProtocolStart;
            end = space;
        }
        tx.TargetLength = end - at;
    }

    private static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t' or 0x0b or 0x0c;

    private void RequestHeadersEnd(ParseContext context)
    {
        HttpTransaction tx = _requestTx!;
        tx.ProgressToServer = HttpTransaction.Body;
        if (HttpHeaders.Same(tx.Method, "CONNECT"u8))
        {
            RequestComplete(context);
            _request = At.Tunnel;
            return;
        }
        bool chunked = tx.Request.TryGet("transfer-encoding"u8, out ReadOnlySpan<byte> coding) && ContainsIgnoreCase(coding, "chunked"u8);
        if (chunked)
        {
            _requestBody.Begin(tx, true, context);
            _request = At.ChunkSize;
        }
        else if (tx.Request.TryGet("content-length"u8, out ReadOnlySpan<byte> text) && TryNumber(text, 10, out long length) && length > 0)
        {
            _requestBody.Begin(tx, true, context);
            _requestLeft = length;
            _request = At.Body;
        }
        else RequestComplete(context);
    }

    private void RequestComplete(ParseContext context)
    {
        if (_requestTx == null) return;
        _requestBody.End(_requestTx, true);
        _requestTx.ProgressToServer = HttpTransaction.Done;
        _requestTx = null;
        _request = At.Line;
        context.TriggerToServer = true;
    }

    private void RequestEnds(ParseContext context)
    {
        if (_requestTx == null) return;
        bool whole = _request is At.UntilClose;
        _requestBody.End(_requestTx, whole);
        _requestTx.ProgressToServer = HttpTransaction.Done;
        _requestTx = null;
        _request = At.Stopped;
        context.TriggerToServer = true;
    }

    internal static bool ContainsIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        for (int i = 0; i + lower.Length <= text.Length; i++)
            if (HttpHeaders.Same(text.Slice(i, lower.Length), lower)) return true;
        return false;
    }

    internal static bool TryNumber(ReadOnlySpan<byte> text, int radix, out long value)
    {
        value = 0;
        int digits = 0;
        text = text.TrimStart(" \t"u8);
        foreach (byte b in text)
        {
            int digit = UriText.Hex(b);
            if (digit < 0 || digit >= radix) break;
            if (value > long.MaxValue / 32) return false;
            value = value * radix + digit;
            digits++;
        }
        return digits > 0;
    }

    /// <summary>A length that is a number and nothing else; anything odd is no length at all.</summary>
    private static bool TryLength(ReadOnlySpan<byte> text, out long value)
    {
        int comma = text.IndexOf((byte)',');
        if (comma > 0) text = text[..comma];
        text = text.Trim(" \t"u8);
        value = 0;
        return !text.IsEmpty && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && TryNumber(text, 10, out value);
    }
}
