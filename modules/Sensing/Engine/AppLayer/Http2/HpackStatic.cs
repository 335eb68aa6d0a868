using System.Text;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>The fields every HTTP/2 peer knows by number (RFC 7541, appendix A).</summary>
internal static class HpackStatic
{
    private static readonly (byte[] Name, byte[] Value)[] Fields = Make(
        ":authority", ":method=GET", ":method=POST", ":path=/", ":path=/index.html", ":scheme=http", ":scheme=https", ":status=200", ":status=204", ":status=206",
        ":status=304", ":status=400", ":status=404", ":status=500", "accept-charset", "accept-encoding=gzip, deflate", "accept-language", "accept-ranges", "accept",
        "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length",
        "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "last-modified", "link", "location", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh",
        "retry-after", "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate");

    public static int Count => Fields.Length;

    /// <param name="index">From 1 on.</param>
    public static (byte[] Name, byte[] Value) At(int index) => Fields[index - 1];

    private static (byte[], byte[])[] Make(params string[] fields) => Array.ConvertAll(fields, f =>
    {
        int equals = f.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (Encoding.ASCII.GetBytes(f), Array.Empty<byte>()) : (Encoding.ASCII.GetBytes(f[..equals]), Encoding.ASCII.GetBytes(f[(equals + 1)..]));
    });
}
