using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>What <c>--list-keywords</c> says of a keyword: what it does, which protocol it belongs to, how it is used.</summary>
internal static class KeywordDescriptions
{
    private static readonly (string Names, string About)[] Groups =
    [
        ("msg sid gid rev classtype priority reference metadata target requires", "says something about the rule itself"),
        ("noalert alert", "says whether a match raises an alert"),
        ("content uricontent", "bytes that must be there, or with ! must not"),
        ("nocase offset depth distance within startswith endswith rawbytes replace", "says where or how the content before it is looked for"),
        ("fast_pattern prefilter", "chooses what is searched for before the rule is looked at closely"),
        ("pcre", "a Perl-compatible regular expression"),
        ("pkt_data", "goes back to the payload of the packet or stream"),
        ("base64_decode", "decodes Base64 for base64_data"),
        ("isdataat bsize dsize urilen filesize stream_size", "compares a size"),
        ("byte_test byte_jump byte_extract byte_math", "reads a number from the bytes"),
        ("flags tcp.flags itype icode icmp_id icmp_seq ttl id ip_proto fragbits fragoffset seq tcp.seq ack tcp.ack window tcp.window sameip ipopts tos tcp.mss icmpv6.mtu l3_proto", "compares a header field"),
        ("ipv4-csum tcpv4-csum tcpv6-csum udpv4-csum udpv6-csum icmpv4-csum icmpv6-csum", "asks whether a checksum is right"),
        ("decode-event engine-event stream-event app-layer-event", "asks for an event of the decoder, the stream or the parser"),
        ("flow flow.age app-layer-protocol", "asks about the flow"),
        ("flowbits xbits hostbits flowint", "remembers and asks for something between rules"),
        ("threshold detection_filter", "says how often a rule may alert"),
        ("tag bypass config nfq_set_mark", "acts when the rule matches"),
        ("dataset datarep iprep", "looks a value up in a set"),
        ("filename fileext filemagic filemd5 filesha1 filesha256", "asks about a file"),
        ("filestore tls.store tls_store", "keeps what was seen"),
        ("dotprefix strip_whitespace compress_whitespace to_lowercase to_uppercase to_md5 to_sha1 to_sha256 url_decode xor pcrexform header_lowercase strip_pseudo_headers", "changes the buffer before it is looked at"),
    ];

    private static readonly Dictionary<string, string> Abouts = Groups.SelectMany(g => g.Names.Split(' ').Select(n => (n, g.About))).ToDictionary(g => g.n, g => g.About);

    /// <summary>Description, protocol ("Unset" when it has none), features.</summary>
    public static (string About, string Protocol, string Features) Of(string name)
    {
        if (Abouts.TryGetValue(name, out string? about)) return (about, "Unset", "none");
        BufferDescriptor? modifier = BufferTable.FindModifier(name);
        if (modifier != null) return ($"moves the content before it to {modifier.Name}", ProtocolOf(modifier), "content modifier");
        BufferDescriptor? buffer = BufferTable.Find(name);
        if (buffer != null) return ($"looks in {buffer.Name}", ProtocolOf(buffer), "No option:sticky buffer");
        int dot = name.IndexOfAny(['.', '_']);
        string first = dot > 0 ? name[..dot] : name;
        AppProto protocol = AppProtoNames.Parse(first);
        return ("asks the protocol's transaction", protocol == AppProto.Unknown ? "Unset" : first, "none");
    }

    private static string ProtocolOf(BufferDescriptor buffer) => buffer.Protocols.Length == 1 ? AppProtoNames.Name(buffer.Protocols[0]) : "Unset";
}
