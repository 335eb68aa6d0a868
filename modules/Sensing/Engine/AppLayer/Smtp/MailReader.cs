using System.Security.Cryptography;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>A mail as it arrives, line by line (RFC 5322, RFC 2045 to 2049, RFC 2231): headers kept, parts told apart by their boundaries, attachments decoded into files.</summary>
internal sealed partial class MailReader(SmtpTransaction tx, SmtpOptions options)
{
    private const int MaxParts = 128, MaxDepth = 16, MaxHeaders = 512, MaxHeaderName = 76, MaxLineLength = 998, MaxEncodedLine = 76, MaxBoundary = 255, MaxName = 255;

    private enum Coding : byte { None, Base64, QuotedPrintable }

    /// <summary>The message, or one part of it.</summary>
    private sealed class Part
    {
        public Part? Parent;
        public readonly List<Part> Children = new(0);
        public byte[]? Boundary;     // of its own parts
        public byte[]? Name;         // of the file it is
        public bool IsText = true;
        public Coding Coding;
        public List<byte[]>? Urls;
        public int Depth;
    }

    private readonly Part _message = new();
    private Part? _part;             // the part being read; the message itself outside of parts
    private int _parts;
    private readonly List<(byte[] Name, byte[] Value)> _headers = [];
    private readonly SlidingBuffer _header = new();
    private bool _inHeaders = true, _first = true, _complete, _failed, _bodyStarted, _ended;
    private AppFile? _file;
    private readonly byte[] _quad = new byte[4];
    private int _quadCount;
    private int _heldBreak;          // bytes of the line break not yet passed on
    private IncrementalHash? _md5;
    private string? _bodyMd5;
    private readonly SlidingBuffer _text = new();   // decoded text whose links are looked for

    private Part Here => _part ?? _message;

    public void Line(ParseContext context, ReadOnlySpan<byte> line)
    {
        if (_failed || _ended) return;
        ReadOnlySpan<byte> text = line.TrimEnd("\r\n"u8);
        if (text.Length > MaxLineLength) tx.Raise(SmtpEvents.LongLine, true);
        if (_topRead) Hash(line);
        if (_inHeaders) HeaderLine(context, line, text);
        else BodyLine(context, line, text);
    }

    /// <summary>May parts of a line be handed in by <see cref="Piece"/>? So it is where line breaks mean nothing.</summary>
    public bool TakesPieces => !_inHeaders && !_failed && !_ended && _file != null && Here.Coding == Coding.Base64;

    /// <summary>Part of a line of base64 that is no boundary.</summary>
    public void Piece(ReadOnlySpan<byte> bytes)
    {
        if (_failed || _ended) return;
        Hash(bytes);
        _pieces += bytes.TrimEnd("\r\n"u8).Length;
        if (_pieces > MaxLineLength) tx.Raise(SmtpEvents.LongLine, true);
        if (_pieces > MaxEncodedLine) tx.Raise(SmtpEvents.LongEncodedLine, true);
        if (bytes[^1] == '\n') _pieces = 0;
        Base64Line(bytes);
    }

    private long _pieces;            // length of the line that comes in pieces

    private bool _topRead;           // the message's own headers are over

    private void Hash(ReadOnlySpan<byte> line)
    {
        if (!options.BodyMd5) return;
        _md5 ??= IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        _md5.AppendData(line);
    }

    private void HeaderLine(ParseContext context, ReadOnlySpan<byte> line, ReadOnlySpan<byte> text)
    {
        bool first = _first;
        _first = false;
        if (text.IsEmpty)
        {
            EndHeaders(context);
            return;
        }
        if (text[0] is (byte)' ' or (byte)'\t' && _header.Length > 0)
        {
            KeepHeader(" "u8);
            KeepHeader(text.TrimStart(" \t"u8));
            return;
        }
        int colon = text.IndexOf((byte)':');
        bool isHeader = colon > 0 && text[..colon].IndexOfAnyExceptInRange((byte)33, (byte)126) < 0;
        if (!isHeader && first && _part == null)
        {
            // no headers at all: what is there is the body
            EndHeaders(context);
            Hash(line);
            BodyLine(context, line, text);
            return;
        }
        if (!isHeader)
        {
            KeepHeader(text);
            return;
        }
        EndHeader();
        if (colon > MaxHeaderName)
        {
            tx.Raise(SmtpEvents.LongHeaderName, true);
            return;
        }
        KeepHeader(text);
    }

    private void KeepHeader(ReadOnlySpan<byte> text)
    {
        int room = options.HeaderDepth + MaxHeaderName + 2 - _header.Length;
        if (text.Length > room)
        {
            tx.Raise(SmtpEvents.LongHeaderValue, true);
            text = text[..Math.Max(0, room)];
        }
        _header.Append(text);
    }

    private void EndHeader()
    {
        ReadOnlySpan<byte> header = _header.Span;
        int colon = header.IndexOf((byte)':');
        if (colon > 0)
        {
            ReadOnlySpan<byte> name = header[..colon], value = header[(colon + 1)..].Trim(" \t"u8);
            if (value.Length > options.HeaderDepth)
            {
                tx.Raise(SmtpEvents.LongHeaderValue, true);
                value = value[..options.HeaderDepth];
            }
            Part here = Here;
            if (here == _message && _headers.Count < MaxHeaders) _headers.Add((Lower(name), value.ToArray()));
            if (HttpHeaders.Same(name, "content-transfer-encoding"u8)) here.Coding = CodingOf(value);
            else if (HttpHeaders.Same(name, "content-type"u8)) ContentType(here, value);
            else if (HttpHeaders.Same(name, "content-disposition"u8) && MimeParameter.TryFind(value, "filename"u8, out byte[] file)) here.Name = Named(file);
        }
        _header.Clear();
    }

    private static byte[] Lower(ReadOnlySpan<byte> text)
    {
        byte[] lower = text.ToArray();
        for (int i = 0; i < lower.Length; i++) lower[i] = Bytes.Lower(lower[i]);
        return lower;
    }

    private Coding CodingOf(ReadOnlySpan<byte> value) =>
        HttpHeaders.Same(value, "base64"u8) && options.DecodeBase64 ? Coding.Base64 : HttpHeaders.Same(value, "quoted-printable"u8) && options.DecodeQuotedPrintable ? Coding.QuotedPrintable : Coding.None;

    private void ContentType(Part here, ReadOnlySpan<byte> value)
    {
        if (MimeParameter.TryFind(value, "boundary"u8, out byte[] boundary) && boundary.Length > 0)
        {
            if (boundary.Length > MaxBoundary)
            {
                for (int i = 0; i < 2; i++)
                {
                    tx.RaiseAgain(SmtpEvents.LongBoundary, true);
                    tx.RaiseAgain(SmtpEvents.ParseFailed, true);
                }
                _failed = true;
                return;
            }
            here.Boundary = boundary;
        }
        if (here.Name == null && MimeParameter.TryFind(value, "name"u8, out byte[] file)) here.Name = Named(file);
        here.IsText = value.Length >= 9 && (HttpHeaders.Same(value[..9], "text/html"u8) || value.Length >= 10 && HttpHeaders.Same(value[..10], "text/plain"u8));
        _isMessage = value.Length >= 14 && HttpHeaders.Same(value[..14], "message/rfc822"u8);
    }

    private bool _isMessage;

    private byte[] Named(byte[] name)
    {
        if (name.Length <= MaxName) return name;
        tx.Raise(SmtpEvents.LongFileName, true);
        return name[..MaxName];
    }

    private void EndHeaders(ParseContext context)
    {
        EndHeader();
        _topRead = true;
        if (_failed) return;
        if (_isMessage && _part != null && _part.Depth < MaxDepth)
        {
            // a message within: its headers follow
            _isMessage = false;
            Push(_part);
            return;
        }
        _inHeaders = false;
        _isMessage = false;
        Part here = Here;
        if (here.Name == null || tx.Files.Count >= MaxParts) return;
        _file = new AppFile();
        _file.Open(here.Name, true, context.Options.Files, true);
        tx.Files.Add(_file);
        _quadCount = _heldBreak = 0;
    }

    private void Push(Part parent)
    {
        _part = new Part { Parent = parent, Depth = parent.Depth + 1 };
        parent.Children.Add(_part);
        _parts++;
    }

    private void BodyLine(ParseContext context, ReadOnlySpan<byte> line, ReadOnlySpan<byte> text)
    {
        _bodyStarted = true;
        if (text.StartsWith("--"u8) && IsBoundary(text[2..])) return;
        Part here = Here;
        if (here.Coding != Coding.None && text.Length > MaxEncodedLine) tx.Raise(SmtpEvents.LongEncodedLine, true);
        if (_file == null && !(here.IsText && options.FindUrls)) return;
        switch (here.Coding)
        {
            case Coding.Base64: Base64Line(line); break;
            case Coding.QuotedPrintable: QuotedLine(line, text); break;
            default: PlainLine(line, text); break;
        }
    }

    /// <summary>Does the line separate parts, of the part at hand or of one it lies in?</summary>
    private bool IsBoundary(ReadOnlySpan<byte> text)
    {
        for (Part? owner = Here; owner != null; owner = owner.Parent)
        {
            if (owner.Boundary == null || !text.StartsWith(owner.Boundary)) continue;
            EndPart();
            _part = owner == _message ? null : owner;
            if (text[owner.Boundary.Length..].StartsWith("--"u8))
            {
                owner.Boundary = null;
                return true;
            }
            if (_parts >= MaxParts || owner.Depth >= MaxDepth) return true;
            Push(owner);
            _inHeaders = true;
            return true;
        }
        return false;
    }

    private void EndPart()
    {
        FlushBase64();
        FlushText();
        _file?.Close(true);
        _file = null;
        _heldBreak = 0;
    }

    /// <summary>The mail is over; false: it was cut off.</summary>
    public void End(bool complete)
    {
        if (_ended) return;
        _ended = true;
        _complete = complete && !_failed;
        if (_inHeaders) EndHeader();
        FlushBase64();
        FlushText();
        _file?.Close(complete);
        _file = null;
        if (complete && !_failed && (_part != null || _message.Boundary != null && _parts > 0)) tx.Raise(SmtpEvents.Malformed, true);
        if (_md5 != null && complete && !_failed) _bodyMd5 = Convert.ToHexStringLower(_md5.GetHashAndReset());
        Release();
    }

    public void Release()
    {
        _header.Release();
        _text.Release();
        _md5?.Dispose();
        _md5 = null;
    }
}
