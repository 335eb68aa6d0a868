using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>What a match leads to beside an alert, and tests of headers that few rules use.</summary>
internal static class MiscKeywords
{
    public static void Bypass(RuleBuilder b, string keyword, string? value)
    {
        if (value != null) throw new RuleException(keyword, "takes no value");
        b.Rule.Bypasses = true;
    }

    /// <summary>config:logging disable,type tx,scope tx</summary>
    public static void Config(RuleBuilder b, string keyword, string? value)
    {
        bool flow = false;
        if ((value ?? "").Split(',').Length != 3) throw new RuleException(keyword, "names what to do, a type and a scope");
        foreach (string part in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            switch (part)
            {
                case "logging disable" or "type tx" or "scope tx": break;
                case "type flow" or "scope flow": flow = true; break;
                default: throw new RuleException(keyword, $"unknown option \"{part}\"");
            }
        if (flow) b.Rule.SilencesFlow = true;
        b.Rule.SilencesRecord = true;
    }

    /// <summary>tag:session or host, count, packets, seconds or bytes, and for a host src or dst.</summary>
    public static void Tag(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',', StringSplitOptions.TrimEntries);
        bool host = parts[0] switch { "session" => false, "host" => true, _ => throw new RuleException(keyword, $"unknown kind \"{parts[0]}\"") };
        uint count = parts.Length > 1 ? RuleParser.Unsigned(keyword, parts[1]) : 5;
        TagMetric metric = parts.Length < 3 ? TagMetric.Packets : parts[2] switch { "packets" => TagMetric.Packets, "seconds" => TagMetric.Seconds, "bytes" => TagMetric.Bytes, _ => throw new RuleException(keyword, $"unknown metric \"{parts[2]}\"") };
        bool source = true;
        if (parts.Length > 3) source = parts[3] switch { "src" => true, "dst" => false, _ => throw new RuleException(keyword, $"unknown option \"{parts[3]}\"") };
        b.Rule.Tag = new TagWish(host, source, metric, count);
    }

    /// <summary>ipv4-csum, tcpv4-csum and so on: valid or invalid.</summary>
    public static void Checksum(RuleBuilder b, string keyword, string? value)
    {
        bool invalid = RuleParser.Unquote((value ?? "").Trim()) switch { "valid" => false, "invalid" => true, _ => throw new RuleException(keyword, "is valid or invalid") };
        (int protocol, int version) = keyword switch { "ipv4-csum" => (-1, 4), "tcpv4-csum" => (6, 4), "tcpv6-csum" => (6, 6), "udpv4-csum" => (17, 4), "udpv6-csum" => (17, 6), "icmpv4-csum" => (1, 4), _ => (58, 6) };
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.Checksum, Negated = invalid, Value = protocol, Extra = version });
    }

    public static void IcmpMtu(RuleBuilder b, string keyword, string? value)
    {
        var test = new PacketTest { Kind = PacketTestKind.IcmpMtu };
        Numbers.Compare(keyword, value, out test.Compare, out test.Value, out test.Value2);
        b.Rule.PacketTests.Add(test);
    }

    /// <summary>iprep:any, src, dst or both, category, operator, score.</summary>
    public static void IpReputation(RuleBuilder b, string keyword, string? value)
    {
        b.Rule.LooksOutside = true;
        string[] parts = (value ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length < 2) throw new RuleException(keyword, "has the form side,category[,operator,score]");
        if (!b.Parser.Options.Reputation.TryCategory(parts[1], out byte category)) throw new RuleException(keyword, $"the category {parts[1]} is not known");
        var test = new PacketTest
        {
            Kind = PacketTestKind.Reputation,
            Extra = parts[0] switch { "any" => 0, "src" => 1, "dst" => 2, "both" => 3, _ => throw new RuleException(keyword, $"unknown side \"{parts[0]}\"") },
            Value2 = category,
            Compare = Comparison.Greater,
        };
        if (parts.Length == 3) Numbers.Compare(keyword, parts[2].Replace("isset", ">0", StringComparison.Ordinal), out test.Compare, out test.Value, out _);
        else if (parts.Length > 3)
        {
            test.Compare = parts[2] switch { "<" => Comparison.Less, ">" => Comparison.Greater, "=" => Comparison.Equal, "<=" => Comparison.LessOrEqual, ">=" => Comparison.GreaterOrEqual, _ => throw new RuleException(keyword, $"unknown operator \"{parts[2]}\"") };
            test.Value = RuleParser.Unsigned(keyword, parts[3]);
        }
        if (test.Value > 127) throw new RuleException(keyword, "a score lies between 0 and 127");
        b.Rule.PacketTests.Add(test);
    }

    public static void Layer3(RuleBuilder b, string keyword, string? value)
    {
        int version = RuleParser.Unquote((value ?? "").Trim()).ToLowerInvariant() switch { "ipv4" or "ip4" => 4, "ipv6" or "ip6" => 6, _ => throw new RuleException(keyword, $"unknown protocol \"{value}\"") };
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.Layer3, Value = version });
    }

    public static void StreamEvent(RuleBuilder b, string keyword, string? value) => PacketKeywords.DecodeEvent(b, keyword, "stream." + (value ?? "").Trim());

    /// <summary>Marks for the kernel's queue, which this engine has no part in: read, and without effect.</summary>
    public static void QueueMark(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split('/');
        if (parts.Length != 2) throw new RuleException(keyword, "has the form mark/mask");
        foreach (string part in parts) RuleParser.Unsigned(keyword, part);
    }

    /// <summary>replace:"bytes" changes the packet in a path that forwards it; here it is checked and has no effect.</summary>
    public static void Replace(RuleBuilder b, string keyword, string? value)
    {
        if (b.Last == null) throw new RuleException(keyword, "needs a content before it");
        if (b.LastPart is { Buffer: not BufferId.Payload }) throw new RuleException(keyword, "changes the payload only");
        Contents.Pattern(keyword, RuleParser.Unquote((value ?? "").Trim()));
    }

    /// <summary>rpc:program,version,procedure of a call (RFC 5531); a star stands for any.</summary>
    public static void Rpc(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = RuleParser.Unquote((value ?? "").Trim()).Split(',', StringSplitOptions.TrimEntries);
        long Part(int i) => i >= parts.Length || parts[i] == "*" ? -1 : RuleParser.Unsigned(keyword, parts[i]);
        if (Part(0) < 0) throw new RuleException(keyword, "names no program");
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.Rpc, Value = Part(0), Value2 = Part(1), Extra = (int)Part(2) });
    }

    /// <summary>template2: a number of a byte that no packet has; the reference takes it to show how keywords are made.</summary>
    public static void Template(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out _, out long first, out _);
        if (first > 255) throw new RuleException(keyword, "is a byte");
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.Never });
    }

    public static void FtpDataCommand(RuleBuilder b, string keyword, string? value)
    {
        bool stored = (value ?? "").Trim() switch { "stor" => true, "retr" => false, _ => throw new RuleException(keyword, "is stor or retr") };
        b.AddTest(BufferId.FtpDataCommand, new AppTest<AppLayer.Ftp.FtpDataTransaction>((tx, _) => tx.Stores == stored));
    }

    public static void FtpBounce(RuleBuilder b, string keyword, string? value)
    {
        if (b.Rule.Protocol == HeaderProtocol.Application && b.Rule.Application != AppProto.Ftp) throw new RuleException(keyword, "is for ftp");
        if (b.Rule.Protocol != HeaderProtocol.Application)
        {
            b.Rule.Protocol = HeaderProtocol.Application;
            b.Rule.Application = AppProto.Ftp;
        }
        b.Rule.Tests.Add(new FtpBounceTest());
    }

    public static void SslVersion(RuleBuilder b, string keyword, string? value) => b.Rule.Tests.Add(TlsVersionTest.Parse(keyword, value));

    public static void TlsText(RuleBuilder b, string keyword, string? value)
    {
        BufferId buffer = keyword switch { "tls.subject" => BufferId.TlsCertSubject, "tls.issuerdn" => BufferId.TlsCertIssuer, _ => BufferId.TlsCertFingerprint };
        string text = (value ?? "").Trim();
        bool negated = text.StartsWith('!');
        if (negated) text = text[1..].Trim();
        text = RuleParser.Unquote(text);
        if (text.Length == 0) throw new RuleException(keyword, "has no value");
        if (buffer == BufferId.TlsCertFingerprint && (text.Length != 59 || text.Count(c => c == ':') != 19)) throw new RuleException(keyword, "is a SHA-1 of 20 octets with colons between");
        BufferId before = b.Buffer;
        List<Transform> transforms = b.Transforms;
        b.Buffer = buffer;
        b.Transforms = [];
        byte[] pattern = System.Text.Encoding.UTF8.GetBytes(buffer == BufferId.TlsCertFingerprint ? text.ToLowerInvariant() : text);
        b.Add(new Term { Kind = TermKind.Content, Pattern = pattern, Negated = negated });
        b.Buffer = before;
        b.Transforms = transforms;
    }

    public static void ChainLength(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        b.Rule.Tests.Add(new ChainLengthTest(compare, first, second));
    }

    public static void CertificateDate(RuleBuilder b, string keyword, string? value) => b.Rule.Tests.Add(CertificateDateTest.Parse(keyword, value));

    public static void SslState(RuleBuilder b, string keyword, string? value) => b.Rule.Tests.Add(TlsStateTest.Parse(keyword, value));
}
