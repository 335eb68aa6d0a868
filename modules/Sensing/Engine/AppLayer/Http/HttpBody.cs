using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>The body of one message as it arrives: decoded, kept up to the inspection limit, and passed on as a file.</summary>
internal sealed class HttpBody
{
    private const int MaxOutputPerFeed = 4 << 20;
    private HttpTransaction? _tx;
    private bool _toServer;
    private Inflater? _first, _second;
    private readonly SlidingBuffer _plain = new();
    private readonly SlidingBuffer _between = new();
    private AppFile? _file;
    private MultipartReader? _multipart;

    public void Begin(HttpTransaction tx, bool toServer, ParseContext context)
    {
        _tx = tx;
        _toServer = toServer;
        _file = null;
        _multipart = null;
        _first = _second = null;
        HttpHeaders headers = toServer ? tx.Request : tx.Response;
        if (!toServer && headers.TryGet("content-encoding"u8, out ReadOnlySpan<byte> coding))
        {
            // applied last is undone first
            for (int end = coding.Length; end > 0;)
            {
                int comma = coding[..end].LastIndexOf((byte)',');
                ReadOnlySpan<byte> one = coding[(comma + 1)..end].Trim(" \t"u8);
                end = comma;
                Inflater? made = HttpParser.ContainsIgnoreCase(one, "gzip"u8) ? new Inflater(Inflater.Format.Gzip)
                    : HttpParser.ContainsIgnoreCase(one, "deflate"u8) ? new Inflater(Inflater.Format.Deflate) : null;
                if (made == null) continue;
                if (_first == null) _first = made;
                else if (context.Options.HttpLayers > 1) _second ??= made;
            }
        }
        if (toServer && headers.TryGet("content-type"u8, out ReadOnlySpan<byte> type) && HttpParser.ContainsIgnoreCase(type, "multipart/form-data"u8))
            _multipart = MultipartReader.For(type, tx);
    }

    public void Add(ParseContext context, ReadOnlySpan<byte> bytes)
    {
        if (_tx == null || bytes.IsEmpty) return;
        if (_first == null)
        {
            Take(context, bytes);
            return;
        }
        bool fresh = _first.Produced == 0;
        _plain.Clear();
        _first.Feed(bytes, _plain, MaxOutputPerFeed);
        if (_first.Failed && fresh && _first.Produced == 0)
        {
            // labelled as packed, but is not: take it as it stands
            _first.Release();
            _first = null;
            Take(context, bytes);
            return;
        }
        if (_second != null && _plain.Length > 0)
        {
            bool secondFresh = _second.Produced == 0;
            _between.Clear();
            _second.Feed(_plain.Span, _between, MaxOutputPerFeed);
            if (_second.Failed && secondFresh && _second.Produced == 0)
            {
                _second = null;
                Take(context, _plain.Span);
            }
            else Take(context, _between.Span);
        }
        else Take(context, _plain.Span);
    }

    private void Take(ParseContext context, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        HttpTransaction tx = _tx!;
        int limit = _toServer ? context.Options.HttpRequestBodyLimit : context.Options.HttpResponseBodyLimit;
        SlidingBuffer body = _toServer ? tx.RequestBody : tx.ResponseBody;
        if (limit == 0 || body.Length < limit) body.Append(limit == 0 ? bytes[..Math.Min(bytes.Length, Math.Max(0, (1 << 22) - body.Length))] : bytes[..Math.Min(bytes.Length, limit - body.Length)]);
        if (_toServer) tx.RequestBodySeen += bytes.Length;
        else tx.ResponseBodySeen += bytes.Length;
        if (_multipart != null)
        {
            _multipart.Add(context, bytes);
            return;
        }
        if (_toServer && !HttpHeaders.Same(tx.Method, "POST"u8) && !HttpHeaders.Same(tx.Method, "PUT"u8)) return;
        if (_file == null)
        {
            _file = new AppFile();
            _file.Open(Name(tx, _toServer), _toServer, context.Options.Sha256, context.Options.Md5, _toServer);
            tx.Files.Add(_file);
            if (!_toServer && tx.Response.TryGet("content-range"u8, out ReadOnlySpan<byte> range))
            {
                int dash = range.IndexOf((byte)'-'), space = range.IndexOf((byte)' ');
                if (space >= 0 && dash > space && HttpParser.TryNumber(range[(space + 1)..], 10, out long start) && HttpParser.TryNumber(range[(dash + 1)..], 10, out long end))
                {
                    _file.Start = start;
                    _file.End = end;
                }
            }
        }
        _file.Append(bytes);
    }

    private static ReadOnlySpan<byte> Name(HttpTransaction tx, bool toServer)
    {
        HttpHeaders headers = toServer ? tx.Request : tx.Response;
        if (headers.TryGet("content-disposition"u8, out ReadOnlySpan<byte> disposition) && MultipartReader.Parameter(disposition, "filename"u8, out ReadOnlySpan<byte> name)) return name;
        if (!tx.TryGet(BufferId.HttpUri, true, 0, out ReadOnlySpan<byte> uri)) return default;
        int end = uri.IndexOf((byte)'?');
        return end < 0 ? uri : uri[..end];
    }

    public void Gap(int size)
    {
        if (_file != null) _file.Gaps = true;
    }

    public void End(HttpTransaction tx, bool complete)
    {
        if (_tx != tx) return;
        _multipart?.End(complete);
        _file?.Close(complete);
        Reset();
    }

    public void Reset()
    {
        _tx = null;
        _file = null;
        _multipart = null;
        _first?.Release();
        _second?.Release();
        _first = _second = null;
        _plain.Release();
        _between.Release();
    }
}
