using System.Buffers;
using System.IO.Compression;
using Appliance.Sensing.Engine.AppLayer.Files;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>The DATA of one direction of a stream: unpacked, kept for rules up to a limit, passed on as a file.</summary>
internal sealed class Http2Body : IDisposable
{
    private const int MostOutput = 4 << 20, Step = 16384;
    private readonly SlidingBuffer _plain = new();
    private Inflater? _inflater;
    private BrotliDecoder _brotli;
    private bool _brotliOn, _brotliDone;

    /// <summary>Takes note of content-encoding (RFC 9110, section 8.4); what is not known is taken as it stands.</summary>
    public void Encoded(ReadOnlySpan<byte> coding)
    {
        Stop();
        if (HttpHeaders.Same(coding, "gzip"u8)) _inflater = new Inflater(Inflater.Format.Gzip);
        else if (HttpHeaders.Same(coding, "deflate"u8)) _inflater = new Inflater(Inflater.Format.Deflate);
        else if (HttpHeaders.Same(coding, "br"u8)) _brotliOn = true;
    }

    public void Add(Http2Transaction tx, bool toServer, ParseContext context, ReadOnlySpan<byte> bytes)
    {
        Http2Side side = tx.Side(toServer);
        if (side.File == null)
        {
            side.File = new AppFile();
            side.File.Open(default, toServer, context.Options.Files, false);
            tx.Files.Add(side.File);
            if (!toServer) side.File.Part = Part(tx, context);
        }
        if (bytes.IsEmpty) return;
        if (_inflater != null || _brotliOn)
        {
            _plain.Clear();
            bool fine = _inflater != null ? Inflate(bytes) : Brotli(bytes);
            bytes = _plain.Span;
            if (!fine)
            {
                // as far as it went; what follows is taken as it stands
                tx.Raise("failed_decompression", toServer);
                Stop();
            }
        }
        int limit = toServer ? context.Options.HttpRequestBodyLimit : context.Options.HttpResponseBodyLimit;
        if (limit == 0) limit = MostOutput;
        if (context.Options.Files.Looked && side.Body.Length < limit) side.Body.Append(bytes[..Math.Min(bytes.Length, limit - side.Body.Length)]);
        side.BodySeen += bytes.Length;
        side.File.Append(bytes);
        if (_plain.Capacity > 4 * Step) _plain.Release();
    }

    private static RangePart? Part(Http2Transaction tx, ParseContext context)
    {
        if (!tx.Response.Headers.TryGet("content-range"u8, out ReadOnlySpan<byte> text) || !HttpRange.TryRead(text, out HttpRange range)) return null;
        if (!tx.TryGet(BufferId.HttpUri, true, 0, out ReadOnlySpan<byte> path) || !tx.TryGet(BufferId.HttpHost, true, 0, out ReadOnlySpan<byte> host)) return null;
        int end = path.IndexOf((byte)'?');
        return context.Ranges?.Open(host, end < 0 ? path : path[..end], range, context);
    }

    private bool Inflate(ReadOnlySpan<byte> bytes)
    {
        _inflater!.Feed(bytes, _plain, MostOutput);
        return !_inflater.Failed;
    }

    private bool Brotli(ReadOnlySpan<byte> bytes)
    {
        byte[] step = ArrayPool<byte>.Shared.Rent(Step);
        bool fine = true;
        while (!_brotliDone && _plain.Length < MostOutput)
        {
            OperationStatus status = _brotli.Decompress(bytes, step, out int used, out int written);
            bytes = bytes[used..];
            _plain.Append(step.AsSpan(0, written));
            fine = status != OperationStatus.InvalidData;
            _brotliDone = status == OperationStatus.Done;
            if (status is OperationStatus.InvalidData or OperationStatus.NeedMoreData) break;
        }
        ArrayPool<byte>.Shared.Return(step);
        return fine;
    }

    private void Stop()
    {
        _inflater?.Release();
        _inflater = null;
        if (_brotliOn) _brotli.Dispose();
        _brotli = default;
        _brotliOn = _brotliDone = false;
    }

    public void Dispose()
    {
        Stop();
        _plain.Release();
    }
}
