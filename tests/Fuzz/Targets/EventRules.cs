using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Fuzz.Targets;

/// <summary>A rule for each event of the decoder and the streams, one for each buffer of each protocol, and a few that look everywhere.</summary>
internal static class EventRules
{
    /// <summary>What rules ask of a packet's heads, which what stands for the end of a flow has not.</summary>
    private static readonly string[] s_heads =
    [
        "ipv4-csum:invalid", "tcpv4-csum:valid", "tcpv6-csum:invalid", "udpv4-csum:invalid", "udpv6-csum:valid", "icmpv4-csum:invalid", "icmpv6-csum:valid", "ttl:>1", "tos:!8", "ip_proto:!1", "id:!7",
        "ipopts:any", "fragbits:M", "fragoffset:>0", "geoip:!src,XX", "flags:S,12", "seq:!7", "ack:!7", "window:!7", "tcp.mss:>1", "itype:>1", "icode:>1", "icmp_id:1", "icmp_seq:1", "icmpv6.mtu:>1", "dsize:<2000",
        "sameip", "l3_proto:ipv4", "rpc:100003,*,*", "stream_size:either,>,1", "tcp.hdr; content:\"|50|\"", "udp.hdr; content:\"|00|\"", "ipv4.hdr; content:\"|45|\"", "ipv6.hdr; content:\"|60|\"",
        "icmpv4.hdr; content:\"|00|\"", "icmpv6.hdr; content:\"|80|\"", "flow.age:>0", "flow.pkts_toclient:>0",
    ];

    public static string Text { get; } = Make();

    private static string Make()
    {
        var text = new StringBuilder();
        int sid = 1;
        foreach (DecodeEvent e in Enum.GetValues<DecodeEvent>())
        {
            string name = DecodeEventNames.NameOf(e);
            if (DecodeEventNames.IsStream(e)) text.Append("alert tcp any any -> any any (stream-event:").Append(name.Replace("stream.", "", StringComparison.Ordinal));
            else text.Append("alert pkthdr any any -> any any (decode-event:").Append(name);
            text.Append("; sid:").Append(sid++).Append(";)\n");
        }
        foreach (BufferDescriptor buffer in BufferTable.All.Where(b => KeywordTable.Names.Contains(b.Name)))
            foreach (string look in (string[])["content:\"a\"; nocase;", "pcre:\"/[^a-z]{3,}/\";", "to_sha256; content:\"|00 00|\";"])
                text.Append("alert ip any any -> any any (").Append(buffer.Name).Append("; ").Append(look).Append(" sid:").Append(sid++).Append(";)\n");
        foreach (string head in s_heads) text.Append("alert ip any any -> any any (").Append(head).Append("; sid:").Append(sid++).Append(";)\n");
        text.Append("alert tcp any any -> any any (content:\"|00 00|\"; byte_jump:2,0,relative; byte_test:4,>,1000,0,relative; isdataat:10,relative; sid:").Append(sid++).Append(";)\n");
        text.Append("alert ip any any -> any any (byte_extract:4,0,n; content:\"|00|\"; offset:n; byte_math:bytes 4,offset 4,oper *,rvalue n,result m; byte_jump:4,m; sid:").Append(sid++).Append(";)\n");
        text.Append("alert ip any any -> any any (base64_decode:bytes 4096, offset 0, relative; base64_data; content:\"a\"; sid:").Append(sid++).Append(";)\n");
        text.Append("alert udp any any -> any any (content:\"|00|\"; pcre:\"/(\\x00+)+\\x01$/\"; sid:").Append(sid++).Append(";)\n");
        text.Append("alert ip any any -> any any (asn1:bitstring_overflow, double_overflow, oversize_length 100, relative_offset 0; content:\"|30|\"; sid:").Append(sid).Append(";)\n");
        return text.ToString();
    }
}
