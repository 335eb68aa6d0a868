using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpParser
{
    private readonly SlidingBuffer _requestField = new();   // a field that the next line may go on with
    private bool _requestFieldHeld, _requestFieldFolded, _requestFoldingTold, _requestColonTold, _requestTokenTold;

    private int RequestStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        switch (_request)
        {
            case At.Idle:
                if (bytes.IsEmpty) return More;
                if (_unanswered.Count > MaxOpen || state.Transactions.Count > 4 * MaxOpen) return Broken;
                _requestTx = state.Add(new HttpTransaction { Options = context.Options });
                _unanswered.Enqueue(_requestTx);
                _requestFieldHeld = _requestFoldingTold = _requestColonTold = _requestTokenTold = false;
                _request = At.Line;
                return 0;
            case At.Line:
                return RequestLineStep(bytes, eof);
            case At.Protocol:
                // a request of HTTP/0.9, unless its version was merely left out and headers follow
                if (LooksLikeHeader(bytes))
                {
                    _requestTx!.ProtocolNumber = HttpText.Invalid;
                    _requestTx.IsSimple = false;
                    _requestTx.ProgressToServer = HttpTransaction.HeadersRead;
                    _request = At.Headers;
                }
                else _request = At.Finalize;
                return 0;
            case At.Headers:
                return RequestHeaderStep(context, bytes, eof);
            case At.ConnectWait:
                if (bytes.IsEmpty || _requestTx!.ProgressToClient <= HttpTransaction.Line) return More;
                _request = _requestTx.Status is >= 200 and < 300 ? At.ConnectProbe : At.Finalize;
                return 0;
            case At.ConnectProbe:
                return ConnectProbeStep(context, bytes);
            case At.Body:
            {
                if (bytes.IsEmpty) return More;
                int length = (int)Math.Min(_requestLeft, bytes.Length);
                _requestBody.Add(context, bytes[..length], _warnings);
                _requestLeft -= length;
                if (_requestLeft == 0) _request = At.Finalize;
                return length;
            }
            case At.ChunkSize:
            case At.ChunkData:
            case At.ChunkEnd:
                return RequestChunkStep(context, bytes);
            case At.Finalize:
                return RequestFinalizeStep(context, bytes, eof);
            default:
                return bytes.IsEmpty ? More : bytes.Length;
        }
    }

    private int RequestLineStep(ReadOnlySpan<byte> bytes, bool eof)
    {
        int length = LineLength(bytes, eof);
        if (length == Broken) Warn(HttpEvents.RequestTooLong);
        if (length < 0) return length;
        ReadOnlySpan<byte> line = bytes[..length];
        if (HttpText.IsEmptyLine(line)) return length;
        HttpTransaction tx = _requestTx!;
        RequestLine(tx, HttpText.Chomp(line));
        CheckTarget(tx);
        tx.ProgressToServer = tx.IsSimple ? HttpTransaction.Line : HttpTransaction.HeadersRead;
        _request = tx.IsSimple ? At.Protocol : At.Headers;
        return length;
    }

    private static bool LooksLikeHeader(ReadOnlySpan<byte> bytes)
    {
        return bytes.IndexOf((byte)':') > 0;
    }

    private void RequestLine(HttpTransaction tx, ReadOnlySpan<byte> line)
    {
        tx.RequestLine.Append(line);
        int at = 0;
        while (at < line.Length && HttpText.IsSpace(line[at])) at++;
        if (at > 0) Warn(HttpEvents.LeadingSpace);
        tx.MethodStart = at;
        while (at < line.Length && !HttpText.IsSpace(line[at])) at++;
        tx.MethodLength = at - tx.MethodStart;
        tx.IsConnect = tx.Method.SequenceEqual("CONNECT"u8);
        tx.IsHead = tx.Method.SequenceEqual("HEAD"u8);
        bool odd = false;
        for (; at < line.Length && HttpText.IsSpace(line[at]); at++) odd |= line[at] != ' ';
        if (odd) Warn(HttpEvents.MethodDelimiter);
        tx.TargetStart = at;
        if (at == line.Length)
        {
            tx.ProtocolNumber = HttpText.Http09;
            tx.IsSimple = true;
            return;
        }
        // the target ends at the first space; only when there is none, other white space ends it
        int end = line[at..].IndexOf((byte)' ');
        ReadOnlySpan<byte> target = end < 0 ? line[at..] : line.Slice(at, end);
        odd = target.ContainsAny("\t\n\v\f\r"u8);
        if (odd) Warn(HttpEvents.UriDelimiter);
        if (end < 0)
        {
            end = target.IndexOfAny("\t\n\v\f\r"u8);
            if (end < 0) end = target.Length;
        }
        tx.TargetLength = end;
        at += end;
        while (at < line.Length && HttpText.IsSpace(line[at])) at++;
        if (at == line.Length)
        {
            tx.ProtocolNumber = HttpText.Http09;
            tx.IsSimple = true;
            return;
        }
        tx.ProtocolStart = at;
        tx.ProtocolLength = line.Length - at;
        tx.ProtocolNumber = HttpText.Version(tx.Protocol);
    }

    private int ConnectProbeStep(ParseContext context, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return More;
        int end = bytes.IndexOfAny((byte)'\n', (byte)0);
        if (end < 0 && bytes.Length <= MaxLine) return More;
        if (end >= 0 && IsRequestStart(bytes[..end]))
        {
            RequestComplete(context);
            return 0;
        }
        RequestComplete(context);
        _request = _response = At.Tunnel;
        return 0;
    }

    private static bool IsRequestStart(ReadOnlySpan<byte> text) => HttpText.IsMethod(FirstWord(text));

    private static ReadOnlySpan<byte> FirstWord(ReadOnlySpan<byte> text)
    {
        int start = 0;
        while (start < text.Length && HttpText.IsSpace(text[start])) start++;
        int end = start;
        while (end < text.Length && !HttpText.IsSpace(text[end])) end++;
        return text[start..end];
    }

    private int RequestChunkStep(ParseContext context, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return More;
        if (_request == At.ChunkData)
        {
            int taken = (int)Math.Min(_requestLeft, bytes.Length);
            _requestBody.Add(context, bytes[..taken], _warnings);
            _requestLeft -= taken;
            if (_requestLeft == 0) _request = At.ChunkEnd;
            return taken;
        }
        int newline = bytes.IndexOf((byte)'\n');
        if (_request == At.ChunkEnd)
        {
            if (newline < 0) return bytes.Length;
            _request = At.ChunkSize;
            return newline + 1;
        }
        if (newline < 0)
        {
            if (bytes.Length <= MaxLine) return More;
            Warn(HttpEvents.RequestTooLong);
            return Broken;
        }
        long size = HttpText.ChunkSize(HttpText.Chomp(bytes[..(newline + 1)]), out bool extension);
        if (extension) Warn(HttpEvents.ChunkExtension);
        if (size < 0)
        {
            Warn(HttpEvents.RequestChunk);
            return Broken;
        }
        _requestLeft = size;
        _request = size > 0 ? At.ChunkData : At.Headers;
        if (size == 0) _requestTx!.ProgressToServer = HttpTransaction.Trailer;
        return newline + 1;
    }

    /// <summary>The message is over. What follows is the next one when it begins with a method, else more body.</summary>
    private int RequestFinalizeStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        if (bytes.IsEmpty)
        {
            RequestComplete(context);
            return 0;
        }
        int newline = bytes.IndexOf((byte)'\n');
        if (newline < 0 && !eof)
        {
            if (bytes.Length <= MaxLine) return More;
            Warn(HttpEvents.RequestTooLong);
            return Broken;
        }
        ReadOnlySpan<byte> line = newline < 0 ? bytes : bytes[..(newline + 1)];
        ReadOnlySpan<byte> word = FirstWord(line);
        if (word.IsEmpty || HttpText.IsMethod(word))
        {
            RequestComplete(context);
            return 0;
        }
        Warn(HttpEvents.UnexpectedRequestBody);
        if (!_requestBody.IsOf(_requestTx!)) _requestBody.Begin(_requestTx!, true, context, _warnings);
        _requestBody.Add(context, line, _warnings);
        return line.Length;
    }

    private void RequestComplete(ParseContext context)
    {
        if (_requestTx == null) return;
        TellOfHost(_requestTx);
        if (_requestTx.AuthenticationUnknown) _requestTx.RaiseAgain(HttpEvents.AuthenticationUnknown, true);
        _requestBody.End(_requestTx, true);
        _requestTx.ProgressToServer = HttpTransaction.Done;
        _requestTx = null;
        _request = At.Idle;
        context.TriggerToServer = true;
    }

    /// <summary>The client's side of the connection is closed.</summary>
    private void RequestEnds(ParseContext context)
    {
        if (_requestTx == null) return;
        _requestBody.End(_requestTx, false);
        _requestTx.ProgressToServer = HttpTransaction.Done;
        _requestTx = null;
        _request = At.Tunnel;
        context.TriggerToServer = true;
    }
}
