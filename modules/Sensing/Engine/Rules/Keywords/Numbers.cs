using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Keywords that read or compare numbers inside a buffer.</summary>
internal static class Numbers
{
    public static void IsDataAt(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        var term = new Term { Kind = TermKind.IsDataAt };
        if (text.StartsWith('!'))
        {
            term.Negated = true;
            text = text[1..];
            if (text.StartsWith(' ')) throw new RuleException(keyword, "a blank stands behind the exclamation mark");
        }
        string[] parts = text.Split(',');
        string number = parts[0].Trim();
        if (number.Length > 0 && char.IsAsciiLetter(number[0]))
        {
            term.ValueVariable = b.Variable(number);
            if (term.ValueVariable < 0) throw new RuleException(keyword, $"the variable {number} is not known");
        }
        else term.Value = RuleParser.Unsigned(keyword, number);
        if (term.Value > 65535) throw new RuleException(keyword, "lies outside 0 to 65535");
        foreach (string part in parts.Skip(1))
            switch (part.Trim())
            {
                case "relative": term.Relative = true; break;
                case "rawbytes": break;
                default: throw new RuleException(keyword, $"unknown option \"{part.Trim()}\"");
            }
        b.Add(term);
    }

    private static void Options(RuleBuilder b, string keyword, Term term, IEnumerable<string> options)
    {
        bool baseGiven = false;
        foreach (string raw in options)
        {
            string option = raw.Trim();
            int space = option.IndexOf(' ', StringComparison.Ordinal);
            string name = space < 0 ? option : option[..space];
            string argument = space < 0 ? "" : option[(space + 1)..].Trim();
            switch (name)
            {
                case "relative": term.Relative = true; break;
                case "little": term.LittleEndian = true; break;
                case "big": break;
                case "string":
                    term.Text = true;
                    if (!baseGiven) term.Base = 10;
                    break;
                case "hex":
                    term.Base = 16;
                    baseGiven = true;
                    break;
                case "dec":
                    term.Base = 10;
                    baseGiven = true;
                    break;
                case "oct":
                    term.Base = 8;
                    baseGiven = true;
                    break;
                case "dce": term.Dce = true; break;
                case "bitmask":
                    term.BitMask = true;
                    term.Mask = Convert.ToUInt32(argument.Replace("0x", "", StringComparison.OrdinalIgnoreCase), 16);
                    break;
                case "align":
                    if (argument is not ("" or "2" or "4")) throw new RuleException(keyword, "aligns to 2 or 4 bytes");
                    term.Align = true;
                    break;
                case "from_beginning": term.FromBeginning = true; break;
                case "from_end": term.FromEnd = true; break;
                case "multiplier": term.Multiplier = RuleParser.Unsigned(keyword, argument); break;
                case "post_offset": term.PostOffset = RuleParser.Integer(keyword, argument); break;
                case "endian":
                    term.LittleEndian = argument == "little";
                    break;
                case "":
                    break;
                default: throw new RuleException(keyword, $"unknown option \"{option}\"");
            }
        }
    }

    private static int NumberOrVariable(RuleBuilder b, string keyword, string text, out int variable)
    {
        text = text.Trim();
        variable = -1;
        if (text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] == '_'))
        {
            variable = b.Variable(text);
            if (variable < 0) throw new RuleException(keyword, $"the variable {text} is not known");
            return 0;
        }
        return RuleParser.Integer(keyword, text);
    }

    public static void ByteTest(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',');
        if (parts.Length < 4) throw new RuleException(keyword, "has the form bytes,operator,value,offset");
        var term = new Term { Kind = TermKind.ByteTest };
        term.Count = NumberOrVariable(b, keyword, parts[0], out term.CountVariable);
        string op = parts[1].Trim();
        if (op.StartsWith('!'))
        {
            term.Negated = true;
            op = op[1..].Trim();
            if (op.Length == 0) op = "=";
        }
        term.Compare = op switch
        {
            "<" => Comparison.Less,
            ">" => Comparison.Greater,
            "=" => Comparison.Equal,
            "<=" => Comparison.LessOrEqual,
            ">=" => Comparison.GreaterOrEqual,
            "&" => Comparison.And,
            "^" => Comparison.Or,
            _ => throw new RuleException(keyword, $"unknown operator \"{op}\""),
        };
        string number = parts[2].Trim();
        if (number.Length > 0 && (char.IsAsciiLetter(number[0]) || number[0] == '_')) NumberOrVariable(b, keyword, number, out term.ValueVariable);
        else if (number.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            if (!long.TryParse(number[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out term.Value)) throw new RuleException(keyword, $"\"{number}\" is not a number");
        }
        else if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out term.Value)) throw new RuleException(keyword, $"\"{number}\" is not a number");
        term.Position = NumberOrVariable(b, keyword, parts[3], out term.PositionVariable);
        Options(b, keyword, term, parts.Skip(4));
        if (term.Base != 10 && !term.Text) throw new RuleException(keyword, "a base needs the option string");
        Check(keyword, term);
        b.Add(term);
    }

    private static void Check(string keyword, Term term)
    {
        if (term.CountVariable >= 0) return;
        int most = term.Text ? 23 : 8;
        if (term.Count < (keyword is "byte_jump" or "byte_test" || term.Text ? 0 : 1) || term.Count > most) throw new RuleException(keyword, $"{term.Count} bytes cannot be read as a number");
    }

    public static void ByteJump(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',');
        if (parts.Length < 2) throw new RuleException(keyword, "has the form bytes,offset");
        var term = new Term { Kind = TermKind.ByteJump };
        term.Count = NumberOrVariable(b, keyword, parts[0], out term.CountVariable);
        term.Position = NumberOrVariable(b, keyword, parts[1], out term.PositionVariable);
        Options(b, keyword, term, parts.Skip(2));
        if (term.FromBeginning && term.FromEnd) throw new RuleException(keyword, "jumps from the beginning or from the end, not from both");
        if (term.Dce && (term.Text || term.FromBeginning || parts.Skip(2).Any(o => o.Trim() is "little" or "big"))) throw new RuleException(keyword, "dce tells the order of bytes itself");
        if (term.BitMask) throw new RuleException(keyword, "takes no bitmask");
        if (term.Multiplier is 0 or > 65535 || term.PostOffset is < -65535 or > 65535) throw new RuleException(keyword, "multiplier and post_offset have 16 bits");
        Check(keyword, term);
        b.Add(term);
    }

    public static void ByteExtract(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',');
        if (parts.Length < 3) throw new RuleException(keyword, "has the form bytes,offset,name");
        var term = new Term { Kind = TermKind.ByteExtract, Count = RuleParser.Integer(keyword, parts[0]), Position = RuleParser.Integer(keyword, parts[1]) };
        Options(b, keyword, term, parts.Skip(3));
        if (term.Position is < -65535 or > 65535 || term.Multiplier is 0 or > 65535) throw new RuleException(keyword, "offset and multiplier have 16 bits");
        Check(keyword, term);
        term.Variable = b.DeclareVariable(parts[2].Trim());
        b.Add(term);
    }

    public static void ByteMath(RuleBuilder b, string keyword, string? value)
    {
        var term = new Term { Kind = TermKind.ByteMath };
        string? result = null;
        foreach (string raw in (value ?? "").Split(','))
        {
            string option = raw.Trim();
            int space = option.IndexOf(' ', StringComparison.Ordinal);
            string name = space < 0 ? option : option[..space];
            string argument = space < 0 ? "" : option[(space + 1)..].Trim();
            switch (name)
            {
                case "bytes": term.Count = NumberOrVariable(b, keyword, argument, out term.CountVariable); break;
                case "offset": term.Position = RuleParser.Integer(keyword, argument); break;
                case "oper":
                    if (argument is not ("+" or "-" or "*" or "/" or "<<" or ">>")) throw new RuleException(keyword, $"unknown operator \"{argument}\"");
                    term.Operator = argument[0];
                    break;
                case "rvalue":
                    if (argument.Length > 0 && char.IsAsciiLetter(argument[0])) NumberOrVariable(b, keyword, argument, out term.ValueVariable);
                    else term.Value = RuleParser.Unsigned(keyword, argument);
                    break;
                case "result": result = argument; break;
                case "relative": term.Relative = true; break;
                case "endian": term.LittleEndian = argument == "little"; break;
                case "string":
                    term.Text = true;
                    term.Base = argument == "hex" ? 16 : argument == "oct" ? 8 : 10;
                    break;
                case "dce": term.Dce = true; break;
                case "bitmask":
                    term.BitMask = true;
                    term.Mask = RuleParser.Unsigned(keyword, argument.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? argument : "0x" + argument);
                    break;
                default: throw new RuleException(keyword, $"unknown option \"{option}\"");
            }
        }
        if (result == null) throw new RuleException(keyword, "names no result");
        if (term.Dce && term.Text) throw new RuleException(keyword, "dce reads no text");
        Check(keyword, term);
        term.Variable = b.DeclareVariable(result);
        b.Add(term);
    }

    /// <summary>N, &lt;N, &gt;N, !N, N-M or N&lt;&gt;M.</summary>
    public static void Compare(string keyword, string? value, out Comparison compare, out long first, out long second)
    {
        string text = (value ?? "").Trim();
        second = 0;
        int between = text.IndexOf("<>", StringComparison.Ordinal);
        if (between > 0)
        {
            compare = Comparison.Range;
            first = RuleParser.Unsigned(keyword, text[..between]);
            second = RuleParser.Unsigned(keyword, text[(between + 2)..]);
            if (first >= second) throw new RuleException(keyword, "the range runs backwards");
            return;
        }
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0)
        {
            compare = Comparison.Range;
            first = RuleParser.Unsigned(keyword, text[..dash]) - 1L;
            second = RuleParser.Unsigned(keyword, text[(dash + 1)..]) + 1L;
            return;
        }
        string op = new string(text.TakeWhile(c => c is '<' or '>' or '=' or '!').ToArray());
        compare = op switch
        {
            "" or "=" => Comparison.Equal,
            "<" => Comparison.Less,
            ">" => Comparison.Greater,
            "<=" => Comparison.LessOrEqual,
            ">=" => Comparison.GreaterOrEqual,
            "!" or "!=" => Comparison.NotEqual,
            _ => throw new RuleException(keyword, $"unknown operator \"{op}\""),
        };
        first = RuleParser.Unsigned(keyword, text[op.Length..]);
    }

    public static void BSize(RuleBuilder b, string keyword, string? value)
    {
        if (b.Buffer == BufferId.Payload) throw new RuleException(keyword, "needs a sticky buffer before it");
        var term = new Term { Kind = TermKind.BSize };
        string text = (value ?? "").Trim();
        if (text.Length > 0 && char.IsAsciiLetter(text[0]))
        {
            term.ValueVariable = b.Variable(text);
            if (term.ValueVariable < 0) throw new RuleException(keyword, $"the variable {text} is not known");
            term.Compare = Comparison.Equal;
        }
        else Compare(keyword, value, out term.Compare, out term.Value, out term.Value2);
        b.Add(term);
    }

    public static void UriLength(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        BufferId buffer = BufferId.HttpUri;
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma >= 0)
        {
            buffer = text[(comma + 1)..].Trim() == "raw" ? BufferId.HttpUriRaw : BufferId.HttpUri;
            text = text[..comma];
        }
        var term = new Term { Kind = TermKind.BSize };
        Compare(keyword, text, out term.Compare, out term.Value, out term.Value2);
        if (term.Value > 65535 || term.Value2 > 65536) throw new RuleException(keyword, "lies outside 0 to 65535");
        AddTo(b, buffer, term);
    }

    public static void DnsOpcode(RuleBuilder b, string keyword, string? value)
    {
        var term = new Term { Kind = TermKind.Number, What = NumberId.DnsOpcode };
        string wanted = (value ?? "").Trim().TrimStart('!').Trim();
        if (RuleParser.Unsigned(keyword, wanted) > 255) throw new RuleException(keyword, "is a number of a byte, or not one");
        Compare(keyword, value, out term.Compare, out term.Value, out term.Value2);
        AddTo(b, BufferId.DnsQuery, term);
    }

    private static void AddTo(RuleBuilder b, BufferId buffer, Term term)
    {
        BufferId before = b.Buffer;
        List<Transform> transforms = b.Transforms;
        b.Buffer = buffer;
        b.Transforms = [];
        Term? last = b.Last;
        b.Add(term);
        b.Last = last;
        b.Buffer = before;
        b.Transforms = transforms;
    }
}
