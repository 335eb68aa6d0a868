using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>Files sent with a form (multipart/form-data).</summary>
internal sealed class MultipartReader
{
    private const int MaxHeader = 16384;
    private const int MaxFiles = 128;
    private readonly byte[] _boundary;
    private readonly HttpTransaction _tx;
    private readonly SlidingBuffer _held = new();
    private AppFile? _file;
    private bool _inPart;
    private bool _over;

    private MultipartReader(byte[] boundary, HttpTransaction tx)
    {
        _boundary = boundary;
        _tx = tx;
    }

    public static MultipartReader? For(ReadOnlySpan<byte> contentType, HttpTransaction tx)
    {
        if (!Parameter(contentType, "boundary"u8, out ReadOnlySpan<byte> boundary) || boundary.IsEmpty || boundary.Length > 512) return null;
        byte[] marker = new byte[boundary.Length + 2];
        marker[0] = marker[1] = (byte)'-';
        boundary.CopyTo(marker.AsSpan(2));
        return new MultipartReader(marker, tx);
    }

    public static bool Parameter(ReadOnlySpan<byte> header, ReadOnlySpan<byte> lowerName, out ReadOnlySpan<byte> value)
    {
        value = default;
        for (int i = 0; i + lowerName.Length < header.Length; i++)
        {
            if (i > 0 && header[i - 1] is not ((byte)';' or (byte)' ' or (byte)'\t')) continue;
            if (!HttpHeaders.Same(header.Slice(i, lowerName.Length), lowerName)) continue;
            ReadOnlySpan<byte> rest = header[(i + lowerName.Length)..].TrimStart(" \t"u8);
            if (rest.IsEmpty || rest[0] != '=') continue;
            rest = rest[1..].TrimStart(" \t"u8);
            if (rest.Length > 0 && rest[0] == '"')
            {
                rest = rest[1..];
                int close = rest.IndexOf((byte)'"');
                if (close < 0) return false;
                value = rest[..close];
            }
            else
            {
                int end = rest.IndexOfAny("; \t"u8);
                value = end < 0 ? rest : rest[..end];
            }
            return true;
        }
        return false;
    }

    public void Add(ParseContext context, ReadOnlySpan<byte> bytes)
    {
        if (_over) return;
        _held.Append(bytes);
        while (_held.Length > 0)
        {
            ReadOnlySpan<byte> held = _held.Span;
            int at = held.IndexOf(_boundary);
            if (_inPart)
            {
                if (at < 0)
                {
                    // keep what could be the start of a boundary
                    int safe = held.Length - _boundary.Length - 2;
                    if (safe <= 0) return;
                    _file?.Append(held[..safe]);
                    _held.Consume(safe);
                    return;
                }
                int end = at;
                if (end > 0 && held[end - 1] == '\n') end--;
                if (end > 0 && end < at && held[end - 1] == '\r') end--;
                _file?.Append(held[..end]);
                _file?.Close(true);
                _file = null;
                _inPart = false;
                _held.Consume(at);
                continue;
            }
            if (at < 0)
            {
                if (held.Length > MaxHeader) _over = true;
                return;
            }
            ReadOnlySpan<byte> after = held[(at + _boundary.Length)..];
            if (after.Length < 2) return;
            if (after[0] == '-' && after[1] == '-')
            {
                _over = true;
                return;
            }
            int headEnd = after.IndexOf("\r\n\r\n"u8);
            if (headEnd < 0)
            {
                if (after.Length > MaxHeader) _over = true;
                return;
            }
            ReadOnlySpan<byte> head = after[..headEnd];
            if (_tx.Files.Count < MaxFiles && Parameter(head, "filename"u8, out ReadOnlySpan<byte> name))
            {
                _file = new AppFile();
                _file.Open(name, true, context.Options.Files, true);
                _tx.Files.Add(_file);
            }
            _inPart = true;
            _held.Consume(at + _boundary.Length + headEnd + 4);
        }
    }

    /// <summary>Bytes of the form never came.</summary>
    public void Gap()
    {
        if (_file != null) _file.Gaps = true;
    }

    public void End(bool complete)
    {
        if (_inPart && _held.Length > 0) _file?.Append(_held.Span);
        _file?.Close(complete);
        _file = null;
        _held.Release();
    }
}
