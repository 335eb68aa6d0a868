using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpParser
{
    private readonly SlidingBuffer _responseField = new();
    private bool _responseFieldHeld, _responseFieldFolded, _responseFoldingTold, _responseColonTold, _responseTokenTold;

    /// <summary>
    /// The first line of a header block in an answer, with its end, which browsers take in many forms: LF, CR LF, LF CR, and CR alone behind text.
    /// <paramref name="skip"/>: bytes at the front that belong to an odd mix of line ends before it.
    /// </summary>
    private static int ResponseLineLength(ReadOnlySpan<byte> bytes, ref bool afterLfCr, out int skip)
    {
        skip = 0;
        int at = 0;
        while (true)
        {
            int next = at < bytes.Length ? bytes[at..].IndexOfAny((byte)'\n', (byte)'\r') : -1;
            if (next < 0) return bytes.Length > MaxLine ? Broken : More;
            at += next;
            if (bytes[at] == '\n')
            {
                at++;
                afterLfCr = at < bytes.Length && bytes[at] == '\r';
                return afterLfCr ? at + 1 : at;
            }
            if (at + 1 == bytes.Length) return More;
            byte after = bytes[at + 1];
            if (after == '\n')
            {
                at += 2;
                if (afterLfCr && at + 1 < bytes.Length && bytes[at] == '\r' && bytes[at + 1] == '\n')
                {
                    skip = 2;
                    at += 2;
                }
                afterLfCr = false;
                return at;
            }
            at++;
            if (after == '\r' || at == 1) continue;
            afterLfCr = false;
            return at;
        }
    }

    private bool _afterLfCr;

    private int ResponseHeaderStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        HttpTransaction tx = _responseTx!;
        if (eof)
        {
            // cut off: what was held back is lost with it
            _responseFieldHeld = false;
            _response = At.Finalize;
            return 0;
        }
        int length = ResponseLineLength(bytes, ref _afterLfCr, out int skip);
        if (length == Broken || length == More && bytes.Length + _responseField.Length > MaxLine) return Broken;
        if (length == More) return More;
        tx.Response.Raw.Append(bytes[..length]);
        ReadOnlySpan<byte> line = bytes[skip..length];
        bool ends = HttpText.IsEmptyLine(line) || line.Length == 2 && line[0] is (byte)' ' or (byte)'\t' && line[1] == '\n' && bytes.Length > length && bytes[length] != '\n';
        if (ends)
        {
            if (!FlushResponseField(tx)) return Broken;
            if (tx.ProgressToClient == HttpTransaction.Trailer)
            {
                _response = At.Finalize;
                return length;
            }
            return ResponseHeadersEnd(context) ? length : Broken;
        }
        ReadOnlySpan<byte> text = HttpText.Chomp(line);
        if (text.IsEmpty || HttpText.IsFolding(text[0])) return FoldedResponseLine(tx, text) ? length : Broken;
        if (!FlushResponseField(tx)) return Broken;
        if (bytes.Length > length && HttpText.IsFolding(bytes[length])) HoldResponseField(text);
        else if (!ResponseField(tx, text)) return Broken;
        return length;
    }

    /// <summary>A line that goes on with the field before it; one with a colon of its own is a field of its own, as browsers have it since HTTP/1.1.</summary>
    private bool FoldedResponseLine(HttpTransaction tx, ReadOnlySpan<byte> text)
    {
        if (!_responseFieldHeld)
        {
            TellOfResponseFolding();
            HoldResponseField(text.TrimStart(" \t\0"u8));
            return true;
        }
        if (text.Contains((byte)':') && _responseField.Span.Contains((byte)':') && tx.AnswerProtocol == HttpText.Http11)
        {
            TellOfResponseFolding();
            if (!FlushResponseField(tx)) return false;
            HoldResponseField(text[1..]);
            return true;
        }
        if (_responseField.Length < MaxLine) _responseField.Append(text);
        _responseFieldFolded = true;
        return true;
    }

    private void TellOfResponseFolding()
    {
        if (!_responseFoldingTold) Warn(HttpEvents.ResponseFolding);
        _responseFoldingTold = true;
    }

    private void HoldResponseField(ReadOnlySpan<byte> text)
    {
        _responseField.Clear();
        _responseField.Append(text);
        _responseFieldHeld = true;
        _responseFieldFolded = false;
    }

    private bool FlushResponseField(HttpTransaction tx)
    {
        if (!_responseFieldHeld) return true;
        _responseFieldHeld = false;
        bool room = ResponseField(tx, _responseField.Span);
        _responseField.Clear();
        return room;
    }

    private bool ResponseField(HttpTransaction tx, ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        ReadOnlySpan<byte> name = default, value = text;
        if (colon < 0)
        {
            if (!_responseColonTold) Warn(HttpEvents.ResponseMissingColon);
            _responseColonTold = true;
        }
        else
        {
            if (colon == 0) Warn(HttpEvents.ResponseHeaderInvalid);
            name = text[..colon].TrimEnd(" \t\r\v\f"u8);
            if (name.Length < colon) Warn(HttpEvents.ResponseHeaderInvalid);
            value = text[(colon + 1)..];
            if (!_responseTokenTold && !HttpText.IsToken(name))
            {
                Warn(HttpEvents.ResponseHeaderInvalid);
                _responseTokenTold = true;
            }
        }
        value = value.Trim(" \t"u8);
        if (tx.Response.Count >= tx.Options.HttpMaxHeaders)
        {
            Warn(HttpEvents.ResponseTooManyHeaders);
            return false;
        }
        if (!tx.Response.Add(name, value, _responseFieldFolded)) Warn(HttpEvents.ResponseLengthTwice);
        _responseFieldFolded = false;
        return true;
    }

    /// <summary>RFC 9112 section 6.3, as browsers practise it. False when the framing cannot be told.</summary>
    private bool ResponseHeadersEnd(ParseContext context)
    {
        HttpTransaction tx = _responseTx!;
        tx.ResponseHeadersRead = true;
        bool hasCoding = tx.Response.TryGet("transfer-encoding"u8, out ReadOnlySpan<byte> coding);
        bool hasLength = tx.Response.TryGet("content-length"u8, out ReadOnlySpan<byte> lengthText);
        if (tx.IsConnect)
        {
            if (tx.Status is >= 200 and < 300)
            {
                BodyNone(context, tx);
                return true;
            }
        }
        if (tx.Status == 101 && !hasCoding && !hasLength)
        {
            SwitchProtocol(context, tx);
            return true;
        }
        if (tx.Status == 100 && !hasCoding && (!hasLength || HttpText.Length(lengthText) <= 0))
        {
            // go on: the real answer is still to come
            if (tx.ContinueSeen) Warn(HttpEvents.ContinueTwice);
            tx.ContinueSeen = true;
            tx.Response.Clear();
            tx.ResponseLine.Clear();
            tx.AnswerProtocolStart = tx.AnswerProtocolLength = tx.StatusStart = tx.StatusLength = tx.MessageStart = tx.MessageLength = 0;
            tx.HasAnswer = false;
            tx.ProgressToClient = HttpTransaction.Line - 1;
            _response = At.Line;
            return true;
        }
        // an answer that refuses the body announced with "Expect: 100-continue" before any of it was sent
        if (tx.Status >= 400 && _request == At.Body && _requestTx == tx && _requestLeft == _requestExpected && tx.Request.TryGet("expect"u8, out ReadOnlySpan<byte> expect) && HttpHeaders.Same(expect, "100-continue"u8))
            _request = At.Finalize;
        if (tx.IsHead || tx.Status is (>= 100 and < 200) or 204 or 304 && !hasCoding && !hasLength)
        {
            BodyNone(context, tx);
            return true;
        }
        if (hasCoding && HttpText.ContainsLoosely(coding, "chunked"u8))
        {
            if (!HttpText.IsLoosely(coding, "chunked"u8) || coding.Contains((byte)0)) Warn(HttpEvents.AbnormalTransferEncoding);
            if (tx.AnswerProtocol < HttpText.Http11) Warn(HttpEvents.ChunkedOldProtocol);
            return BodyBegins(context, tx, At.ChunkSize, 0);
        }
        if (hasLength)
        {
            long length = HttpText.Length(lengthText);
            if (length < 0)
            {
                Warn(HttpEvents.ResponseLength);
                return false;
            }
            return BodyBegins(context, tx, length > 0 ? At.Body : At.Finalize, length);
        }
        if (tx.Response.TryGet("content-type"u8, out ReadOnlySpan<byte> type) && ContainsIgnoreCase(type, "multipart/byteranges"u8))
        {
            Warn(HttpEvents.ByteRanges);
            return false;
        }
        return BodyBegins(context, tx, At.UntilClose, 0);
    }

    private bool BodyBegins(ParseContext context, HttpTransaction tx, At at, long length)
    {
        tx.ProgressToClient = HttpTransaction.Body;
        _responseUntold = false;
        _responseBody.Begin(tx, false, context, _warnings);
        _responseLeft = length;
        _response = at;
        return true;
    }

    private void BodyNone(ParseContext context, HttpTransaction tx)
    {
        tx.ProgressToClient = HttpTransaction.Body;
        _responseUntold = false;
        _responseBody.Begin(tx, false, context, _warnings);
        _response = At.Finalize;
    }

    /// <summary>RFC 9110 section 7.8: what follows is no longer HTTP/1.</summary>
    private void SwitchProtocol(ParseContext context, HttpTransaction tx)
    {
        tx.ProgressToClient = HttpTransaction.Body;
        ResponseComplete(context);
        RequestComplete(context);
        _response = _request = At.Tunnel;
        HandsOver = tx.Response.TryGet("upgrade"u8, out ReadOnlySpan<byte> to) && HttpHeaders.Same(to, "h2c"u8);
        if (!HandsOver) return;
        HandsOverTo = AppProto.Http2;
        Upgraded = Http2.Http2Upgrade.Of(tx);
    }
}
