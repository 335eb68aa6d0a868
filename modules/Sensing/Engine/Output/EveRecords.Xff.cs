using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Output;

/// <summary>The client that a proxy names in a header.</summary>
internal sealed partial class EveRecords
{
    private static bool TryXff(XffOptions xff, Flow.Flow flow, Transaction? tx, out IpAddress client)
    {
        client = default;
        if (tx is HttpTransaction http) return FromRequest(xff, http, out client);
        foreach (Transaction one in flow.App.Transactions)
            if (one is HttpTransaction request && FromRequest(xff, request, out client)) return true;
        return false;
    }

    private static bool FromRequest(XffOptions xff, HttpTransaction http, out IpAddress client)
    {
        client = default;
        Span<byte> name = stackalloc byte[64];
        if (xff.Header.Length > name.Length || !http.Request.TryGet(name[..Encoding.ASCII.GetBytes(xff.Header.ToLowerInvariant(), name)], out ReadOnlySpan<byte> value)) return false;
        // behind a reverse proxy the last name is the one our own proxy added; towards the net the first is the client
        int comma = xff.Reverse ? value.LastIndexOf((byte)',') : value.IndexOf((byte)',');
        if (comma >= 0) value = xff.Reverse ? value[(comma + 1)..] : value[..comma];
        value = value.Trim(" \t"u8);
        if (value.Length > 0 && value[0] == (byte)'[')
        {
            int close = value.IndexOf((byte)']');
            if (close < 0) return false;
            value = value[1..close];
        }
        else if (value.Count((byte)':') == 1) value = value[..value.IndexOf((byte)':')];
        return IpAddress.TryParse(value, out client);
    }
}
