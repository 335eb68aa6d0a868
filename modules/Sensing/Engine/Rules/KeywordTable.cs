using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Rules.Keywords;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>The one table of rule keywords. Buffers come from <see cref="BufferTable"/>; everything else is registered here.</summary>
internal static class KeywordTable
{
    internal delegate void Reader(RuleBuilder builder, string keyword, string? value);

    private static readonly Dictionary<string, Reader> All = new()
    {
        // about the rule
        ["msg"] = About.Message, ["sid"] = About.Sid, ["gid"] = About.Gid, ["rev"] = About.Rev, ["classtype"] = About.ClassType, ["priority"] = About.Priority,
        ["reference"] = About.Reference, ["metadata"] = About.Metadata, ["target"] = About.Target, ["noalert"] = About.NoAlert, ["alert"] = About.AlertToo, ["requires"] = About.Nothing,
        // content and its modifiers
        ["content"] = Contents.Content, ["uricontent"] = Contents.UriContent, ["nocase"] = Contents.NoCase, ["offset"] = Contents.Offset, ["depth"] = Contents.Depth,
        ["distance"] = Contents.Distance, ["within"] = Contents.Within, ["startswith"] = Contents.StartsWith, ["endswith"] = Contents.EndsWith, ["fast_pattern"] = Contents.FastPattern,
        ["rawbytes"] = Contents.RawBytes, ["pcre"] = Contents.Pcre, ["pkt_data"] = Contents.PacketData, ["frame"] = FrameKeyword.Frame, ["base64_decode"] = Contents.Base64Decode, ["base64_data"] = Contents.Base64Data,
        ["prefilter"] = About.Prefilter,
        // numbers on buffers
        ["isdataat"] = Numbers.IsDataAt, ["byte_test"] = Numbers.ByteTest, ["byte_jump"] = Numbers.ByteJump, ["byte_extract"] = Numbers.ByteExtract, ["byte_math"] = Numbers.ByteMath,
        ["bsize"] = Numbers.BSize, ["urilen"] = Numbers.UriLength, ["dns.opcode"] = Numbers.DnsOpcode,
        // transforms
        ["dotprefix"] = Transforms.Add, ["strip_whitespace"] = Transforms.Add, ["compress_whitespace"] = Transforms.Add, ["to_lowercase"] = Transforms.Add, ["to_uppercase"] = Transforms.Add,
        ["to_md5"] = Transforms.Add, ["to_sha1"] = Transforms.Add, ["to_sha256"] = Transforms.Add, ["url_decode"] = Transforms.Add, ["xor"] = Transforms.Add,
        ["pcrexform"] = Transforms.Add, ["header_lowercase"] = Transforms.Add, ["strip_pseudo_headers"] = Transforms.Add,
        // the packet
        ["dsize"] = PacketKeywords.DataSize, ["flags"] = PacketKeywords.Flags, ["tcp.flags"] = PacketKeywords.Flags, ["itype"] = PacketKeywords.IcmpType, ["icode"] = PacketKeywords.IcmpCode,
        ["icmp_id"] = PacketKeywords.IcmpId, ["icmp_seq"] = PacketKeywords.IcmpSequence, ["ttl"] = PacketKeywords.Ttl, ["id"] = PacketKeywords.Id, ["ip_proto"] = PacketKeywords.IpProtocol,
        ["fragbits"] = PacketKeywords.FragmentBits, ["fragoffset"] = PacketKeywords.FragmentOffset, ["seq"] = PacketKeywords.Sequence, ["tcp.seq"] = PacketKeywords.Sequence,
        ["ack"] = PacketKeywords.Acknowledgement, ["tcp.ack"] = PacketKeywords.Acknowledgement, ["window"] = PacketKeywords.Window, ["tcp.window"] = PacketKeywords.Window, ["sameip"] = PacketKeywords.SameIp,
        ["ipopts"] = PacketKeywords.IpOptions, ["tos"] = PacketKeywords.Tos, ["stream_size"] = PacketKeywords.StreamSize, ["decode-event"] = PacketKeywords.DecodeEvent,
        ["app-layer-protocol"] = PacketKeywords.AppProtocol, ["tcp.mss"] = PacketKeywords.Mss, ["app-layer-event"] = PacketKeywords.AppLayerEvent,
        // the flow and what rules remember
        ["flow"] = FlowKeywords.Flow, ["flowbits"] = FlowKeywords.FlowBits, ["xbits"] = FlowKeywords.XBits, ["hostbits"] = FlowKeywords.HostBits, ["flowint"] = FlowKeywords.FlowInt,
        ["flowvar"] = VariableTexts.Flow, ["pktvar"] = VariableTexts.Packet, ["template2"] = MiscKeywords.Template, ["ftpdata_command"] = MiscKeywords.FtpDataCommand,
        ["flow.age"] = FlowKeywords.Age,
        ["threshold"] = FlowKeywords.Threshold, ["detection_filter"] = FlowKeywords.DetectionFilter, ["tag"] = MiscKeywords.Tag, ["bypass"] = MiscKeywords.Bypass, ["config"] = MiscKeywords.Config,
        // sets, reputation, files
        ["dataset"] = DatasetKeywords.Set, ["datarep"] = DatasetKeywords.Reputation, ["iprep"] = MiscKeywords.IpReputation,
        ["filename"] = FileKeywords.Name, ["fileext"] = FileKeywords.Extension, ["filemagic"] = FileKeywords.Magic, ["filesize"] = FileKeywords.Size,
        ["filemd5"] = FileKeywords.Digest, ["filesha1"] = FileKeywords.Digest, ["filesha256"] = FileKeywords.Digest, ["filestore"] = FileKeywords.Store,
        // few rules use these
        ["ipv4-csum"] = MiscKeywords.Checksum, ["tcpv4-csum"] = MiscKeywords.Checksum, ["tcpv6-csum"] = MiscKeywords.Checksum, ["udpv4-csum"] = MiscKeywords.Checksum,
        ["udpv6-csum"] = MiscKeywords.Checksum, ["icmpv4-csum"] = MiscKeywords.Checksum, ["icmpv6-csum"] = MiscKeywords.Checksum, ["icmpv6.mtu"] = MiscKeywords.IcmpMtu,
        ["l3_proto"] = MiscKeywords.Layer3, ["stream-event"] = MiscKeywords.StreamEvent, ["engine-event"] = PacketKeywords.DecodeEvent, ["nfq_set_mark"] = MiscKeywords.QueueMark,
        ["replace"] = MiscKeywords.Replace, ["ftpbounce"] = MiscKeywords.FtpBounce, ["asn1"] = Asn1Wish.Read, ["rpc"] = MiscKeywords.Rpc,
        ["tls.version"] = MiscKeywords.SslVersion, ["ssl_version"] = MiscKeywords.SslVersion, ["ssl_state"] = MiscKeywords.SslState, ["tls.store"] = About.Nothing, ["tls_store"] = About.Nothing,
        ["tls.subject"] = MiscKeywords.TlsText, ["tls.issuerdn"] = MiscKeywords.TlsText, ["tls.fingerprint"] = MiscKeywords.TlsText, ["tls.cert_chain_len"] = MiscKeywords.ChainLength,
        ["tls_cert_notbefore"] = MiscKeywords.CertificateDate, ["tls_cert_notafter"] = MiscKeywords.CertificateDate, ["tls_cert_expired"] = MiscKeywords.CertificateDate, ["tls_cert_valid"] = MiscKeywords.CertificateDate,
        ["ssh.protoversion"] = Contents.SshVersion, ["ssh.softwareversion"] = Contents.SshVersion,
    };

    public static void Apply(RuleBuilder builder, string keyword, string? value)
    {
        KeywordForms.Check(keyword, value);
        if (All.TryGetValue(keyword, out Reader? reader) || ProtocolKeywords.All.TryGetValue(keyword, out reader))
        {
            reader(builder, keyword, value);
            return;
        }
        BufferDescriptor? modifier = BufferTable.FindModifier(keyword);
        if (modifier != null)
        {
            Contents.MoveLast(builder, keyword, modifier);
            return;
        }
        BufferDescriptor? buffer = BufferTable.Find(keyword);
        if (buffer == null)
        {
            if (keyword is "lua" or "luajit" or "geoip") throw new RuleException(keyword, keyword == "geoip" ? "there is no country database" : "Lua scripts are not supported");
            throw new RuleException(keyword, "unknown keyword");
        }
        if (value != null) throw new RuleException(keyword, "takes no value");
        builder.Buffer = buffer.Id;
        builder.BufferFresh = true;
        builder.Transforms = [];
        builder.LastTerm = null;
        builder.Last = null;
    }

    public static IEnumerable<string> Names => All.Keys.Concat(ProtocolKeywords.All.Keys).Concat(BufferTable.Keywords).Distinct().Order(StringComparer.Ordinal);
}
