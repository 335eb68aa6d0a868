using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>HTTP/0.9 to 1.1 (RFC 9112), both directions, pipelined, as forgiving as the servers and browsers that have to understand it.</summary>
internal sealed partial class HttpParser(AppState state) : AppParser
{
    private const int MaxLine = 18_000, MaxOpen = 512, MaxWarnings = 512;

    // what a step returns besides the bytes it used; a step that uses none has changed the state
    private const int Broken = -1, More = -2;

    private enum At : byte { Idle, Line, Protocol, Headers, ConnectWait, ConnectProbe, Body, ChunkSize, ChunkData, ChunkEnd, UntilClose, Finalize, Tunnel }

    private At _request;
    private At _response;
    private long _requestLeft;
    private long _responseLeft;
    private HttpTransaction? _requestTx;
    private HttpTransaction? _responseTx;
    private HttpTransaction? _answeredTx;        // the one last answered, which events of answers are told of
    private readonly Queue<HttpTransaction> _unanswered = new(1);
    private readonly HttpBody _requestBody = new();
    private readonly HttpBody _responseBody = new();
    private readonly SlidingBuffer _requestHeld = new(), _responseHeld = new();
    private readonly List<string> _warnings = new(0);
    private int _warned;

    public override AppProto Protocol => AppProto.Http1;

    /// <summary>The request that goes on as the first stream of HTTP/2.</summary>
    public Http2.Http2Upgrade? Upgraded { get; private set; }

    public override void Reset()
    {
        _requestBody.Reset();
        _responseBody.Reset();
        _requestField.Release();
        _responseField.Release();
        _requestHeld.Release();
        _responseHeld.Release();
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        SlidingBuffer held = toServer ? _requestHeld : _responseHeld;
        int offered = bytes.Length, origin = held.Length;
        if (held.Length > 0)
        {
            held.Append(bytes);
            bytes = held.Span;
        }
        int used = Run(context, toServer, bytes, -origin, false, out bool broken);
        Tell(context, toServer);
        if (broken) return -1;
        if (HandsOver) return Math.Max(0, offered - (bytes.Length - used));
        if ((marks & StreamMarks.Eof) == 0)
        {
            // the rest of a line is kept here, so that text before a hole is not lost with it
            if (held.Length > 0) held.Consume(used);
            else if (toServer && _request == At.ConnectWait) return used;
            else held.Append(bytes[used..]);
            return offered;
        }
        Run(context, toServer, bytes[used..], used - origin, true, out broken);
        held.Release();
        _warnings.Clear();
        if (toServer) RequestEnds(context);
        else ResponseEnds(context);
        return broken ? -1 : offered;
    }

    /// <param name="origin">Where the bytes begin, counted from the input at hand; below zero when some were kept from before.</param>
    private int Run(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, int origin, bool eof, out bool broken)
    {
        int used = 0, idle = 0;
        broken = false;
        while (true)
        {
            bool between = toServer ? _requestTx == null : _responseTx == null;
            int step = toServer ? RequestStep(context, bytes[used..], eof) : ResponseStep(context, bytes[used..], eof);
            if (step == More) return used;
            if (step < 0)
            {
                broken = true;
                return used;
            }
            if (context.FramesWanted != 0) MarkFrame(context, toServer, between, origin + used, step);
            used += step;
            idle = step > 0 ? 0 : idle + 1;
            if (HandsOver || idle > 16) return used;
        }
    }

    /// <summary>A message is a frame from its first line to its end.</summary>
    private void MarkFrame(ParseContext context, bool toServer, bool wasBetween, int at, int step)
    {
        FrameType type = toServer ? FrameType.Request : FrameType.Response;
        bool between = toServer ? _requestTx == null : _responseTx == null;
        if (wasBetween && !between) context.Frame(type, toServer, at, -1, false, toServer ? _requestTx : _responseTx);
        else if (!wasBetween && between) context.EndFrame(type, toServer, at + step);
    }

    private void Warn(string name) => _warnings.Add(name);

    /// <summary>Warnings belong to the newest message of their direction at the time they are read, also when an earlier one of the same segment caused them.</summary>
    private void Tell(ParseContext context, bool toServer)
    {
        if (_warnings.Count == 0) return;
        HttpTransaction? tx = toServer ? _requestTx ?? Newest() : _responseTx ?? _answeredTx ?? Newest();
        foreach (string warning in _warnings)
        {
            if (_warned++ == MaxWarnings) tx?.RaiseAgain(HttpEvents.TooManyWarnings, toServer);
            if (_warned > MaxWarnings) break;
            tx?.RaiseAgain(warning, toServer);
        }
        _warnings.Clear();
        if (toServer) context.TriggerToServer = true;
        else context.TriggerToClient = true;
    }

    private HttpTransaction? Newest()
    {
        for (int i = state.Transactions.Count - 1; i >= 0; i--)
            if (state.Transactions[i] is HttpTransaction tx) return tx;
        return null;
    }

    /// <summary>Inside a body of known length, or one that ends with the connection, the loss is counted; anywhere else the text goes on as if nothing had been there.</summary>
    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        if (toServer)
        {
            if (_request != At.Body) return true;
            int lost = (int)Math.Min(size, _requestLeft);
            _requestBody.Gap(lost);
            _requestLeft -= lost;
            if (_requestLeft == 0) _request = At.Finalize;
            return true;
        }
        if (_response is not (At.Body or At.UntilClose)) return true;
        int missing = _response == At.Body ? (int)Math.Min(size, _responseLeft) : size;
        _responseTx!.ResponseWireLength += missing;
        _responseBody.Gap(missing);
        if (_response == At.Body && (_responseLeft -= missing) == 0) _response = At.Finalize;
        return true;
    }

    /// <summary>Length of the first line with its end; More when it is not all there, Broken when it is too long.</summary>
    private static int LineLength(ReadOnlySpan<byte> bytes, bool eof)
    {
        int newline = bytes.IndexOf((byte)'\n');
        if (newline >= 0) return newline + 1;
        if (bytes.Length > MaxLine) return Broken;
        return eof && bytes.Length > 0 ? bytes.Length : More;
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
        return HttpText.Digits(text.TrimStart(" \t"u8), radix, out value) > 0;
    }
}
