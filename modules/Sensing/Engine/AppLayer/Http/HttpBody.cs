using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>The body of one message as it arrives: decoded, kept up to the inspection limit, and passed on as a file.</summary>
internal sealed partial class HttpBody
{
    private HttpTransaction? _tx;
    private bool _toServer;
    private long _taken;             // decoded bytes that count against the limit
    private bool _over;              // the limit is passed: nothing more is kept
    private AppFile? _file;
    private bool _fileGone;          // given up at the limit
    private MultipartReader? _multipart;

    public bool IsOf(HttpTransaction tx) => _tx == tx;

    public void Begin(HttpTransaction tx, bool toServer, ParseContext context, List<string> warnings, bool coded = true)
    {
        Reset();
        _tx = tx;
        _toServer = toServer;
        _taken = 0;
        _over = _fileGone = false;
        HttpHeaders headers = toServer ? tx.Request : tx.Response;
        if (coded && headers.TryGet("content-encoding"u8, out ReadOnlySpan<byte> coding)) FindCodings(coding, context.Options, warnings);
        if (toServer && HttpHeaders.Same(tx.Method, "POST"u8) && headers.TryGet("content-type"u8, out ReadOnlySpan<byte> type) && type.Length >= 19 && HttpHeaders.Same(type[..19], "multipart/form-data"u8))
            _multipart = MultipartReader.For(type, tx);
    }

    public void Add(ParseContext context, ReadOnlySpan<byte> bytes, List<string> warnings)
    {
        if (_tx == null || bytes.IsEmpty) return;
        if (_layers.Count == 0) Take(context, bytes, warnings);
        else if (!_over) Unpack(context, bytes, 0, warnings);
    }

    /// <summary>Bytes kept of this body: the limit for inspection, or the larger one for files when a file is to be stored.</summary>
    private long Limit(ParseContext context)
    {
        HttpTransaction tx = _tx!;
        bool storing = context.Options.Files.Store is { Force: true } || (_toServer ? tx.StoreFilesToServer || context.Flow.StoreFilesToServer : tx.StoreFilesToClient || context.Flow.StoreFilesToClient) || _file is { Store: true };
        return storing ? context.Options.Files.Depth : _toServer ? context.Options.HttpRequestBodyLimit : context.Options.HttpResponseBodyLimit;
    }

    private void Take(ParseContext context, ReadOnlySpan<byte> bytes, List<string> warnings)
    {
        if (_over || bytes.IsEmpty) return;
        HttpTransaction tx = _tx!;
        long limit = Limit(context);
        if (limit > 0 && _taken >= limit)
        {
            GiveUp();
            return;
        }
        if (limit > 0 && _taken + bytes.Length > limit) bytes = bytes[..(int)(limit - _taken)];
        _taken += bytes.Length;
        int kept = _toServer ? context.Options.HttpRequestBodyLimit : context.Options.HttpResponseBodyLimit;
        if (kept == 0) kept = MostKept;
        SlidingBuffer body = _toServer ? tx.RequestBody : tx.ResponseBody;
        if (context.Options.Files.Looked && body.Length < kept) body.Append(bytes[..Math.Min(bytes.Length, kept - body.Length)]);
        if (_toServer) tx.RequestBodySeen += bytes.Length;
        else tx.ResponseBodySeen += bytes.Length;
        if (_multipart != null)
        {
            _multipart.Add(context, bytes);
            return;
        }
        OpenFile(context, warnings);
        _file?.Append(bytes);
    }

    private const int MostKept = 1 << 22;

    /// <summary>The limit is reached: files end here, cut short.</summary>
    private void GiveUp()
    {
        _over = true;
        _multipart?.End(false);
        _multipart = null;
        _file?.Close(false);
        _file = null;
        _fileGone = true;
    }

    private void OpenFile(ParseContext context, List<string> warnings)
    {
        if (_file != null || _fileGone) return;
        HttpTransaction tx = _tx!;
        if (_toServer && !HttpHeaders.Same(tx.Method, "POST"u8) && !HttpHeaders.Same(tx.Method, "PUT"u8)) return;
        if (tx.IsConnect || tx.RequestLine.Length == 0 || tx.TargetLength == 0 && !tx.NotSeen)
        {
            _fileGone = true;
            return;
        }
        ReadOnlySpan<byte> name = Name(tx, _toServer);
        if (name.Length > MostName)
        {
            tx.RaiseAgain(HttpEvents.FileNameTooLong, _toServer);
            name = name[..MostName];
        }
        _file = new AppFile();
        _file.Open(name, _toServer, context.Options.Files, _toServer);
        tx.Files.Add(_file);
        if (_toServer || !tx.Response.TryGet("content-range"u8, out ReadOnlySpan<byte> range)) return;
        Range(tx, range);
        if (HttpRange.TryRead(range, out HttpRange part) && tx.TryGet(BufferId.HttpHost, true, 0, out ReadOnlySpan<byte> host)) _file.Part = context.Ranges?.Open(host, name, part, context);
    }

    private const int MostName = 4096;

    private void Range(HttpTransaction tx, ReadOnlySpan<byte> range)
    {
        int dash = range.IndexOf((byte)'-'), space = range.IndexOf((byte)' ');
        if (space >= 0 && dash > space && HttpParser.TryNumber(range[(space + 1)..], 10, out long start) && HttpParser.TryNumber(range[(dash + 1)..], 10, out long end))
        {
            _file!.Start = start;
            _file.End = end;
        }
        else if (range.IndexOf((byte)'*') < 0) tx.RaiseAgain(HttpEvents.RangeInvalid, false);
    }

    private static ReadOnlySpan<byte> Name(HttpTransaction tx, bool toServer)
    {
        HttpHeaders headers = toServer ? tx.Request : tx.Response;
        if (headers.TryGet("content-disposition"u8, out ReadOnlySpan<byte> disposition) && MultipartReader.Parameter(disposition, "filename"u8, out ReadOnlySpan<byte> name) && !name.IsEmpty) return name;
        if (tx.NotSeen) return tx.Target;
        if (!tx.TryGet(BufferId.HttpUri, true, 0, out ReadOnlySpan<byte> uri)) return default;
        int end = uri.IndexOfAny((byte)'?', (byte)'#');
        return end < 0 ? uri : uri[..end];
    }

    /// <summary>Bytes of the body that never came: they count, and whatever depends on them is told.</summary>
    public void Gap(int size)
    {
        if (_tx == null || size <= 0 || _over) return;
        if (_layers.Count > 0)
        {
            // nothing behind the hole can be unpacked
            GiveUp();
            return;
        }
        // what never came takes no room: it counts for the file, not for the limit
        if (_multipart != null) _multipart.Gap();
        else _file?.Skip(size);
    }

    public void End(HttpTransaction tx, bool complete)
    {
        if (_tx != tx) return;
        _multipart?.End(complete);
        _file?.Close(complete);
        if (_file?.Whole() is { } whole) tx.Files.Add(whole);
        Reset();
    }

    public void Reset()
    {
        _tx = null;
        _file = null;
        _multipart = null;
        ReleaseLayers();
    }
}
