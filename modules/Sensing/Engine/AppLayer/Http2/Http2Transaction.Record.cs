using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

internal sealed partial class Http2Transaction
{
    private bool HasContent => Request.Headers.Count > 0 || Response.Headers.Count > 0 || Request.HasNumbers || Response.HasNumbers;

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (!HasContent) return false;
        to.Open("http"u8);
        to.Text("version"u8, "2"u8);
        WriteHeaders(to, "request_headers"u8, Request.Headers);
        WriteHeaders(to, "response_headers"u8, Response.Headers);
        WriteCommon(to);
        to.Open("http2"u8);
        to.Number("stream_id"u8, Stream);
        WriteNumbers(to, "request"u8, Request);
        WriteNumbers(to, "response"u8, Response);
        to.Close();
        to.Close();
        return true;
    }

    private static void WriteHeaders(EveWriter to, ReadOnlySpan<byte> key, Http2Headers headers)
    {
        if (headers.Count == 0) return;
        to.OpenArray(key);
        for (int i = 0; i < headers.Count; i++)
        {
            to.OpenItem();
            switch (headers.KindAt(i))
            {
                case HeaderKind.SizeUpdate: to.Number("table_size_update"u8, headers.SizeAt(i)); break;
                case HeaderKind.NotIndexed: to.Text("error"u8, "HTTP2HeaderDecodeNotIndexed"u8); break;
                case HeaderKind.IntegerOverflow: to.Text("error"u8, "HTTP2HeaderDecodeIntegerOverflow"u8); break;
                default:
                    to.Text("name"u8, headers.NameAt(i));
                    to.Text("value"u8, headers.ValueAt(i));
                    break;
            }
            to.Close();
        }
        to.CloseArray();
    }

    /// <summary>What records of both versions have; of a field sent again the last counts, and the answer's before the request's.</summary>
    private void WriteCommon(EveWriter to)
    {
        if (TryLast(":method"u8, out ReadOnlySpan<byte> value)) to.Text("http_method"u8, value);
        if (TryLast(":path"u8, out value)) to.Text("url"u8, value);
        if (TryLast("host"u8, out value)) to.Text("hostname"u8, value);
        if (TryLast("user-agent"u8, out value)) to.Text("http_user_agent"u8, value);
        if (TryLast("content-length"u8, out value) && IsNumber(value, long.MaxValue, out long length)) to.Number("length"u8, length);
        if (TryLast(":status"u8, out value) && IsNumber(value, ushort.MaxValue, out long status)) to.Number("status"u8, status);
    }

    private bool TryLast(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) => TryLast(Response.Headers, name, out value) || TryLast(Request.Headers, name, out value);

    private static bool TryLast(Http2Headers headers, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        for (int i = headers.Count - 1; i >= 0; i--)
        {
            if (headers.KindAt(i) != HeaderKind.Field || !Http.HttpHeaders.Same(headers.NameAt(i), name)) continue;
            value = headers.ValueAt(i);
            return true;
        }
        return false;
    }

    private static bool IsNumber(ReadOnlySpan<byte> text, long most, out long value)
    {
        value = 0;
        return !text.IsEmpty && text.Length < 19 && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && Http.HttpParser.TryNumber(text, 10, out value) && value <= most;
    }

    private static void WriteNumbers(EveWriter to, ReadOnlySpan<byte> key, Http2Side side)
    {
        to.Open(key);
        if (side.HasSettings)
        {
            to.OpenArray("settings"u8);
            foreach (var (id, value) in side.Settings ?? [])
            {
                to.OpenItem();
                to.Text("settings_id"u8, Http2Names.Setting(id));
                to.Number("settings_value"u8, value);
                to.Close();
            }
            to.CloseArray();
        }
        if (side.Errors is { Count: > 0 } errors)
        {
            string name = Http2Names.Error(errors[0].Code);
            to.Text("error_code"u8, errors[0].GoAway ? name.ToUpperInvariant() : name);
        }
        if (side.Priorities is { Count: > 0 } priorities) to.Number("priority"u8, priorities[0]);
        if (side.Repeated != null) to.Text("has_multiple"u8, side.Repeated);
        to.Close();
    }
}
