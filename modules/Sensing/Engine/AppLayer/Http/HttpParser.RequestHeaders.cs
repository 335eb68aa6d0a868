namespace Appliance.Sensing.Engine.AppLayer.Http;

internal sealed partial class HttpParser
{
    private int RequestHeaderStep(ParseContext context, ReadOnlySpan<byte> bytes, bool eof)
    {
        HttpTransaction tx = _requestTx!;
        if (eof) return RequestHeadersEnd(context);
        int newline = bytes.IndexOf((byte)'\n');
        if (newline < 0)
        {
            if (bytes.Length + _requestField.Length <= MaxLine) return More;
            Warn(HttpEvents.RequestTooLong);
            return Broken;
        }
        int length = newline + 1;
        ReadOnlySpan<byte> line = bytes[..length];
        tx.Request.Raw.Append(line);
        if (HttpText.IsEmptyLine(line)) return RequestHeadersEnd(context) == Broken ? Broken : length;
        ReadOnlySpan<byte> text = HttpText.Chomp(line);
        if (text.IsEmpty || HttpText.IsFolding(text[0]))
        {
            if (_requestFieldHeld)
            {
                if (_requestField.Length < MaxLine) _requestField.Append(text);
                _requestFieldFolded = true;
                return length;
            }
            if (!_requestFoldingTold) Warn(HttpEvents.RequestFolding);
            _requestFoldingTold = true;
            HoldRequestField(text.TrimStart(" \t\0"u8));
            return length;
        }
        if (!FlushRequestField(tx)) return Broken;
        if (bytes.Length > length && HttpText.IsFolding(bytes[length])) HoldRequestField(text);
        else if (!RequestField(tx, text, false)) return Broken;
        return length;
    }

    private void HoldRequestField(ReadOnlySpan<byte> text)
    {
        _requestField.Clear();
        _requestField.Append(text);
        _requestFieldHeld = true;
        _requestFieldFolded = false;
    }

    private bool FlushRequestField(HttpTransaction tx)
    {
        if (!_requestFieldHeld) return true;
        _requestFieldHeld = false;
        bool room = RequestField(tx, _requestField.Span, _requestFieldFolded);
        _requestField.Clear();
        return room;
    }

    /// <summary>One field, unfolded. Without a colon the text is the value of a field that has no name. False when there are too many.</summary>
    private bool RequestField(HttpTransaction tx, ReadOnlySpan<byte> text, bool folded)
    {
        int colon = text.IndexOfAny((byte)':', (byte)0);
        ReadOnlySpan<byte> name = default, value = text;
        if (colon < 0 || text[colon] == 0)
        {
            if (!_requestColonTold) Warn(HttpEvents.RequestMissingColon);
            _requestColonTold = true;
        }
        else
        {
            if (colon == 0) Warn(HttpEvents.RequestHeaderInvalid);
            name = text[..colon].TrimEnd(" \t"u8);
            if (name.Length < colon) Warn(HttpEvents.RequestHeaderInvalid);
            value = text[(colon + 1)..].TrimStart(" \t"u8);
            value = value.TrimEnd(" \t"u8);
            if (!_requestTokenTold && !HttpText.IsToken(name))
            {
                Warn(HttpEvents.RequestHeaderInvalid);
                _requestTokenTold = true;
            }
        }
        if (tx.Request.Count >= tx.Options.HttpMaxHeaders)
        {
            Warn(HttpEvents.RequestTooManyHeaders);
            return false;
        }
        if (!tx.Request.Add(name, value, folded)) Warn(HttpEvents.RequestLengthTwice);
        return true;
    }

    private int RequestHeadersEnd(ParseContext context)
    {
        HttpTransaction tx = _requestTx!;
        if (!FlushRequestField(tx)) return Broken;
        if (tx.ProgressToServer == HttpTransaction.Trailer)
        {
            _request = At.Finalize;
            return 0;
        }
        tx.ProgressToServer = HttpTransaction.Body;
        tx.RequestHeadersRead = true;
        FindHost(tx);
        bool sound = RequestBodyLength(tx, out long length, out bool chunked);
        TellOfHost(tx);
        if (!sound || !AuthenticationFits(tx)) return Broken;
        context.TriggerToServer = true;
        if (tx.IsConnect)
        {
            _request = At.ConnectWait;
            return 0;
        }
        if (chunked || length > 0) _requestBody.Begin(tx, true, context, _warnings);
        _requestLeft = length;
        _requestExpected = chunked ? 0 : length;
        _request = chunked ? At.ChunkSize : length > 0 ? At.Body : At.Finalize;
        return 0;
    }

    private long _requestExpected;   // length announced for the body at hand

    /// <summary>RFC 9112 section 6.3. False when the framing cannot be told, so that nothing that follows can be trusted.</summary>
    private static bool RequestBodyLength(HttpTransaction tx, out long length, out bool chunked)
    {
        length = 0;
        chunked = false;
        if (tx.Request.TryGet("transfer-encoding"u8, out ReadOnlySpan<byte> coding))
        {
            chunked = HttpText.HasToken(coding, "chunked"u8);
            if (!chunked || tx.ProtocolNumber < HttpText.Http11) tx.RaiseAgain(HttpEvents.RequestTransferEncoding, true);
            return chunked;
        }
        if (!tx.Request.TryGet("content-length"u8, out ReadOnlySpan<byte> text)) return true;
        length = HttpText.Length(text);
        if (length >= 0) return true;
        tx.RaiseAgain(HttpEvents.RequestLength, true);
        return false;
    }

    /// <summary>Known schemes; false when credentials of the Basic scheme cannot be read at all.</summary>
    private static bool AuthenticationFits(HttpTransaction tx)
    {
        if (!tx.Request.TryGet("authorization"u8, out ReadOnlySpan<byte> text)) return true;
        if (StartsWord(text, "basic"u8))
        {
            Span<byte> plain = stackalloc byte[1536];
            ReadOnlySpan<byte> word = text[5..].Trim(" \t"u8);
            if (word.Length > 2000) return true;
            word = word[..(word.Length / 4 * 4)];
            System.Buffers.Text.Base64.DecodeFromUtf8(word, plain, out _, out int n);
            return plain[..n].Contains((byte)':');
        }
        if (!StartsWord(text, "digest"u8) && !StartsWord(text, "bearer"u8)) tx.AuthenticationUnknown = true;
        return true;
    }

    private static bool StartsWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => text.Length >= lower.Length && HttpHeaders.Same(text[..lower.Length], lower);

    /// <summary>A port in the target that is none.</summary>
    private static void CheckTarget(HttpTransaction tx)
    {
        if (tx.TargetHost(out ReadOnlySpan<byte> authority) && (!HttpText.HostAndPort(authority, out ReadOnlySpan<byte> host, out _) && authority.Contains((byte)':') && host.Length < authority.Length || !HttpText.IsHost(host) && host.IndexOf((byte)'[') != 0))
            tx.HostTrouble |= HttpTransaction.HostFault.InUri;
        if ((tx.HostTrouble & HttpTransaction.HostFault.InUri) != 0) tx.RaiseAgain(HttpEvents.HostInUriInvalid, true);
    }

    /// <summary>Whom the request is for: the target's host before the Host field's, and whether the two agree.</summary>
    private static void FindHost(HttpTransaction tx)
    {
        bool inTarget = tx.TargetHost(out ReadOnlySpan<byte> authority);
        ReadOnlySpan<byte> host = default;
        int port = -1;
        if (inTarget) HttpText.HostAndPort(authority, out host, out port);
        if (!tx.Request.TryGet("host"u8, out ReadOnlySpan<byte> field))
        {
            if (tx.ProtocolNumber >= HttpText.Http11) tx.HostTrouble |= HttpTransaction.HostFault.Missing;
        }
        else
        {
            bool fits = HttpText.HostAndPort(field, out ReadOnlySpan<byte> named, out int namedPort);
            if (!fits || !HttpText.IsHost(named)) tx.HostTrouble |= HttpTransaction.HostFault.InHeader;
            if (!inTarget || host.IsEmpty)
            {
                host = named;
                port = namedPort;
            }
            else if (!HttpHeaders.Same(host, named) || port != -1 && namedPort != -1 && port != namedPort) tx.HostTrouble |= HttpTransaction.HostFault.Ambiguous;
        }
        tx.Host.Clear();
        foreach (byte b in host) tx.Host.Append(b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b);
        tx.Port = port;
    }

    private static void TellOfHost(HttpTransaction tx)
    {
        if (tx.HostTrouble == 0 || !tx.RequestHeadersRead) return;
        if ((tx.HostTrouble & HttpTransaction.HostFault.Missing) != 0) tx.RaiseAgain(HttpEvents.HostMissing, true);
        if ((tx.HostTrouble & HttpTransaction.HostFault.Ambiguous) != 0) tx.RaiseAgain(HttpEvents.HostAmbiguous, true);
        if ((tx.HostTrouble & HttpTransaction.HostFault.InUri) != 0) tx.RaiseAgain(HttpEvents.HostInUriInvalid, true);
        if ((tx.HostTrouble & HttpTransaction.HostFault.InHeader) != 0) tx.RaiseAgain(HttpEvents.HostInHeaderInvalid, true);
    }
}
