using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>Checks that need the whole rule, and what follows from it: directions, needs, the pattern to search for first.</summary>
internal static class RuleValidation
{
    public static void Finish(Rule rule)
    {
        if (rule.Sid == 0) throw new RuleException("sid", "the rule has no sid");
        rule.Parts.RemoveAll(p => p.Terms.Count == 0 && p.Test == null);
        Keywords.FrameKeyword.Check(rule);
        RuleForms.Check(rule);
        Directions(rule);
        for (int i = 0; i < rule.Parts.Count; i++)
        {
            Part part = rule.Parts[i];
            part.Number = i;
            if (i > 30) throw new RuleException("rule", "names more than 30 buffers");
            Relatives(part);
            part.Compiled = [.. part.Terms];
        }
        Needs(rule);
        ChooseFast(rule);
        rule.Settle();
    }

    private static void Directions(Rule rule)
    {
        rule.WantsToServer = !rule.Flow.HasFlag(FlowWish.ToClient);
        rule.WantsToClient = !rule.Flow.HasFlag(FlowWish.ToServer);
        foreach (Part part in rule.Parts)
        {
            BufferDescriptor buffer = BufferTable.Of(part.Buffer);
            if (buffer.Protocols.Length == 0) continue;
            if (rule.Protocol == HeaderProtocol.Application && !buffer.Protocols.Any(p => AppProtoNames.Fits(rule.Application, p)))
                throw new RuleException(buffer.Name, $"does not exist in {AppProtoNames.Name(rule.Application)}");
            if (buffer.ToServer < 0)
            {
                if (!rule.WantsToClient) throw new RuleException(buffer.Name, "exists only towards the client, the rule looks towards the server");
                rule.WantsToServer = false;
            }
            if (buffer.ToClient < 0)
            {
                if (!rule.WantsToServer) throw new RuleException(buffer.Name, "exists only towards the server, the rule looks towards the client");
                rule.WantsToClient = false;
            }
        }
        if (!rule.WantsToClient && !rule.WantsToServer) throw new RuleException("flow", "buffers of both directions in one rule");
    }

    private static void Relatives(Part part)
    {
        for (int i = 0; i + 1 < part.Terms.Count; i++)
        {
            Term next = part.Terms[i + 1];
            part.Terms[i].NextIsRelative = next.Relative && next.Kind is TermKind.Content or TermKind.Pcre or TermKind.IsDataAt or TermKind.ByteTest or TermKind.ByteJump or TermKind.ByteExtract or TermKind.ByteMath or TermKind.Base64Decode && next.Relative;
        }
    }

    private static void Needs(Rule rule)
    {
        rule.UsesApplication = rule.UsesTransaction || rule.Parts.Exists(p => p.Buffer is not (BufferId.Payload or BufferId.Frame) && !BufferTable.Of(p.Buffer).Packet);
        Part? payload = rule.PayloadPart;
        bool dsize = rule.PacketTests.Exists(t => OfHeader(t.Kind));
        bool tcp = rule.Protocol is HeaderProtocol.Tcp or HeaderProtocol.TcpStream or HeaderProtocol.Ip or HeaderProtocol.Application;
        if (payload != null)
        {
            if (rule.Protocol == HeaderProtocol.TcpPacket || rule.Flow.HasFlag(FlowWish.NoStream)) rule.NeedsPacketPayload = true;
            else if (rule.Protocol == HeaderProtocol.TcpStream || rule.Flow.HasFlag(FlowWish.OnlyStream)) rule.NeedsStream = true;
            else if (!tcp || dsize) rule.NeedsPacketPayload = true;
            else
            {
                rule.NeedsStream = true;
                if (payload.Terms.Exists(t => t.Kind == TermKind.Content && (t.HasDepth || t.HasOffset))) rule.NeedsPacketPayload = true;
            }
        }
        rule.Kind = KindOf(rule, payload);
        rule.AddressOnly = rule.Kind == RuleKind.AddressOnly;
    }

    /// <summary>Tests of a packet's own header: what stands beside them in a rule is looked for in that packet, not in its stream.</summary>
    internal static bool OfHeader(PacketTestKind kind) => kind is PacketTestKind.TcpFlags or PacketTestKind.IcmpType or PacketTestKind.IcmpCode or PacketTestKind.IcmpId or PacketTestKind.IcmpSequence or PacketTestKind.DataSize
        or PacketTestKind.Ttl or PacketTestKind.Id or PacketTestKind.FragmentBits or PacketTestKind.FragmentOffset or PacketTestKind.Sequence or PacketTestKind.Acknowledgement or PacketTestKind.Window
        or PacketTestKind.SameIp or PacketTestKind.IpOptions or PacketTestKind.Tos or PacketTestKind.Mss or PacketTestKind.IpProtocol;

    /// <summary>Rules about addresses and ports alone are asked once per flow and direction; the kind also says whether an action is for the packet or for the flow.</summary>
    private static RuleKind KindOf(Rule rule, Part? payload)
    {
        bool transaction = rule.AppEvents.Count > 0;
        bool packetBuffer = false;
        foreach (Part part in rule.Parts)
        {
            if (part.Buffer == BufferId.Payload) continue;
            if (BufferTable.Of(part.Buffer).Packet) packetBuffer = true;
            else transaction = true;
        }
        if (transaction || rule.UsesTransaction) return RuleKind.Transaction;
        bool remembers = rule.Before.Count > 0;
        bool only = rule.Parts.Count == 0 && !remembers && rule.Flow == FlowWish.None;
        if (only && rule.PacketTests.Count > 0)
        {
            if (rule.PacketTests.TrueForAll(t => t.Kind == PacketTestKind.DecodeEvent)) return RuleKind.DecodeEvent;
            if (rule.PacketTests.TrueForAll(t => t.Kind == PacketTestKind.AppProtocol && !t.Negated)) return RuleKind.ProtocolDetection;
        }
        if (only && rule.Protocol is HeaderProtocol.Ip or HeaderProtocol.Tcp or HeaderProtocol.Udp or HeaderProtocol.Icmp or HeaderProtocol.Sctp or HeaderProtocol.Ipv4 or HeaderProtocol.Ipv6
            && rule.Parts.Count == 0 && !remembers && rule.Flow == FlowWish.None && rule.PacketTests.TrueForAll(t => t.Kind == PacketTestKind.IpProtocol))
            return rule.Source.HasNegation || rule.Destination.HasNegation ? RuleKind.LikeAddressOnly : RuleKind.AddressOnly;
        if (payload != null && !packetBuffer && !rule.PacketTests.Exists(t => OfHeader(t.Kind)))
        {
            if (rule.NeedsStream) return rule.NeedsPacketPayload ? RuleKind.PacketAndStream : RuleKind.Stream;
            if (rule.Protocol is HeaderProtocol.Udp or HeaderProtocol.Icmp) return RuleKind.PacketAndStream;
        }
        if (rule.Protocol == HeaderProtocol.Application && payload == null) return RuleKind.Application;
        return RuleKind.Packet;
    }

    /// <summary>The pattern the multi-pattern matcher searches: the one marked, else the longest and most varied, buffers before payload.</summary>
    private static void ChooseFast(Rule rule)
    {
        Part? bestPart = null;
        Term? best = null;
        int bestScore = -1;
        foreach (Part part in rule.Parts)
            foreach (Term term in part.Terms)
            {
                if (term.Kind == TermKind.Base64Data) break; // what follows is not in the buffer itself
                if (term.Kind != TermKind.Content) continue;
                if (term.FastPattern && !term.Negated)
                {
                    rule.FastPart = part;
                    rule.FastTerm = term;
                    return;
                }
                if (term.Negated) continue;
                int score = Strength(term.Pattern) + (part.Buffer == BufferId.Payload ? 0 : 10_000);
                if (part.Buffer is BufferId.HttpMethod or BufferId.HttpStatCode or BufferId.HttpStatMsg) score -= 9_000;
                if (score > bestScore) (bestScore, bestPart, best) = (score, part, term);
            }
        rule.FastPart = bestPart;
        rule.FastTerm = best;
    }

    private static int Strength(byte[] pattern)
    {
        int score = 0;
        Span<bool> seen = stackalloc bool[256];
        foreach (byte b in pattern)
        {
            if (seen[b])
            {
                score += 1;
                continue;
            }
            seen[b] = true;
            score += char.IsAsciiLetter((char)b) ? 3 : char.IsAsciiDigit((char)b) || b is 0 or 1 or 0x20 or 0xff ? 2 : 4;
        }
        return score;
    }
}
