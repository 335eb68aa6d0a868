namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>asn1: looks through BER-coded elements for lengths and forms that have broken decoders (X.690).</summary>
internal sealed class Asn1Wish
{
    private const int MostElements = 256;
    private const int MostDepth = 30;
    private bool _bitString, _double;
    private long _oversize = -1;
    private int _offset;
    private bool _relative;

    public static void Read(RuleBuilder b, string keyword, string? value)
    {
        var wish = new Asn1Wish();
        foreach (string item in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            string[] words = item.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words.Length > 0 ? words[0] : "")
            {
                case "bitstring_overflow": wish._bitString = true; break;
                case "double_overflow": wish._double = true; break;
                case "oversize_length" when words.Length == 2: wish._oversize = RuleParser.Unsigned(keyword, words[1]); break;
                case "absolute_offset" when words.Length == 2: wish._offset = RuleParser.Integer(keyword, words[1]); break;
                case "relative_offset" when words.Length == 2:
                    wish._offset = RuleParser.Integer(keyword, words[1]);
                    wish._relative = true;
                    break;
                default: throw new RuleException(keyword, $"unknown option \"{item}\"");
            }
        }
        if (!wish._bitString && !wish._double && wish._oversize < 0) throw new RuleException(keyword, "asks for nothing");
        b.Add(new Term { Kind = TermKind.Asn1, Asn1 = wish, Relative = wish._relative });
    }

    public bool Matches(ReadOnlySpan<byte> bytes, int cursor)
    {
        long start = (_relative ? cursor : 0) + (long)_offset;
        if (start < 0 || start >= bytes.Length) return false;
        int left = MostElements;
        return Walk(bytes[(int)start..], 0, ref left);
    }

    private bool Walk(ReadOnlySpan<byte> bytes, int depth, ref int left)
    {
        while (!bytes.IsEmpty && left-- > 0)
        {
            byte tag = bytes[0];
            int at = 1;
            if ((tag & 0x1f) == 0x1f)
                while (at < bytes.Length && (bytes[at++] & 0x80) != 0) { }
            if (at >= bytes.Length) return false;
            long length = bytes[at++];
            bool indefinite = length == 0x80;
            if (length > 0x80)
            {
                int count = (int)length & 0x7f;
                if (count > 4 || at + count > bytes.Length) return _oversize >= 0 && count > 4;
                length = 0;
                for (int i = 0; i < count; i++) length = length << 8 | bytes[at++];
            }
            if (!indefinite && _oversize >= 0 && length > _oversize) return true;
            ReadOnlySpan<byte> content = indefinite ? bytes[at..] : bytes.Slice(at, (int)Math.Min(length, bytes.Length - at));
            if (_bitString && tag == 3 && content.Length > 0 && (content[0] > 7 || (length - 1) * 8 < content[0])) return true;
            if (_double && tag == 9 && length > 256 && content.Length > 0) return true;
            if ((tag & 0x20) != 0 && depth < MostDepth)
            {
                if (Walk(content, depth + 1, ref left)) return true;
            }
            if (indefinite || length > bytes.Length - at) return false;
            bytes = bytes[(at + (int)length)..];
        }
        return false;
    }
}
