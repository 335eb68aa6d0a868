using System.Text;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>What the http object of records holds, as the eve-log output says.</summary>
internal sealed record HttpLogOptions
{
    public bool Extended { get; init; } = true;

    /// <summary>Headers that are shown as they were sent, in lower case; of any others nothing is shown but what the record always has.</summary>
    public IReadOnlyList<byte[]> Custom { get; init; } = [];
    public bool RequestHeaders { get; init; }
    public bool ResponseHeaders { get; init; }

    // in alerts
    public bool Body { get; init; }
    public bool BodyPrintable { get; init; }

    private static readonly string[] OfRequests = ["accept", "accept_charset", "accept_datetime", "accept_encoding", "accept_language", "authorization", "cache_control", "cookie", "dnt", "from", "max_forwards", "origin", "pragma",
        "proxy_authorization", "range", "te", "via", "x_authenticated_user", "x_flash_version", "x_forwarded_proto", "x_requested_with"];

    private static readonly string[] OfAnswers = ["accept_range", "age", "allow", "connection", "content_encoding", "content_language", "content_length", "content_location", "content_md5", "content_range", "content_type", "date", "etag", "expires",
        "last_modified", "link", "location", "proxy_authenticate", "referrer", "refresh", "retry_after", "server", "set_cookie", "trailer", "transfer_encoding", "upgrade", "vary", "warning", "www_authenticate"];

    /// <summary>The header that a custom name means, by its own name or by the older spelling with underscores; false for a name that is none.</summary>
    public static bool TryHeader(string name, out byte[] header)
    {
        string? known = Array.Find([.. OfRequests, .. OfAnswers], k => k == name || HeaderOf(k).Equals(name, StringComparison.OrdinalIgnoreCase));
        header = known == null ? [] : Encoding.ASCII.GetBytes(HeaderOf(known));
        return known != null;
    }

    private static string HeaderOf(string name) => name == "referrer" ? "referer" : name.Replace('_', '-');
}

internal sealed partial class HttpTransaction
{
    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        HttpLogOptions log = Options.HttpLog;
        to.Open("http"u8);
        WriteBasics(to);
        if (inAlert || log.Extended) WriteExtension(to);
        if (inAlert)
        {
            if (log.Body || log.BodyPrintable) WriteBodies(to, log);
        }
        else
        {
            WriteHeaders(to, "request_headers"u8, Request, log.RequestHeaders, log.Custom);
            WriteHeaders(to, "response_headers"u8, Response, log.ResponseHeaders, log.Custom);
        }
        to.Close();
        return true;
    }

    private void WriteBasics(EveWriter to)
    {
        if (Host.Length > 0) to.Text("hostname"u8, Host.Span);
        if (Port >= 0) to.Number("http_port"u8, Port);
        if (TargetLength > 0) to.Text("url"u8, Target);
        if (Request.TryGet("user-agent"u8, out ReadOnlySpan<byte> value)) to.Text("http_user_agent"u8, value);
        if (Request.TryGet("x-forwarded-for"u8, out value)) to.Text("xff"u8, value);
        if (Response.TryGet("content-type"u8, out value))
        {
            int semicolon = value.IndexOf((byte)';');
            to.Text("http_content_type"u8, semicolon < 0 ? value : value[..semicolon]);
        }
        if (Response.TryGet("content-range"u8, out value)) WriteRange(to, value);
    }

    private void WriteExtension(EveWriter to)
    {
        if (Request.TryGet("referer"u8, out ReadOnlySpan<byte> value)) to.Text("http_refer"u8, value);
        if (MethodLength > 0) to.Text("http_method"u8, Method);
        if (ProtocolLength > 0) to.Text("protocol"u8, Protocol);
        if (HasAnswer)
        {
            if (StatusLength > 0) to.Number("status"u8, ShownStatus);
            if (Status is > 300 and <= 303 && Response.TryGet("location"u8, out value)) to.Text("redirect"u8, value);
        }
        to.Number("length"u8, ResponseWireLength);
    }

    /// <summary>All fields as they were sent, or those asked for; texts end at a NUL.</summary>
    private static void WriteHeaders(EveWriter to, ReadOnlySpan<byte> key, HttpHeaders headers, bool all, IReadOnlyList<byte[]> asked)
    {
        if (!all && asked.Count == 0) return;
        bool open = all;
        if (all) to.OpenArray(key);
        for (int i = 0; i < headers.Count; i++)
        {
            if (!all && !IsAsked(headers.NameAt(i), asked)) continue;
            if (!open) to.OpenArray(key);
            open = true;
            to.OpenItem();
            to.Text("name"u8, UntilNul(headers.NameAt(i)));
            to.Text("value"u8, UntilNul(headers.ValueAt(i)));
            to.Close();
        }
        if (open) to.CloseArray();
    }

    private static bool IsAsked(ReadOnlySpan<byte> name, IReadOnlyList<byte[]> asked)
    {
        foreach (byte[] one in asked)
            if (HttpHeaders.Same(name, one)) return true;
        return false;
    }

    private static ReadOnlySpan<byte> UntilNul(ReadOnlySpan<byte> text)
    {
        int nul = text.IndexOf((byte)0);
        return nul < 0 ? text : text[..nul];
    }

    private void WriteBodies(EveWriter to, HttpLogOptions log)
    {
        if (log.Body)
        {
            WriteBody(to, "http_request_body"u8, RequestBody, false);
            WriteBody(to, "http_response_body"u8, ResponseBody, false);
        }
        if (!log.BodyPrintable) return;
        WriteBody(to, "http_request_body_printable"u8, RequestBody, true);
        WriteBody(to, "http_response_body_printable"u8, ResponseBody, true);
    }

    private static void WriteBody(EveWriter to, ReadOnlySpan<byte> key, SlidingBuffer body, bool printable)
    {
        if (body.Length == 0) return;
        if (printable) to.Printable(key, body.Span);
        else to.Base64(key, body.Span);
    }

    private static void WriteRange(EveWriter to, ReadOnlySpan<byte> value)
    {
        to.Open("content_range"u8);
        to.Text("raw"u8, value);
        int space = value.IndexOf((byte)' '), dash = value.IndexOf((byte)'-'), slash = value.IndexOf((byte)'/');
        if (space >= 0 && dash > space && slash > dash)
        {
            if (HttpParser.TryNumber(value[(space + 1)..dash], 10, out long start)) to.Number("start"u8, start);
            if (HttpParser.TryNumber(value[(dash + 1)..slash], 10, out long end)) to.Number("end"u8, end);
            if (HttpParser.TryNumber(value[(slash + 1)..], 10, out long size)) to.Number("size"u8, size);
        }
        to.Close();
    }
}
