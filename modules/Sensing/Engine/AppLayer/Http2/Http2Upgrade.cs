using System.Buffers;
using System.Buffers.Text;
using Appliance.Sensing.Engine.AppLayer.Http;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>What HTTP/2 inherits from the HTTP/1.1 request that asked for it (RFC 7540, section 3.2): its line, its headers, and the settings in one of them.</summary>
internal sealed class Http2Upgrade
{
    private readonly List<(byte[] Name, byte[] Value)> _fields = [];

    /// <summary>The text of HTTP2-Settings.</summary>
    public ReadOnlyMemory<byte> Settings { get; private set; }

    public static Http2Upgrade Of(HttpTransaction tx)
    {
        var upgrade = new Http2Upgrade();
        upgrade._fields.Add((":method"u8.ToArray(), tx.Method.ToArray()));
        upgrade._fields.Add((":path"u8.ToArray(), tx.Target.ToArray()));
        for (int i = 0; i < tx.Request.Count; i++)
        {
            ReadOnlySpan<byte> name = tx.Request.NameAt(i);
            byte[] value = tx.Request.ValueAt(i).ToArray();
            if (HttpHeaders.Same(name, "http2-settings"u8)) upgrade.Settings = value;
            else if (HttpHeaders.Same(name, "host"u8)) upgrade._fields.Add((":authority"u8.ToArray(), value));
            else upgrade._fields.Add((name.ToArray(), value));
        }
        return upgrade;
    }

    public void Fill(Http2Headers headers)
    {
        foreach (var (name, value) in _fields) headers.Add(name, value);
    }

    /// <summary>Base64 of RFC 4648, section 5, without padding.</summary>
    public static bool TryBase64Url(ReadOnlySpan<byte> text, Span<byte> to, out int length) => Base64Url.DecodeFromUtf8(text, to, out _, out length) == OperationStatus.Done;
}
