using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>Rules that can never match, or that name buffers which do not go together: refused when they are read, not silently kept.</summary>
internal static class RuleForms
{
    private const int Sha1Text = 59, Md5Text = 32;

    public static void Check(Rule rule)
    {
        Protocols(rule);
        if (rule.Files != null && rule.Protocol == HeaderProtocol.Application && !BufferTable.Of(BufferId.FileData).Protocols.Any(p => AppProtoNames.Fits(rule.Application, p)))
            throw new RuleException("file", $"{AppProtoNames.Name(rule.Application)} carries no files");
        foreach (Part part in rule.Parts)
        {
            Lengths(part);
            foreach (Term term in part.Terms)
                if (term.Kind == TermKind.Content) Content(part, term);
        }
        DataSize(rule);
    }

    private static void Protocols(Rule rule)
    {
        AppProto[]? common = null;
        foreach (Part part in rule.Parts)
        {
            BufferDescriptor buffer = BufferTable.Of(part.Buffer);
            if (buffer.Id == BufferId.TcpHeader && rule.Protocol is HeaderProtocol.Udp or HeaderProtocol.Icmp || buffer.Id == BufferId.UdpHeader && rule.Protocol is HeaderProtocol.Tcp or HeaderProtocol.TcpPacket or HeaderProtocol.TcpStream or HeaderProtocol.Icmp)
                throw new RuleException(buffer.Name, "does not exist in packets of this rule");
            if (buffer.Id == BufferId.HttpHeaderRaw && (rule.Flow & (FlowWish.ToServer | FlowWish.ToClient)) == 0) throw new RuleException(buffer.Name, "needs flow:to_server or flow:to_client");
            if (buffer.Protocols.Length == 0) continue;
            common = common == null ? buffer.Protocols : [.. common.Intersect(buffer.Protocols)];
            if (common.Length == 0) throw new RuleException(buffer.Name, "stands beside a buffer of another protocol");
        }
    }

    private static void Content(Part part, Term term)
    {
        string name = BufferTable.Of(part.Buffer).Name;
        if (part.Transforms.Count > 0) return;
        switch (part.Buffer)
        {
            case BufferId.HttpHost when term.NoCase || term.Pattern.AsSpan().ContainsAnyInRange((byte)'A', (byte)'Z'):
                throw new RuleException(name, "is in lower case: the content must be too, and nocase has no place");
            case BufferId.HttpMethod when term.Pattern[0] == ' ' || term.Pattern[^1] == ' ':
                throw new RuleException(name, "has no blank at either end");
            case BufferId.TlsCertSerial when term.Pattern.Length > 2 && !term.Pattern.AsSpan().Contains((byte)':'):
                throw new RuleException(name, "has a colon behind each octet");
            case BufferId.TlsCertFingerprint when term.Pattern.Length != Sha1Text:
                throw new RuleException(name, "is a SHA-1 of 20 octets with colons between");
            case BufferId.Ja3Hash or BufferId.Ja3sHash or BufferId.SshHassh or BufferId.SshHasshServer when term.Pattern.Length != Md5Text:
                throw new RuleException(name, "is an MD5 of 32 characters");
        }
    }

    /// <summary>How many bytes the contents of a part ask for at least.</summary>
    private static int Needed(Part part)
    {
        int most = 0;
        foreach (Term term in part.Terms)
            if (term is { Kind: TermKind.Content, Negated: false }) most = Math.Max(most, term.Pattern.Length + (term.OffsetVariable < 0 ? term.Offset : 0));
        return most;
    }

    private static void Lengths(Part part)
    {
        if (part.Transforms.Count > 0) return;
        foreach (Term term in part.Terms)
        {
            if (term.Kind != TermKind.BSize || term.ValueVariable >= 0) continue;
            if (term.Compare == Comparison.Range && term.Value2 - term.Value < 2) throw new RuleException("bsize", "nothing lies in the range");
            long longest = term.Compare switch { Comparison.Equal or Comparison.Less or Comparison.LessOrEqual => term.Value, Comparison.Range => term.Value2, _ => long.MaxValue };
            if (Needed(part) > longest) throw new RuleException("bsize", $"the contents need more than {longest} bytes");
        }
    }

    private static void DataSize(Rule rule)
    {
        if (rule.PayloadPart is not { } payload || rule.PacketTests.Find(t => t.Kind == PacketTestKind.DataSize) is not { } size) return;
        long longest = size.Compare switch { Comparison.Equal or Comparison.Less or Comparison.LessOrEqual => size.Value, Comparison.Range => size.Value2, _ => long.MaxValue };
        if (Needed(payload) > longest) throw new RuleException("dsize", $"the contents need more than {longest} bytes");
    }
}
