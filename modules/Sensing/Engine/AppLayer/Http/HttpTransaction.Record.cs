using System.Text;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>What the http object of records holds, as the eve-log output says.</summary>
internal sealed record HttpLogOptions
{
    public bool Extended { get; init; } = true;

    /// <summary>Further fields by their names in records, and the header each is read from.</summary>
    public IReadOnlyList<(string Field, string Header, bool Answer)> Custom { get; init; } = [];
    public bool RequestHeaders { get; init; }
    public bool ResponseHeaders { get; init; }

    // in alerts
    public bool Body { get; init; }
    public bool BodyPrintable { get; init; }

    private static readonly string[] OfRequests = ["accept", "accept_charset", "accept_datetime", "accept_encoding", "accept_language", "authorization", "cache_control", "cookie", "dnt", "from", "max_forwards", "origin", "pragma",
        "proxy_authorization", "range", "te", "via", "x_authenticated_user", "x_flash_version", "x_forwarded_proto", "x_requested_with"];

    private static readonly string[] OfAnswers = ["accept_range", "age", "allow", "connection", "content_encoding", "content_language", "content_length", "content_location", "content_md5", "content_range", "content_type", "date", "etag", "expires",
        "last_modified", "link", "location", "proxy_authenticate", "referrer", "refresh", "retry_after", "server", "set_cookie", "trailer", "transfer_encoding", "upgrade", "vary", "warning", "www_authenticate"];

    /// <summary>The header behind a custom field; false for a name that is none.</summary>
    public static bool TryField(string name, out (string Field, string Header, bool Answer) field)
    {
        bool answer = OfAnswers.Contains(name);
        field = (name, name == "referrer" ? "referer" : name.Replace('_', '-'), answer);
        return answer || OfRequests.Contains(name);
    }
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
            if (log.Custom.Count > 0) WriteCustom(to, log);
            if (log.RequestHeaders) WriteHeaders(to, "request_headers"u8, Request);
            if (log.ResponseHeaders) WriteHeaders(to, "response_headers"u8, Response);
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

    private void WriteCustom(EveWriter to, HttpLogOptions log)
    {
        Span<byte> name = stackalloc byte[64];
        Span<byte> field = stackalloc byte[64];
        foreach (var (key, header, answer) in log.Custom)
        {
            HttpHeaders headers = answer ? Response : Request;
            if (headers.TryGet(name[..Encoding.ASCII.GetBytes(header, name)], out ReadOnlySpan<byte> value)) to.Text(field[..Encoding.ASCII.GetBytes(key, field)], value);
        }
    }

    /// <summary>All fields as they were sent; texts end at a NUL.</summary>
    private static void WriteHeaders(EveWriter to, ReadOnlySpan<byte> key, HttpHeaders headers)
    {
        to.OpenArray(key);
        for (int i = 0; i < headers.Count; i++)
        {
            to.OpenItem();
            to.Text("name"u8, UntilNul(headers.NameAt(i)));
            to.Text("value"u8, UntilNul(headers.ValueAt(i)));
            to.Close();
        }
        to.CloseArray();
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
