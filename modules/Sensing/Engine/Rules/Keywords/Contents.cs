using System.Text;
using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>content, its modifiers, pcre, and the buffers old rules name afterwards.</summary>
internal static class Contents
{
    public static void Content(RuleBuilder b, string keyword, string? value)
    {
        if (value == null) throw new RuleException(keyword, "has no pattern");
        string text = value.Trim();
        bool negated = false;
        if (text.StartsWith('!'))
        {
            negated = true;
            text = text[1..].TrimStart();
        }
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"') throw new RuleException(keyword, "the pattern is not in quotation marks");
        byte[] pattern = Pattern(keyword, text[1..^1]);
        b.Add(new Term { Kind = TermKind.Content, Pattern = pattern, Negated = negated });
    }

    public static void UriContent(RuleBuilder b, string keyword, string? value)
    {
        BufferId before = b.Buffer;
        List<Transform> transforms = b.Transforms;
        b.Buffer = BufferId.HttpUri;
        b.Transforms = [];
        Content(b, keyword, value);
        b.Buffer = before;
        b.Transforms = transforms;
    }

    /// <summary>Bytes of a pattern: text with |hex| parts and backslash escapes.</summary>
    public static byte[] Pattern(string keyword, string text)
    {
        var bytes = new List<byte>(text.Length);
        bool hex = false;
        int half = -1;
        byte[] raw = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < raw.Length; i++)
        {
            byte c = raw[i];
            if (c == '|')
            {
                if (half >= 0) throw new RuleException(keyword, "an odd number of hexadecimal digits");
                hex = !hex;
                continue;
            }
            if (hex)
            {
                if (c is (byte)' ' or (byte)'\t') continue;
                int digit = AppLayer.Http.UriText.Hex(c);
                if (digit < 0) throw new RuleException(keyword, $"\"{(char)c}\" is not a hexadecimal digit");
                if (half < 0) half = digit;
                else
                {
                    bytes.Add((byte)(half << 4 | digit));
                    half = -1;
                }
                continue;
            }
            if (c == '\\')
            {
                if (i + 1 >= raw.Length || raw[i + 1] is not ((byte)'"' or (byte)'\\' or (byte)';' or (byte)':')) throw new RuleException(keyword, "a backslash may only stand before \" \\ ; :");
                c = raw[++i];
            }
            else if (c == '"') throw new RuleException(keyword, "a quotation mark inside the pattern is not escaped");
            bytes.Add(c);
        }
        if (hex) throw new RuleException(keyword, "a | is not closed");
        if (bytes.Count == 0) throw new RuleException(keyword, "the pattern is empty");
        if (bytes.Count > 4096) throw new RuleException(keyword, "the pattern is longer than 4096 bytes");
        return [.. bytes];
    }

    private static Term LastContent(RuleBuilder b, string keyword) => b.Last ?? throw new RuleException(keyword, "needs a content before it");

    public static void NoCase(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (last.NoCase) throw new RuleException(keyword, "stands twice at one content");
        last.NoCase = true;
    }

    public static void RawBytes(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (b.LastPart is { Buffer: not BufferId.Payload }) throw new RuleException(keyword, "needs a content of the payload before it");
        last.RawBytes = true;
    }

    private static int NumberOrVariable(RuleBuilder b, string keyword, string? value, out int variable)
    {
        variable = -1;
        string text = (value ?? "").Trim();
        if (text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] == '_'))
        {
            variable = b.Variable(text);
            if (variable < 0) throw new RuleException(keyword, $"the variable {text} is not known");
            return 0;
        }
        return RuleParser.Integer(keyword, text);
    }

    public static void Offset(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (last.HasDistance || last.HasWithin) throw new RuleException(keyword, "cannot stand with distance or within");
        if (last.StartsWith || last.FastOnly) throw new RuleException(keyword, "cannot stand with startswith or fast_pattern:only");
        if (last.HasOffset) throw new RuleException(keyword, "stands twice at one content");
        last.Offset = NumberOrVariable(b, keyword, value, out last.OffsetVariable);
        if (last.Offset is < 0 or > 65535) throw new RuleException(keyword, "lies outside 0 to 65535");
        last.HasOffset = true;
    }

    public static void Depth(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (last.HasDistance || last.HasWithin) throw new RuleException(keyword, "cannot stand with distance or within");
        if (last.FastOnly) throw new RuleException(keyword, "cannot stand with fast_pattern:only");
        if (last.HasDepth) throw new RuleException(keyword, "stands twice at one content");
        last.Depth = NumberOrVariable(b, keyword, value, out last.DepthVariable);
        if (last.DepthVariable < 0 && last.Depth < last.Pattern.Length) throw new RuleException(keyword, $"{last.Depth} is less than the pattern's {last.Pattern.Length} bytes");
        if (last.Depth > 65535) throw new RuleException(keyword, "lies outside 0 to 65535");
        last.HasDepth = true;
    }

    public static void Distance(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (last.HasOffset || last.HasDepth || last.StartsWith) throw new RuleException(keyword, "cannot stand with offset, depth or startswith");
        if (last.HasDistance) throw new RuleException(keyword, "stands twice at one content");
        last.Distance = NumberOrVariable(b, keyword, value, out last.DistanceVariable);
        if (last.Distance is < -1048576 or > 1048576) throw new RuleException(keyword, "lies outside -1048576 to 1048576");
        last.HasDistance = true;
        last.Relative = true;
    }

    public static void Within(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (last.HasOffset || last.HasDepth || last.StartsWith) throw new RuleException(keyword, "cannot stand with offset, depth or startswith");
        if (last.HasWithin) throw new RuleException(keyword, "stands twice at one content");
        last.Within = NumberOrVariable(b, keyword, value, out last.WithinVariable);
        if (last.WithinVariable < 0 && last.Within < last.Pattern.Length) throw new RuleException(keyword, $"{last.Within} is less than the pattern's {last.Pattern.Length} bytes");
        if (last.Within > 1048576) throw new RuleException(keyword, "lies outside 0 to 1048576");
        last.HasWithin = true;
        last.Relative = true;
    }

    public static void StartsWith(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (last.HasDepth || last.HasOffset || last.HasDistance || last.HasWithin) throw new RuleException(keyword, "cannot stand with offset, depth, distance or within");
        last.StartsWith = last.HasDepth = true;
        last.Depth = last.Pattern.Length;
    }

    public static void EndsWith(RuleBuilder b, string keyword, string? value) => LastContent(b, keyword).EndsWith = true;

    public static void FastPattern(RuleBuilder b, string keyword, string? value)
    {
        Term last = LastContent(b, keyword);
        if (b.Rule.Parts.Exists(p => p.Terms.Exists(t => t.FastPattern))) throw new RuleException(keyword, "stands at two contents of one rule");
        last.FastPattern = true;
        if (value == null) return;
        if (value.Trim() == "only")
        {
            if (last.Negated || last.Relative || last.HasOffset || last.HasDepth) throw new RuleException(keyword, "only cannot stand with other modifiers");
            last.FastOnly = true;
            return;
        }
        string[] parts = value.Split(',');
        if (parts.Length != 2) throw new RuleException(keyword, "takes nothing, only, or offset,length");
        last.FastOffset = RuleParser.Integer(keyword, parts[0]);
        last.FastLength = RuleParser.Integer(keyword, parts[1]);
        if (last.FastOffset < 0 || last.FastLength < 1 || last.FastOffset + last.FastLength > last.Pattern.Length) throw new RuleException(keyword, "reaches beyond the pattern");
    }

    /// <summary>content:"x"; http_uri; — the modifier moves the last content to its buffer.</summary>
    public static void MoveLast(RuleBuilder b, string keyword, BufferDescriptor buffer)
    {
        Term last = LastContent(b, keyword);
        if (last.RawBytes) throw new RuleException(keyword, "cannot stand with rawbytes");
        if (b.Buffer != BufferId.Payload) throw new RuleException(keyword, "cannot follow a sticky buffer");
        Part from = b.LastPart!;
        if (from.Buffer == buffer.Id) throw new RuleException(keyword, "stands twice at one content");
        if (from.Buffer != BufferId.Payload) throw new RuleException(keyword, "the content already has a buffer");
        from.Terms.Remove(last);
        if (from.Terms.Count == 0) b.Rule.Parts.Remove(from);
        Part to = b.PartFor(buffer.Id);
        to.Terms.Add(last);
        b.LastPart = to;
    }

    public static void PacketData(RuleBuilder b, string keyword, string? value)
    {
        b.Buffer = BufferId.Payload;
        b.Transforms = [];
    }

    public static void Base64Decode(RuleBuilder b, string keyword, string? value)
    {
        var term = new Term { Kind = TermKind.Base64Decode };
        foreach (string item in (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string text = item.Trim();
            if (text == "relative") term.Relative = true;
            else if (text.StartsWith("bytes", StringComparison.Ordinal)) term.Count = RuleParser.Integer(keyword, text[5..]);
            else if (text.StartsWith("offset", StringComparison.Ordinal)) term.Position = RuleParser.Integer(keyword, text[6..]);
            else throw new RuleException(keyword, $"unknown option \"{text}\"");
        }
        b.Add(term);
    }

    public static void Base64Data(RuleBuilder b, string keyword, string? value)
    {
        if (!b.Rule.Parts.Exists(p => p.Terms.Exists(t => t.Kind == TermKind.Base64Decode))) throw new RuleException(keyword, "needs base64_decode before it");
        b.Add(new Term { Kind = TermKind.Base64Data });
        b.Last = null;
    }

    /// <summary>Behind an expression: flow:name or pkt:name for each of its groups, in order.</summary>
    private static List<CapturedGroup> Captured(RuleBuilder b, string keyword, string text)
    {
        var captures = new List<CapturedGroup>();
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            bool flow = item.StartsWith("flow:", StringComparison.Ordinal);
            if (!flow && !item.StartsWith("pkt:", StringComparison.Ordinal)) throw new RuleException(keyword, $"\"{item}\" is neither flow:name nor pkt:name");
            string name = item[(item.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            if (name.Length == 0) throw new RuleException(keyword, "a captured group has no name");
            captures.Add(new CapturedGroup(captures.Count + 1, flow, b.Parser.Names.Of("text:" + name)));
        }
        return captures;
    }

    /// <summary>ssh.protoversion:2.0 and ssh.softwareversion:"text": older spellings with the value behind the colon.</summary>
    public static void SshVersion(RuleBuilder b, string keyword, string? value)
    {
        string text = RuleParser.Unquote((value ?? "").Trim());
        if (text.Length == 0) throw new RuleException(keyword, "has no value");
        BufferId before = b.Buffer;
        List<Transform> transforms = b.Transforms;
        b.Buffer = keyword == "ssh.protoversion" ? BufferId.SshProto : BufferId.SshSoftware;
        b.Transforms = [];
        if (text.Equals("2_compat", StringComparison.OrdinalIgnoreCase))
        {
            var either = new Term { Kind = TermKind.Pcre, Expression = "^(2|1\\.99)" };
            if (Detect.Keywords.Pcre2.Check(either) is { } fault) throw new RuleException(keyword, fault);
            b.Add(either);
        }
        else b.Add(new Term { Kind = TermKind.Content, Pattern = Encoding.UTF8.GetBytes(text), NoCase = keyword == "ssh.softwareversion" });
        b.Buffer = before;
        b.Transforms = transforms;
    }

    /// <summary>A capital letter that stands for itself; behind a backslash it has another meaning.</summary>
    private static bool HasUpper(string expression)
    {
        for (int i = 0; i < expression.Length; i++)
            if (expression[i] == '\\') i++;
            else if (char.IsAsciiLetterUpper(expression[i])) return true;
        return false;
    }

    public static void Pcre(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        bool negated = false;
        if (text.StartsWith('!'))
        {
            negated = true;
            text = text[1..].TrimStart();
        }
        text = RuleParser.Unquote(text);
        int slash = text.LastIndexOf('/');
        if (text.Length < 2 || text[0] != '/' || slash <= 0) throw new RuleException(keyword, "the expression is not between slashes");
        string expression = text[1..slash];
        var term = new Term { Kind = TermKind.Pcre, Negated = negated };
        int names = text.IndexOf(',', slash);
        if (names >= 0)
        {
            term.Captures = Captured(b, keyword, text[(names + 1)..]);
            text = text[..names].TrimEnd();
        }
        BufferId buffer = b.Buffer;
        bool raw = false, chosen = false;
        foreach (char flag in text[(slash + 1)..])
        {
            BufferId named = BufferId.None;
            switch (flag)
            {
                case 'i': term.PcreOptions |= 0x8; break;
                case 'm': term.PcreOptions |= 0x400; break;
                case 's': term.PcreOptions |= 0x20; break;
                case 'x': term.PcreOptions |= 0x80; break;
                case 'A': term.PcreOptions |= 0x80000000; break;
                case 'E': term.PcreOptions |= 0x10; break;
                case 'G': term.PcreOptions |= 0x40000; break;
                case 'R': term.Relative = true; break;
                case 'O': break;
                case 'B': raw = true; break;
                case 'U': named = BufferId.HttpUri; break;
                case 'I': named = BufferId.HttpUriRaw; break;
                case 'H': named = BufferId.HttpHeader; break;
                case 'D': named = BufferId.HttpHeaderRaw; break;
                case 'M': named = BufferId.HttpMethod; break;
                case 'C': named = BufferId.HttpCookie; break;
                case 'P': named = BufferId.HttpRequestBody; break;
                case 'Q': named = BufferId.HttpResponseBody; break;
                case 'Y': named = BufferId.HttpStatMsg; break;
                case 'S': named = BufferId.HttpStatCode; break;
                case 'V': named = BufferId.HttpUserAgent; break;
                case 'W': named = BufferId.HttpHost; break;
                case 'Z': named = BufferId.HttpHostRaw; break;
                default: throw new RuleException(keyword, $"unknown flag \"{flag}\"");
            }
            if (named != BufferId.None)
            {
                // an answer's body and its file are one and the same
                if (chosen) throw new RuleException(keyword, "names two buffers");
                chosen = true;
                if (flag == 'W' && HasUpper(expression)) throw new RuleException(keyword, "the host is in lower case, the expression is not");
                if (named == BufferId.HttpResponseBody && b.Buffer == BufferId.FileData) named = b.Buffer;
                if (b.Buffer != BufferId.Payload && b.Buffer != named) throw new RuleException(keyword, $"the flag {flag} contradicts the sticky buffer");
                buffer = named;
            }
        }
        if (raw && buffer != BufferId.Payload) throw new RuleException(keyword, "the flag B contradicts the buffer");
        if (term.Relative && b.Buffer == BufferId.Payload && !b.Rule.Parts.Exists(p => p.Buffer == buffer && p.Terms.Count > 0)) throw new RuleException(keyword, "the flag R needs a match before it in the same buffer");
        term.Expression = expression.Replace("\\;", ";", StringComparison.Ordinal);
        string? fault = Detect.Keywords.Pcre2.Check(term);
        if (fault != null) throw new RuleException(keyword, fault);
        BufferId before = b.Buffer;
        List<Transform> transforms = b.Transforms;
        if (buffer != before)
        {
            b.Buffer = buffer;
            b.Transforms = [];
        }
        b.Add(term);
        b.Buffer = before;
        b.Transforms = transforms;
    }
}

internal static class Transforms
{
    public static void Add(RuleBuilder b, string keyword, string? value)
    {
        if (b.Buffer == BufferId.Payload) throw new RuleException(keyword, "needs a sticky buffer before it");
        TransformKind kind = keyword switch
        {
            "pcrexform" => TransformKind.Regex,
            "dotprefix" => TransformKind.DotPrefix,
            "strip_whitespace" => TransformKind.StripWhitespace,
            "compress_whitespace" => TransformKind.CompressWhitespace,
            "to_lowercase" => TransformKind.ToLower,
            "to_uppercase" => TransformKind.ToUpper,
            "to_md5" => TransformKind.ToMd5,
            "to_sha1" => TransformKind.ToSha1,
            "to_sha256" => TransformKind.ToSha256,
            "url_decode" => TransformKind.UrlDecode,
            "header_lowercase" => TransformKind.HeaderLowercase,
            "strip_pseudo_headers" => TransformKind.StripPseudoHeaders,
            _ => TransformKind.Xor,
        };
        string argument = RuleParser.Unquote((value ?? "").Trim());
        if (kind == TransformKind.Xor)
        {
            string hex = argument.Replace(" ", "", StringComparison.Ordinal);
            if (hex.Length == 0 || hex.Length % 2 != 0 || !hex.All(char.IsAsciiHexDigit)) throw new RuleException(keyword, "the key is not hexadecimal");
            argument = hex;
        }
        IntPtr code = IntPtr.Zero;
        if (kind == TransformKind.Regex)
        {
            var expression = new Term { Kind = TermKind.Pcre, Expression = argument.Replace("\\;", ";", StringComparison.Ordinal) };
            string? fault = Detect.Keywords.Pcre2.Check(expression);
            if (fault != null) throw new RuleException(keyword, fault);
            code = expression.Code;
            Detect.Keywords.Pcre2.Ready(code); // while no worker uses it yet
        }
        b.Transforms = [.. b.Transforms, new Transform(kind, argument) { Code = code }];
    }
}
