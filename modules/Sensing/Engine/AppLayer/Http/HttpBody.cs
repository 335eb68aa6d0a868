using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>The body of one message as it arrives: decoded, kept up to the inspection limit, and passed on as a file.</summary>
internal sealed class HttpBody
{
    private const int MaxOutputPerFeed = 4 << 20;
    private HttpTransaction? _tx;
    private bool _toServer;
    private const int MaxLayers = 4;
    private readonly List<Inflater> _layers = new(0);
    private readonly SlidingBuffer[] _plain = [new(), new(), new(), new()];
    private AppFile? _file;
    private MultipartReader? _multipart;

    public void Begin(HttpTransaction tx, bool toServer, ParseContext context)
    {
        _tx = tx;
        _toServer = toServer;
        _file = null;
        _multipart = null;
        _layers.Clear();
        HttpHeaders headers = toServer ? tx.Request : tx.Response;
        if (!toServer && headers.TryGet("content-encoding"u8, out ReadOnlySpan<byte> coding))
        {
            // undone in the order listed, as libraries do; Add turns the order round when the first bytes say otherwise
            for (int start = 0; start <= coding.Length && _layers.Count < MaxLayers;)
            {
                int comma = coding[start..].IndexOf((byte)',');
                ReadOnlySpan<byte> one = (comma < 0 ? coding[start..] : coding.Slice(start, comma)).Trim(" \t"u8);
                start = comma < 0 ? coding.Length + 1 : start + comma + 1;
                // as loosely as browsers read it; a layer that was not there is dropped at its first byte
                if (HttpParser.ContainsIgnoreCase(one, "gzip"u8)) _layers.Add(new Inflater(Inflater.Format.Gzip));
                else if (HttpParser.ContainsIgnoreCase(one, "deflate"u8)) _layers.Add(new Inflater(Inflater.Format.Deflate));
            }
        }
        if (toServer && headers.TryGet("content-type"u8, out ReadOnlySpan<byte> type) && HttpParser.ContainsIgnoreCase(type, "multipart/form-data"u8))
            _multipart = MultipartReader.For(type, tx);
    }

    public void Add(ParseContext context, ReadOnlySpan<byte> bytes)
    {
        if (_tx == null || bytes.IsEmpty) return;
        bool gzip = bytes.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]);
        if (_layers.Count > 1 && _layers[0].Produced == 0 && _layers[0].IsGzip != gzip && _layers[^1].IsGzip == gzip) _layers.Reverse();
        Unpack(context, bytes, 0);
    }

    private void Unpack(ParseContext context, ReadOnlySpan<byte> bytes, int layer)
    {
        if (layer >= _layers.Count)
        {
            Take(context, bytes);
            return;
        }
        Inflater inflater = _layers[layer];
        bool fresh = inflater.Produced == 0;
        SlidingBuffer plain = _plain[layer];
        plain.Clear();
        inflater.Feed(bytes, plain, MaxOutputPerFeed);
        if (inflater.Failed && fresh && inflater.Produced == 0)
        {
            // labelled as packed, but is not: take it as it stands
            inflater.Release();
            _layers.RemoveAt(layer);
            Unpack(context, bytes, layer);
            return;
        }
        if (plain.Length > 0) Unpack(context, plain.Span, layer + 1);
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
            _file.Open(Name(tx, _toServer), _toServer, context.Options.Files, _toServer);
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
        foreach (Inflater layer in _layers) layer.Release();
        _layers.Clear();
        foreach (SlidingBuffer buffer in _plain) buffer.Release();
    }
}
