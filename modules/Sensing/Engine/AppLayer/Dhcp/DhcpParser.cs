using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Dhcp;

/// <summary>One DHCP message.</summary>
internal sealed class DhcpTransaction : Transaction
{
    public required byte[] Message;
    public bool FromClient;
    public bool Extended;
    public readonly List<(byte Code, int At, int Length)> Options = new(12);

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    /// <summary>Short records tell of leases given: acknowledgements.</summary>
    public override bool HasRecord => Extended || Type == 5;

    private int Type
    {
        get
        {
            foreach (var (code, at, length) in Options)
                if (code == 53 && length == 1) return Message[at];
            return 0;
        }
    }

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    /// <summary>A time option in seconds (51 lease, 58 renewal, 59 rebinding); -1: absent.</summary>
    public long Seconds(byte wanted)
    {
        foreach (var (code, at, length) in Options)
            if (code == wanted && length == 4) return new Wire(Message.AsSpan(at, 4)).U32();
        return -1;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (inAlert) return false;
        ReadOnlySpan<byte> m = Message;
        to.Open("dhcp"u8);
        bool reply = m[0] == 2;
        to.Text("type"u8, m[0] switch { 1 => "request"u8, 2 => "reply"u8, _ => "unknown"u8 });
        to.Number("id"u8, new Wire(m[4..]).U32());
        to.Text("client_mac"u8, Mac(m.Slice(28, 6)));
        to.Address("assigned_ip"u8, IpAddress.ReadV4(m[16..]));
        if (Extended)
        {
            to.Address("client_ip"u8, IpAddress.ReadV4(m[12..]));
            if (reply)
            {
                to.Address("relay_ip"u8, IpAddress.ReadV4(m[24..]));
                to.Address("next_server_ip"u8, IpAddress.ReadV4(m[20..]));
            }
        }
        foreach (var (code, at, length) in Options) Option(to, code, m.Slice(at, length));
        to.Close();
        return true;
    }

    private void Option(EveWriter to, byte code, ReadOnlySpan<byte> value)
    {
        switch (code)
        {
            case 53 when value.Length == 1:
                string[] types = ["unknown", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform"];
                to.Text("dhcp_type"u8, value[0] < types.Length ? types[value[0]] : "unknown");
                break;
            case 12: to.Text("hostname"u8, value); break;
            case 61 when Extended && value.Length > 1: to.Text("client_id"u8, Mac(value[1..])); break;
            case 50 when Extended && value.Length == 4: to.Address("requested_ip"u8, IpAddress.ReadV4(value)); break;
            case 60 when Extended: to.Text("vendor_class_identifier"u8, value); break;
            case 51 when Extended && value.Length == 4: to.Number("lease_time"u8, new Wire(value).U32()); break;
            case 58 when value.Length == 4: to.Number("renewal_time"u8, new Wire(value).U32()); break;
            case 59 when Extended && value.Length == 4: to.Number("rebinding_time"u8, new Wire(value).U32()); break;
            case 1 when Extended && value.Length == 4: to.Address("subnet_mask"u8, IpAddress.ReadV4(value)); break;
            case 3 when Extended: Addresses(to, "routers"u8, value); break;
            case 6 when Extended: Addresses(to, "dns_servers"u8, value); break;
            case 55 when Extended:
                to.OpenArray("params"u8);
                foreach (byte parameter in value)
                {
                    string? name = parameter switch
                    {
                        1 => "subnet_mask",
                        3 => "router",
                        6 => "dns_server",
                        15 => "domain",
                        35 => "arp_timeout",
                        42 => "ntp_server",
                        66 => "tftp_server_name",
                        150 => "tftp_server_ip",
                        _ => null,
                    };
                    if (name != null) to.Item(name);
                }
                to.CloseArray();
                break;
            default: break;
        }
    }

    private static void Addresses(EveWriter to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        to.OpenArray(key);
        Span<byte> text = stackalloc byte[40];
        for (; value.Length >= 4; value = value[4..]) to.Item(text[..IpAddress.ReadV4(value).Format(text)]);
        to.CloseArray();
    }

    private static string Mac(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (byte b in bytes)
        {
            if (text.Length > 0) text.Append(':');
            text.Append(b.ToString("x2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }
}

/// <summary>DHCP for IPv4 (RFC 2131; options RFC 2132).</summary>
internal sealed class DhcpParser(AppState state) : AppParser
{
    private const int Fixed = 240, MaxOptions = 128;

    public override AppProto Protocol => AppProto.Dhcp;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (!Probe(bytes)) return bytes.Length;
        DhcpTransaction tx = state.Add(new DhcpTransaction { Message = bytes.ToArray(), FromClient = toServer, Extended = context.Options.DhcpExtended });
        int at = Fixed;
        bool ended = false;
        while (at < bytes.Length && tx.Options.Count < MaxOptions)
        {
            byte code = bytes[at++];
            if (code == 255)
            {
                ended = true;
                break;
            }
            if (code == 0) continue;
            if (at >= bytes.Length || bytes[at] > bytes.Length - at - 1)
            {
                tx.Raise("truncated_options", toServer);
                ended = true;
                break;
            }
            int length = bytes[at++];
            if (length > 0) tx.Options.Add((code, at, length));
            else tx.Raise("malformed_options", toServer);
            at += length;
        }
        if (!ended) tx.Raise("truncated_options", toServer);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return bytes.Length;
    }

    public static bool Probe(ReadOnlySpan<byte> bytes) => bytes.Length >= Fixed && bytes[0] is 1 or 2 && bytes[236..].StartsWith(Magic);

    private static ReadOnlySpan<byte> Magic => [0x63, 0x82, 0x53, 0x63];
}
