namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpParser
{
    private bool _responseUntold;    // body before any status line: nothing is known of its coding

    private int ResponseStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        switch (_response)
        {
            case At.Idle:
                if (bytes.IsEmpty) return More;
                return ResponseBegins(context, bytes, eof);
            case At.Line:
                return StatusLineStep(context, bytes, eof);
            case At.Headers:
                return ResponseHeaderStep(context, bytes, eof);
            case At.Body:
            {
                if (bytes.IsEmpty)
                {
                    if (!eof) return More;
                    _response = At.Finalize;
                    return 0;
                }
                int length = (int)Math.Min(_responseLeft, bytes.Length);
                _responseTx!.ResponseWireLength += length;
                _responseBody.Add(context, bytes[..length], _warnings);
                _responseLeft -= length;
                if (_responseLeft == 0) _response = At.Finalize;
                return length;
            }
            case At.ChunkSize:
            case At.ChunkData:
            case At.ChunkEnd:
                return ResponseChunkStep(context, bytes, eof);
            case At.UntilClose:
                if (bytes.IsEmpty)
                {
                    if (!eof) return More;
                    _response = At.Finalize;
                    return 0;
                }
                _responseTx!.ResponseWireLength += bytes.Length;
                _responseBody.Add(context, bytes, _warnings);
                return bytes.Length;
            case At.Finalize:
                return ResponseFinalizeStep(context, bytes, eof);
            default:
                return bytes.IsEmpty ? More : bytes.Length;
        }
    }

    private int ResponseBegins(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        // a simple request may be no request at all: then the server answers with a status line
        bool simple = _unanswered.TryPeek(out HttpTransaction? next) && next.IsSimple;
        if (simple && bytes.Length < 5 && !eof && "HTTP/"u8.StartsWith(bytes)) return More;
        if (!_unanswered.TryDequeue(out HttpTransaction? tx))
        {
            // an answer to a question that was not seen
            if (state.Transactions.Count > 4 * MaxOpen) return Broken;
            Warn(HttpEvents.NoRequest);
            if (_requestTx != null)
            {
                if (_request == At.Finalize) RequestComplete(context);
                else _requestBody.End(_requestTx, false);
            }
            tx = state.Add(new HttpTransaction { Options = context.Options });
            tx.ProgressToServer = HttpTransaction.Done;
            tx.RequestLine.Append("/libhtp::request_uri_not_seen"u8);
            tx.TargetLength = tx.RequestLine.Length;
            tx.ProtocolNumber = HttpText.Invalid;
            tx.NotSeen = true;
            _requestTx = tx;
            _request = At.Finalize;
        }
        _responseTx = _answeredTx = tx;
        _responseUntold = true;
        _responseFieldHeld = _responseFoldingTold = _responseColonTold = _responseTokenTold = _afterLfCr = false;
        if (simple && !bytes.StartsWith("HTTP/"u8))
        {
            tx.ProgressToClient = HttpTransaction.Body;
            _responseUntold = false;
            _responseBody.Begin(tx, false, context, _warnings, false);
            _response = At.UntilClose;
            return 0;
        }
        if (tx == _requestTx && tx.RequestLine.Length == 0 && _request == At.Line) Warn(HttpEvents.LineIncomplete);
        tx.ProgressToClient = HttpTransaction.Line - 1;
        _response = At.Line;
        return 0;
    }

    private int StatusLineStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        HttpTransaction tx = _responseTx!;
        int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
        int length;
        if (end < 0)
        {
            if (bytes.Length > MaxLine)
            {
                Warn(HttpEvents.ResponseTooLong);
                return Broken;
            }
            if (!eof || bytes.IsEmpty) return NothingMore(bytes, eof);
            length = bytes.Length;
        }
        else if (bytes[end] == '\n') length = end + 1;
        else if (end + 1 == bytes.Length && !eof) return More;
        else length = end + 1 < bytes.Length && bytes[end + 1] == '\n' ? end + 2 : end + 1;
        ReadOnlySpan<byte> line = bytes[..length];
        if (HttpText.IsEmptyLine(line)) return length;
        ReadOnlySpan<byte> text = HttpText.Chomp(line);
        if (HttpText.IsNoStatusLine(text))
        {
            // stray text before the real status line; or else, as browsers see it, the body itself
            if (bytes.Length > length + 1 && (bytes[length] == 'H' || text.Length <= 2)) return length;
            tx.ResponseWireLength += length;
            _responseUntold = false;
            if (!_responseBody.IsOf(tx)) _responseBody.Begin(tx, false, context, _warnings, false);
            _responseBody.Add(context, line, _warnings);
            tx.ProgressToClient = HttpTransaction.Body;
            if (bytes.Length == length) _response = At.Finalize;
            return length;
        }
        StatusLine(tx, text);
        tx.ProgressToClient = HttpTransaction.HeadersRead;
        _response = At.Headers;
        return length;
    }

    private int NothingMore(ReadOnlySpan<byte> bytes, bool eof)
    {
        if (!eof || !bytes.IsEmpty) return More;
        _response = At.Finalize;
        return 0;
    }

    private void StatusLine(HttpTransaction tx, ReadOnlySpan<byte> line)
    {
        int at = 0;
        while (at < line.Length && (HttpText.IsSpace(line[at]) || line[at] == 0)) at++;
        tx.ResponseLine.Clear();
        tx.ResponseLine.Append(line);
        tx.HasAnswer = true;
        tx.AnswerProtocolStart = line[..at].Contains((byte)0) ? 0 : at;
        int start = tx.AnswerProtocolStart;
        while (at < line.Length && !HttpText.IsSpace(line[at])) at++;
        tx.AnswerProtocolLength = at - start;
        while (at < line.Length && HttpText.IsSpace(line[at])) at++;
        tx.StatusStart = at;
        while (at < line.Length && !HttpText.IsSpace(line[at])) at++;
        tx.StatusLength = at - tx.StatusStart;
        ReadOnlySpan<byte> code = line.Slice(tx.StatusStart, tx.StatusLength);
        tx.ShownStatus = HttpText.Digits(code, 10, out long shown) >= 0 && shown <= int.MaxValue ? (int)shown : 0;
        tx.Status = tx.ShownStatus is >= 100 and < 1000 && code.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 ? tx.ShownStatus : 0;
        while (at < line.Length && HttpText.IsSpace(line[at])) at++;
        tx.MessageStart = at;
        tx.MessageLength = line.Length - at;
        tx.AnswerProtocol = HttpText.Version(line.Slice(start, tx.AnswerProtocolLength));
        if (tx.AnswerProtocol == HttpText.Invalid) Warn(HttpEvents.ResponseProtocol);
        if (tx.Status == 0) Warn(HttpEvents.ResponseStatus);
    }


    private int ResponseChunkStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        HttpTransaction tx = _responseTx!;
        if (bytes.IsEmpty || eof && _response == At.ChunkSize)
        {
            if (!eof) return More;
            _response = At.Finalize;
            return 0;
        }
        if (_response == At.ChunkData)
        {
            int taken = (int)Math.Min(_responseLeft, bytes.Length);
            tx.ResponseWireLength += taken;
            _responseBody.Add(context, bytes[..taken], _warnings);
            _responseLeft -= taken;
            if (_responseLeft == 0) _response = At.ChunkEnd;
            return taken;
        }
        int newline = bytes.IndexOf((byte)'\n');
        if (_response == At.ChunkEnd)
        {
            int passed = newline < 0 ? bytes.Length : newline + 1;
            tx.ResponseWireLength += passed;
            if (newline >= 0) _response = At.ChunkSize;
            return passed;
        }
        // eight bytes tell whether a size can be meant; with fewer the line end is waited for
        int first = 0;
        while (first < bytes.Length && HttpText.IsChunkSpace(bytes[first])) first++;
        bool hopeless = bytes.Length >= 8 && first < bytes.Length && UriText.Hex(bytes[first]) < 0;
        if (newline < 0 && !hopeless)
        {
            if (bytes.Length <= MaxLine) return More;
            Warn(HttpEvents.ResponseTooLong);
            return Broken;
        }
        bool extension = false;
        long size = hopeless ? HttpText.BadChunk : HttpText.ChunkSize(bytes[..(newline + 1)], out extension);
        tx.ResponseWireLength += hopeless ? first + 1 : newline + 1;
        if (extension) Warn(HttpEvents.ChunkExtension);
        if (size == HttpText.NoDigits) return newline + 1;
        if (size < 0)
        {
            // no size: browsers take the rest as it comes
            Warn(HttpEvents.ResponseChunk);
            _response = At.UntilClose;
            return 0;
        }
        _responseLeft = size;
        _response = size > 0 ? At.ChunkData : At.Headers;
        if (size == 0) tx.ProgressToClient = HttpTransaction.Trailer;
        return newline + 1;
    }

    /// <summary>The message is over. What follows is the next one when it reads as a status line, else more body.</summary>
    private int ResponseFinalizeStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        if (bytes.IsEmpty)
        {
            ResponseComplete(context);
            return 0;
        }
        int newline = bytes.IndexOf((byte)'\n');
        if (newline < 0 && !eof)
        {
            if (bytes.Length <= MaxLine) return More;
            Warn(HttpEvents.ResponseTooLong);
            return Broken;
        }
        ReadOnlySpan<byte> line = newline < 0 ? bytes : bytes[..(newline + 1)];
        HttpTransaction tx = _responseTx!;
        if (!HttpText.IsNoStatusLine(line))
        {
            ResponseComplete(context);
            return 0;
        }
        tx.ResponseWireLength += line.Length;
        if (_responseUntold) return line.Length;
        if (!_responseBody.IsOf(tx)) _responseBody.Begin(tx, false, context, _warnings);
        _responseBody.Add(context, line, _warnings);
        return line.Length;
    }

    private void ResponseComplete(ParseContext context)
    {
        if (_responseTx == null) return;
        HttpTransaction tx = _responseTx;
        _responseBody.End(tx, true);
        tx.ProgressToClient = HttpTransaction.Done;
        _responseTx = null;
        _response = At.Idle;
        context.TriggerToClient = true;
        if (!tx.IsConnect || tx.Status is not (>= 200 and < 300) || state.NextId != 1) return;
        // the tunnel stands: whatever is spoken in it is looked at afresh
        RequestComplete(context);
        tx.ProgressToServer = HttpTransaction.Done;
        HandsOver = true;
    }

    /// <summary>The server's side of the connection is closed.</summary>
    private void ResponseEnds(ParseContext context)
    {
        if (_responseTx == null) return;
        _responseBody.End(_responseTx, true);
        _responseTx.ProgressToClient = HttpTransaction.Done;
        _responseTx = null;
        _response = At.Tunnel;
        context.TriggerToClient = true;
    }
}
