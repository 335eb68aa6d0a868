namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpParser
{
    private readonly HttpBody _requestBody = new();
    private readonly HttpBody _responseBody = new();
    private bool _lost;

    private HttpTransaction NextUnanswered(ParseContext context)
    {
        foreach (Transaction t in state.Transactions)
        {
            if (t.Id < _answeredId || t is not HttpTransaction tx) continue;
            _answeredId = tx.Id + 1;
            return tx;
        }
        // an answer to a question that was not seen
        HttpTransaction made = state.Add(new HttpTransaction { Options = context.Options });
        made.ProgressToServer = HttpTransaction.Done;
        made.RequestLine.Append("/libhtp::request_uri_not_seen"u8);
        made.TargetLength = made.RequestLine.Length;
        _answeredId = made.Id + 1;
        return made;
    }

    private int ResponseStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        switch (_response)
        {
            case At.Line:
            {
                int length = LineLength(bytes, eof);
                bool looksRight = StartsLikeAnswer(bytes);
                if (looksRight || length > 0 && bytes[..length].Trim(" \t\r\n"u8).IsEmpty && length <= 2)
                {
                    if (length == -1) return 0;
                    if (length == -2) return -1;
                    ReadOnlySpan<byte> line = bytes[..length].TrimEnd("\r\n"u8);
                    if (line.IsEmpty) return length;
                    if (state.Transactions.Count > MaxPending) return -1;
                    _lost = false;
                    _responseTx ??= NextUnanswered(context);
                    StatusLine(_responseTx, line);
                    _responseTx.ProgressToClient = HttpTransaction.Line;
                    _response = At.Headers;
                    return length;
                }
                if (bytes.Length < 5 && !eof && "HTTP/"u8.StartsWith(bytes)) return 0;
                if (_lost)
                {
                    // the rest of an answer whose head was lost: on to the next status line
                    int next = bytes.IndexOf("HTTP/1."u8);
                    return next > 0 ? next : next == 0 ? 1 : eof || bytes.Length < 8 ? bytes.Length : bytes.Length - 7;
                }
                // no status line: an answer of HTTP/0.9, all body
                _responseTx ??= NextUnanswered(context);
                _responseTx.ProgressToClient = HttpTransaction.Body;
                _responseBody.Begin(_responseTx, false, context);
                _response = At.UntilClose;
                return ResponseStep(context, bytes, eof);
            }
            case At.Headers:
            case At.Trailers:
            {
                int length = LineLength(bytes, eof);
                if (length == -1) return 0;
                if (length == -2) return -1;
                ReadOnlySpan<byte> line = bytes[..length];
                _responseTx!.Response.AddLine(line, true);
                if (!EndsHeaders(line)) return length;
                if (_response == At.Trailers) ResponseComplete(context);
                else ResponseHeadersEnd(context);
                return length;
            }
            case At.Body:
            {
                int length = (int)Math.Min(_responseLeft, bytes.Length);
                _responseTx!.ResponseWireLength += length;
                _responseBody.Add(context, bytes[..length]);
                _responseLeft -= length;
                if (_responseLeft == 0) ResponseComplete(context);
                return length;
            }
            case At.ChunkSize:
            case At.ChunkData:
            case At.ChunkEnd:
            {
                At before = _response;
                int used = Chunk(context, bytes, eof, ref _response, ref _responseLeft, _responseBody);
                if (before == At.ChunkData && used > 0) _responseTx!.ResponseWireLength += used;
                if (_response == At.UntilClose && used > 0)
                {
                    _responseTx!.ResponseWireLength += used;
                    _responseBody.Add(context, bytes[..used]);
                }
                return used;
            }
            case At.UntilClose:
                _responseTx!.ResponseWireLength += bytes.Length;
                _responseBody.Add(context, bytes);
                return bytes.Length;
            case At.Tunnel:
                return bytes.Length;
            default:
                return -1;
        }
    }

    private static bool StartsLikeAnswer(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && bytes[0] is (byte)' ' or (byte)'\t') bytes = bytes[1..];
        return bytes.Length >= 4 && HttpHeaders.Same(bytes[..4], "HTTP"u8);
    }

    private static void StatusLine(HttpTransaction tx, ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8);
        tx.ResponseLine.Clear();
        tx.ResponseLine.Append(line);
        tx.HasAnswer = true;
        int at = 0;
        while (at < line.Length && !IsSpace(line[at])) at++;
        tx.AnswerProtocolLength = at;
        while (at < line.Length && IsSpace(line[at])) at++;
        tx.StatusStart = at;
        while (at < line.Length && !IsSpace(line[at])) at++;
        tx.StatusLength = at - tx.StatusStart;
        tx.Status = TryNumber(line.Slice(tx.StatusStart, tx.StatusLength), 10, out long status) && status is >= 100 and < 1000 ? (int)status : 0;
        while (at < line.Length && IsSpace(line[at])) at++;
        tx.MessageStart = at;
        tx.MessageLength = line.Length - at;
    }

    private void ResponseHeadersEnd(ParseContext context)
    {
        HttpTransaction tx = _responseTx!;
        if (tx.Status == 100 && tx.ProgressToServer < HttpTransaction.Done || tx.Status == 100 && tx.Response.Count == 0)
        {
            // go on: the real answer is still to come
            tx.Response.Reset();
            tx.ResponseLine.Clear();
            tx.AnswerProtocolLength = tx.StatusStart = tx.StatusLength = tx.MessageStart = tx.MessageLength = 0;
            tx.HasAnswer = false;
            tx.ProgressToClient = 0;
            _response = At.Line;
            return;
        }
        tx.ProgressToClient = HttpTransaction.Body;
        if (HttpHeaders.Same(tx.Method, "CONNECT"u8))
        {
            if (tx.Status is >= 200 and < 300)
            {
                ResponseComplete(context);
                _response = At.Tunnel;
                HandsOver = true;
                return;
            }
            if (_request == At.Tunnel) _request = At.Line;
        }
        if (tx.Status == 101)
        {
            ResponseComplete(context);
            _response = At.Tunnel;
            _request = At.Tunnel;
            HandsOver = tx.Response.TryGet("upgrade"u8, out ReadOnlySpan<byte> to) && ContainsIgnoreCase(to, "h2c"u8);
            if (HandsOver)
            {
                HandsOverTo = AppProto.Http2;
                Upgraded = Http2.Http2Upgrade.Of(tx);
            }
            return;
        }
        if (HttpHeaders.Same(tx.Method, "HEAD"u8) || tx.Status is >= 100 and < 200 or 204 or 304)
        {
            ResponseComplete(context);
            return;
        }
        bool chunked = tx.Response.TryGet("transfer-encoding"u8, out ReadOnlySpan<byte> coding) && ContainsIgnoreCase(coding, "chunked"u8);
        if (chunked)
        {
            _responseBody.Begin(tx, false, context);
            _response = At.ChunkSize;
        }
        else if (tx.Response.TryGet("content-length"u8, out ReadOnlySpan<byte> text) && TryLength(text, out long length))
        {
            if (length == 0)
            {
                ResponseComplete(context);
                return;
            }
            _responseBody.Begin(tx, false, context);
            _responseLeft = length;
            _response = At.Body;
        }
        else
        {
            _responseBody.Begin(tx, false, context);
            _response = At.UntilClose;
        }
    }

    private void ResponseComplete(ParseContext context)
    {
        if (_responseTx == null) return;
        _responseBody.End(_responseTx, true);
        _responseTx.ProgressToClient = HttpTransaction.Done;
        _responseTx = null;
        _response = At.Line;
        context.TriggerToClient = true;
    }

    private void ResponseEnds(ParseContext context)
    {
        if (_responseTx == null) return;
        bool whole = _response == At.UntilClose;
        _responseBody.End(_responseTx, whole);
        _responseTx.ProgressToClient = HttpTransaction.Done;
        _responseTx = null;
        _response = At.Stopped;
        context.TriggerToClient = true;
    }
}
