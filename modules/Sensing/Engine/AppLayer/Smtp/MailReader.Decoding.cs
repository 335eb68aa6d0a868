using Appliance.Sensing.Engine.AppLayer.Http;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>The content transfer encodings of RFC 2045 section 6.</summary>
internal sealed partial class MailReader
{
    private const int MaxText = 1 << 16;

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _file?.Append(bytes);
        if (!options.FindUrls || !Here.IsText) return;
        // links are looked for in whole lines of the decoded text
        _text.Append(bytes);
        int newline = _text.Span.LastIndexOf((byte)'\n');
        if (newline < 0 && _text.Length < MaxText) return;
        int whole = newline < 0 ? _text.Length : newline + 1;
        FindUrls(_text.Span[..whole]);
        _text.Consume(whole);
    }

    private void FindUrls(ReadOnlySpan<byte> text)
    {
        Part here = Here;
        while (!text.IsEmpty)
        {
            int newline = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = newline < 0 ? text : text[..newline];
            text = newline < 0 ? default : text[(newline + 1)..];
            if (line.IndexOf((byte)':') >= 0) UrlFinder.Find(line, options, here.Urls ??= []);
        }
    }

    private void FlushText()
    {
        if (_text.Length > 0) FindUrls(_text.Span);
        _text.Clear();
    }

    private void PlainLine(ReadOnlySpan<byte> line, ReadOnlySpan<byte> text)
    {
        // the line break before a boundary is the boundary's (RFC 2046 section 5.1.1): each is held until a line follows
        if (_heldBreak > 0) Emit(_heldBreak == 2 ? "\r\n"u8 : "\n"u8);
        _heldBreak = Math.Min(2, line.Length - text.Length);
        Emit(text);
    }

    private void Base64Line(ReadOnlySpan<byte> line)
    {
        Span<byte> plain = stackalloc byte[3];
        foreach (byte b in line)
        {
            // whatever is not of the alphabet is stepped over (RFC 2045 section 6.8)
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'+' or (byte)'/' or (byte)'=')) continue;
            _quad[_quadCount++] = b;
            if (_quadCount < 4) continue;
            _quadCount = 0;
            if (System.Buffers.Text.Base64.DecodeFromUtf8(_quad, plain, out _, out int n) == System.Buffers.OperationStatus.Done) Emit(plain[..n]);
        }
    }

    /// <summary>What is left of a base64 text that lacks its padding.</summary>
    private void FlushBase64()
    {
        if (_quadCount < 2)
        {
            _quadCount = 0;
            return;
        }
        while (_quadCount < 4) _quad[_quadCount++] = (byte)'=';
        _quadCount = 0;
        Span<byte> plain = stackalloc byte[3];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(_quad, plain, out _, out int n) == System.Buffers.OperationStatus.Done) Emit(plain[..n]);
    }

    private void QuotedLine(ReadOnlySpan<byte> line, ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int equals = text.IndexOf((byte)'=');
            if (equals < 0) break;
            Emit(text[..equals]);
            text = text[(equals + 1)..];
            if (text.IsEmpty) return; // a soft break
            if (text.Length >= 2 && UriText.Hex(text[0]) >= 0 && UriText.Hex(text[1]) >= 0)
            {
                Emit([(byte)(UriText.Hex(text[0]) << 4 | UriText.Hex(text[1]))]);
                text = text[2..];
            }
            else tx.Raise(SmtpEvents.InvalidQuotedPrintable, true);
        }
        Emit(text);
        if (line.Length > 0 && line[^1] == '\n') Emit("\r\n"u8);
    }
}
