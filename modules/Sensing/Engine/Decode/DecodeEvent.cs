namespace Appliance.Sensing.Engine.Decode;

/// <summary>What can be wrong with a packet, by the names that the rule keyword decode-event uses.</summary>
internal enum DecodeEvent : ushort
{
    Ipv4PktTooSmall, Ipv4HlenTooSmall, Ipv4IplenSmallerThanHlen, Ipv4TruncPkt, Ipv4OptInvalid, Ipv4OptInvalidLen, Ipv4OptMalformed,
    Ipv4OptPadRequired, Ipv4OptEolRequired, Ipv4OptDuplicate, Ipv4OptUnknown, Ipv4WrongIpVersion, Ipv4WithIcmpv6,
    Icmpv4PktTooSmall, Icmpv4UnknownType, Icmpv4UnknownCode, Icmpv4Ipv4TruncPkt, Icmpv4Ipv4UnknownVer,
    Icmpv6UnknownType, Icmpv6UnknownCode, Icmpv6PktTooSmall, Icmpv6Ipv6UnknownVersion, Icmpv6Ipv6TruncPkt, Icmpv6MldMessageWithInvalidHl,
    Icmpv6UnassignedType, Icmpv6ExperimentationType,
    Ipv6PktTooSmall, Ipv6TruncPkt, Ipv6TruncExthdr, Ipv6ExthdrDuplFh, Ipv6ExthdrUselessFh, Ipv6ExthdrDuplRh, Ipv6ExthdrDuplHh,
    Ipv6ExthdrDuplDh, Ipv6ExthdrDuplAh, Ipv6ExthdrDuplEh, Ipv6ExthdrInvalidOptlen, Ipv6WrongIpVersion, Ipv6ExthdrAhResNotNull,
    Ipv6HopoptsUnknownOpt, Ipv6HopoptsOnlyPadding, Ipv6DstoptsUnknownOpt, Ipv6DstoptsOnlyPadding, Ipv6RhType0, Ipv6ZeroLenPadn,
    Ipv6FhNonZeroReservedField, Ipv6DataAfterNoneHeader, Ipv6UnknownNextHeader, Ipv6WithIcmpv4,
    TcpPktTooSmall, TcpHlenTooSmall, TcpInvalidOptlen, TcpOptInvalidLen, TcpOptDuplicate,
    UdpPktTooSmall, UdpHlenTooSmall, UdpHlenInvalid, UdpLenInvalid,
    SllPktTooSmall, EthernetPktTooSmall,
    PppPktTooSmall, PppVjuPktTooSmall, PppIp4PktTooSmall, PppIp6PktTooSmall, PppWrongType, PppUnsupProto,
    PppoePktTooSmall, PppoeWrongCode, PppoeMalformedTags,
    GrePktTooSmall, GreWrongVersion, GreVersion0Recur, GreVersion0Flags, GreVersion0HdrTooBig, GreVersion0MalformedSreHdr,
    GreVersion1Chksum, GreVersion1Route, GreVersion1Ssr, GreVersion1Recur, GreVersion1Flags, GreVersion1NoKey, GreVersion1WrongProtocol,
    GreVersion1MalformedSreHdr, GreVersion1HdrTooBig,
    VlanHeaderTooSmall, VlanUnknownType, VlanTooManyLayers,
    IprawInvalidIpVersion, LtnullPktTooSmall, LtnullUnsupportedType,
    SctpPktTooSmall, EspPktTooSmall,
    Ipv4FragPktTooLarge, Ipv4FragOverlap, Ipv4FragIgnored, Ipv6FragPktTooLarge, Ipv6FragOverlap, Ipv6FragIgnored, Ipv6FragInvalidLength,
    Ipv6Ipv4InIpv6TooSmall, Ipv6Ipv4InIpv6WrongVersion, Ipv6Ipv6InIpv6TooSmall, Ipv6Ipv6InIpv6WrongVersion,
    MplsHeaderTooSmall, MplsPktTooSmall, MplsBadLabelRouterAlert, MplsBadLabelImplicitNull, MplsBadLabelReserved, MplsUnknownPayloadType,
    VxlanUnknownPayloadType, GeneveUnknownPayloadType, ErspanHeaderTooSmall, ErspanUnsupportedVersion, ErspanTooManyVlanLayers,
    ChdlcPktTooSmall, DcePktTooSmall, NshHeaderTooSmall, NshUnsupportedVersion, NshBadHeaderLength, NshReservedType, NshUnsupportedType, NshUnknownPayload,
    Ieee8021AhHeaderTooSmall, VntagHeaderTooSmall, VntagUnknownType, TooManyLayers, AfPacketTruncPkt,

    // of a TCP conversation
    Stream3whsAckInWrongDir, Stream3whsAsyncWrongSeq, Stream3whsRightSeqWrongAckEvasion, Stream3whsSynackInWrongDirection, Stream3whsSynackResendWithDiffAck,
    Stream3whsSynackResendWithDiffSeq, Stream3whsSynackToserverOnSynRecv, Stream3whsSynackWithWrongAck, Stream3whsSynackFlood, Stream3whsSynResendDiffSeqOnSynRecv,
    Stream3whsSynToclientOnSynRecv, Stream3whsWrongSeqWrongAck, Stream3whsAckDataInject, Stream3whsSynFlood, Stream3whsSynackTfoDataIgnored,
    Stream4whsSynackWithWrongAck, Stream4whsSynackWithWrongSyn, Stream4whsWrongSeq, Stream4whsInvalidAck, StreamClosewaitAckOutOfWindow, StreamClosewaitFinOutOfWindow,
    StreamClosewaitPktBeforeLastAck, StreamClosewaitInvalidAck, StreamClosingAckWrongSeq, StreamClosingInvalidAck, StreamEstPacketOutOfWindow, StreamEstPktBeforeLastAck,
    StreamEstSynackResend, StreamEstSynackResendWithDiffAck, StreamEstSynackResendWithDiffSeq, StreamEstSynackToserver, StreamEstSynResend, StreamEstSynResendDiffSeq,
    StreamEstSynToclient, StreamEstInvalidAck, StreamFinInvalidAck, StreamFin1AckWrongSeq, StreamFin1FinWrongSeq, StreamFin1InvalidAck, StreamFin2AckWrongSeq,
    StreamFin2FinWrongSeq, StreamFin2InvalidAck, StreamFinButNoSession, StreamFinOutOfWindow, StreamFinSyn, StreamLastackAckWrongSeq, StreamLastackInvalidAck,
    StreamRstButNoSession, StreamRstInvalidAck, StreamRstWithData, StreamTimewaitAckWrongSeq, StreamTimewaitInvalidAck, StreamShutdownSynResend,
    StreamPktInvalidTimestamp, StreamPktInvalidAck, StreamPktBrokenAck, StreamPktBadWindowUpdate, StreamPktRetransmission, StreamPktSpuriousRetransmission,
    StreamSuspectedRstInject, StreamWrongThread, StreamReassemblySegmentBeforeBaseSeq, StreamReassemblyNoSegment, StreamReassemblySeqGap,
    StreamReassemblyOverlapDifferentData, StreamReassemblyDepthReached, StreamReassemblyInsertMemcap, StreamReassemblyInsertLimit, StreamReassemblyInsertInvalid,
    StreamReassemblyUrgentOobLimitReached,

    // of the search for a conversation's protocol
    ApplayerMismatchProtocolBothDirections, ApplayerWrongDirectionFirstData, ApplayerDetectProtocolOnlyOneDirection, ApplayerProtoDetectionSkipped,
    ApplayerNoTlsAfterStarttls, ApplayerUnexpectedProtocol,
}

internal static class DecodeEventNames
{
    private static readonly string[] Prefixes = ["ipv4", "icmpv4", "icmpv6", "ipv6", "tcp", "udp", "sll", "ethernet", "pppoe", "ppp", "gre", "vlan", "ipraw", "ltnull",
        "sctp", "esp", "mpls", "vxlan", "geneve", "erspan", "stream", "chdlc", "dce", "nsh", "ieee8021ah", "vntag"];

    /// <summary>Is it about a TCP conversation rather than the packet itself?</summary>
    public static bool IsStream(DecodeEvent e) => e is >= DecodeEvent.Stream3whsAckInWrongDir and < DecodeEvent.ApplayerMismatchProtocolBothDirections;

    /// <summary>Is it about the search for a conversation's protocol?</summary>
    public static bool IsDetection(DecodeEvent e) => e >= DecodeEvent.ApplayerMismatchProtocolBothDirections;

    /// <summary>ipv4.pkt_too_small, as in rules and records.</summary>
    public static string NameOf(DecodeEvent e)
    {
        string snake = Snake(e.ToString());
        switch (e)
        {
            case DecodeEvent.Ipv4WithIcmpv6: return "ipv4.icmpv6";
            case DecodeEvent.Ipv6WithIcmpv4: return "ipv6.icmpv4";
            case DecodeEvent.Ipv6RhType0: return "ipv6.rh_type_0";
            case DecodeEvent.Stream3whsSynackResendWithDiffAck: return "stream.3whs_synack_resend_with_different_ack";
            case DecodeEvent.StreamEstSynackResendWithDiffAck: return "stream.est_synack_resend_with_different_ack";
            case DecodeEvent.TooManyLayers: return "too_many_layers";
            case DecodeEvent.AfPacketTruncPkt: return "afpacket.trunc_pkt";
            case DecodeEvent.Icmpv4Ipv4TruncPkt: return "icmpv4.ipv4_trunc_pkt";
            case DecodeEvent.Icmpv4Ipv4UnknownVer: return "icmpv4.ipv4_unknown_ver";
        }
        foreach (string prefix in Prefixes)
            if (snake.StartsWith(prefix, StringComparison.Ordinal) && snake.Length > prefix.Length)
            {
                string rest = snake[prefix.Length..].TrimStart('_');
                if (rest == "version0_recur" || prefix != "ppp" || !snake.StartsWith("pppoe", StringComparison.Ordinal)) return prefix + "." + rest;
            }
        return snake;
    }

    private static string Snake(string name)
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiLetterUpper(name[i]) && i > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString().Replace("ieee8021_ah", "ieee8021ah", StringComparison.Ordinal);
    }

    public static bool TryParse(string name, out DecodeEvent found)
    {
        foreach (DecodeEvent e in Enum.GetValues<DecodeEvent>())
            if (NameOf(e) == name)
            {
                found = e;
                return true;
            }
        found = default;
        return false;
    }
}
