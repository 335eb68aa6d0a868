using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Keywords that look at header fields.</summary>
internal static class PacketKeywords
{
    private static void Compared(RuleBuilder b, string keyword, string? value, PacketTestKind kind, long most = uint.MaxValue)
    {
        var test = new PacketTest { Kind = kind };
        Numbers.Compare(keyword, RuleParser.Unquote((value ?? "").Trim()), out test.Compare, out test.Value, out test.Value2);
        if (test.Value > most || test.Compare == Comparison.Range && test.Value2 > most + 1) throw new RuleException(keyword, $"is more than {most}");
        if (test.Compare == Comparison.Range && test.Value2 - test.Value < 2) throw new RuleException(keyword, "nothing lies in the range");
        b.Rule.PacketTests.Add(test);
    }

    public static void DataSize(RuleBuilder b, string keyword, string? value)
    {
        if (b.Rule.PacketTests.Exists(t => t.Kind == PacketTestKind.DataSize)) throw new RuleException(keyword, "stands twice");
        Compared(b, keyword, value, PacketTestKind.DataSize, 65535);
    }

    public static void IcmpType(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.IcmpType, 255);
    public static void IcmpCode(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.IcmpCode, 255);
    public static void IcmpId(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.IcmpId, 65535);
    public static void IcmpSequence(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.IcmpSequence, 65535);
    public static void Ttl(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.Ttl, 255);
    public static void Id(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.Id, 65535);
    public static void Sequence(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.Sequence);
    public static void Acknowledgement(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.Acknowledgement);
    public static void Window(RuleBuilder b, string keyword, string? value)
    {
        if ((value ?? "").Trim() is { Length: > 0 } text && text[0] is '<' or '>') throw new RuleException(keyword, "is one number, or not that");
        Compared(b, keyword, value, PacketTestKind.Window, 65535);
    }

    public static void Tos(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value?.Replace("x", "0x", StringComparison.Ordinal), PacketTestKind.Tos, 255);
    public static void Mss(RuleBuilder b, string keyword, string? value) => Compared(b, keyword, value, PacketTestKind.Mss, 65535);
    public static void FragmentOffset(RuleBuilder b, string keyword, string? value)
    {
        if ((value ?? "").Contains('!', StringComparison.Ordinal)) throw new RuleException(keyword, "cannot be negated");
        Compared(b, keyword, value, PacketTestKind.FragmentOffset, 65535);
    }


    public static void IpProtocol(RuleBuilder b, string keyword, string? value)
    {
        string text = RuleParser.Unquote((value ?? "").Trim());
        string op = new string(text.TakeWhile(c => c is '<' or '>' or '!').ToArray());
        string name = text[op.Length..].Trim();
        int number = name.ToLowerInvariant() switch { "icmp" => 1, "igmp" => 2, "tcp" => 6, "udp" => 17, "ipv6" => 41, "gre" => 47, "esp" => 50, "ah" => 51, "ipv6-icmp" => 58, "sctp" => 132, "pim" => 103, "ospf" => 89, "ipip" or "ipencap" => 4, _ => -1 };
        if (number < 0 && !int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number)) throw new RuleException(keyword, $"unknown protocol \"{name}\"");
        if (number > 255) throw new RuleException(keyword, "is a byte");
        if (b.Rule.Protocol is not (HeaderProtocol.Ip or HeaderProtocol.Ipv4 or HeaderProtocol.Ipv6 or HeaderProtocol.Other)) throw new RuleException(keyword, "is for rules on ip");
        if (op.Length == 0 && b.Rule.PacketTests.Exists(t => t.Kind == PacketTestKind.IpProtocol)) throw new RuleException(keyword, "a rule has one protocol");
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.IpProtocol, Value = number, Compare = op switch { "<" => Comparison.Less, ">" => Comparison.Greater, "!" => Comparison.NotEqual, _ => Comparison.Equal } });
    }

    public static void SameIp(RuleBuilder b, string keyword, string? value) => b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.SameIp });

    public static void Flags(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        int ignored = 0;
        if (comma >= 0)
        {
            ignored = FlagBits(keyword, text[(comma + 1)..]);
            text = text[..comma].Trim();
        }
        var test = new PacketTest { Kind = PacketTestKind.TcpFlags, Compare = Comparison.Equal, Extra = ignored };
        if (text.StartsWith('!'))
        {
            test.Compare = Comparison.NotEqual;
            text = text[1..];
        }
        else if (text.StartsWith('+'))
        {
            test.Compare = Comparison.And;
            text = text[1..];
        }
        else if (text.StartsWith('*'))
        {
            test.Compare = Comparison.Or;
            text = text[1..];
        }
        else if (text.EndsWith('+'))
        {
            test.Compare = Comparison.And;
            text = text[..^1];
        }
        test.Value = FlagBits(keyword, text);
        b.Rule.PacketTests.Add(test);
    }

    private static int FlagBits(string keyword, string text)
    {
        int bits = 0;
        foreach (char c in text.Trim())
            bits |= char.ToUpperInvariant(c) switch
            {
                'F' => 1,
                'S' => 2,
                'R' => 4,
                'P' => 8,
                'A' => 16,
                'U' => 32,
                'E' or '2' => 64,
                'C' or '1' => 128,
                '0' => 0,
                ' ' => 0,
                _ => throw new RuleException(keyword, $"unknown flag \"{c}\""),
            };
        return bits;
    }

    public static void FragmentBits(RuleBuilder b, string keyword, string? value)
    {
        var test = new PacketTest { Kind = PacketTestKind.FragmentBits, Compare = Comparison.Equal };
        foreach (char c in value ?? "")
            switch (char.ToUpperInvariant(c))
            {
                case 'M': test.Value |= 1; break;
                case 'D': test.Value |= 2; break;
                case 'R': test.Value |= 4; break;
                case '+': test.Compare = Comparison.And; break;
                case '*': test.Compare = Comparison.Or; break;
                case '!': test.Compare = Comparison.NotEqual; break;
                case ' ': break;
                default: throw new RuleException(keyword, $"unknown flag \"{c}\"");
            }
        b.Rule.PacketTests.Add(test);
    }

    public static void IpOptions(RuleBuilder b, string keyword, string? value)
    {
        long bit = (value ?? "").Trim() switch
        {
            "rr" => 1,
            "ts" => 2,
            "lsrr" => 4,
            "ssrr" => 8,
            "sec" => 16,
            "satid" => 32,
            "eol" => 64,
            "nop" => 128,
            "esec" => 256,
            "any" => 1L << 32,
            _ => throw new RuleException(keyword, $"unknown option \"{value}\""),
        };
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.IpOptions, Value = bit });
    }

    public static void StreamSize(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',');
        if (parts.Length != 3) throw new RuleException(keyword, "has the form side,operator,bytes");
        var test = new PacketTest
        {
            Kind = PacketTestKind.StreamSize,
            Extra = parts[0].Trim() switch { "server" => 0, "client" => 1, "both" => 2, "either" => 3, _ => throw new RuleException(keyword, $"unknown side \"{parts[0]}\"") },
            Compare = parts[1].Trim() switch { "<" => Comparison.Less, ">" => Comparison.Greater, "=" => Comparison.Equal, "!=" => Comparison.NotEqual, "<=" => Comparison.LessOrEqual, ">=" => Comparison.GreaterOrEqual, _ => throw new RuleException(keyword, $"unknown operator \"{parts[1]}\"") },
            Value = RuleParser.Unsigned(keyword, parts[2]),
        };
        b.Rule.PacketTests.Add(test);
    }

    public static void DecodeEvent(RuleBuilder b, string keyword, string? value)
    {
        if (!DecodeEventNames.TryParse((value ?? "").Trim(), out DecodeEvent e)) throw new RuleException(keyword, $"unknown event \"{value}\"");
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.DecodeEvent, Value = (int)e });
    }

    public static void AppProtocol(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        bool negated = text.StartsWith('!');
        if (negated) text = text[1..];
        AppProto protocol = text == "failed" ? AppProto.Failed : AppProtoNames.Parse(text);
        if (protocol == AppProto.Unknown) throw new RuleException(keyword, $"unknown protocol \"{text}\"");
        if (b.Rule.Protocol == HeaderProtocol.Application) throw new RuleException(keyword, "the rule's header names a protocol already");
        if (b.Rule.PacketTests.Exists(t => t.Kind == PacketTestKind.AppProtocol && !(t.Negated && negated))) throw new RuleException(keyword, "only negated ones can stand together");
        b.Rule.PacketTests.Add(new PacketTest { Kind = PacketTestKind.AppProtocol, Value = (int)protocol, Negated = negated });
    }

    public static void AppLayerEvent(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        if (text.StartsWith("applayer_", StringComparison.Ordinal))
        {
            DecodeEvent(b, keyword, text);
            return;
        }
        if (dot < 0) throw new RuleException(keyword, "has the form protocol.event");
        AppProto protocol = AppProtoNames.Parse(text[..dot]);
        if (protocol == AppProto.Unknown) throw new RuleException(keyword, $"unknown protocol \"{text[..dot]}\"");
        if (b.Rule.Protocol != HeaderProtocol.Application)
        {
            b.Rule.Protocol = HeaderProtocol.Application;
            b.Rule.Application = protocol;
        }
        else if (!AppProtoNames.Fits(b.Rule.Application, protocol) && !AppProtoNames.Fits(protocol, b.Rule.Application)) throw new RuleException(keyword, $"the rule is for {AppProtoNames.Name(b.Rule.Application)}");
        b.Rule.AppEvents.Add(text[(dot + 1)..]);
    }
}
