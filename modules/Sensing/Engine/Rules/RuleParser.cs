using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>Names of flow bits and other variables, numbered across a rule set.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<string> _names = [];

    public int Of(string name)
    {
        if (_numbers.TryGetValue(name, out int number)) return number;
        _names.Add(name);
        return _numbers[name] = _names.Count - 1;
    }

    public string Name(int number) => _names[number];
    public IReadOnlyList<string> All => _names;
    public int Count => _names.Count;
}

/// <summary>State while one rule is read: which buffer is current, which term was last.</summary>
internal sealed class RuleBuilder(Rule rule, RuleParser parser)
{
    public Rule Rule { get; } = rule;
    public RuleParser Parser { get; } = parser;
    public BufferId Buffer = BufferId.Payload;
    public bool BufferFresh;
    public AppLayer.Frames.FrameType Frame;
    public bool FramePending;        // a frame was named, and nothing looked for in it yet
    public List<Transform> Transforms = [];
    public Term? Last;               // last content
    public Term? LastTerm;           // last of any kind, for relative flags
    public Part? LastPart;
    public Dictionary<string, int> Variables { get; } = [];
    public int Base64Start = -1;

    public Part PartFor(BufferId buffer)
    {
        if (buffer == BufferId.Payload)
        {
            Part? payload = Rule.Parts.Find(p => p.Buffer == BufferId.Payload);
            if (payload != null) return payload;
        }
        else
        {
            bool multi = BufferTable.Of(buffer).Multi;
            Part? same = Rule.Parts.FindLast(p => p.SameBufferAs(buffer, Transforms) && (buffer != BufferId.Frame || p.Frame == Frame));
            if (same != null && !(multi && BufferFresh && same.Terms.Count > 0)) return same;
        }
        var part = new Part { Buffer = buffer, Transforms = [.. Transforms], Frame = buffer == BufferId.Frame ? Frame : default };
        if (buffer == BufferId.Frame) FramePending = false;
        Rule.Parts.Add(part);
        return part;
    }

    public void Add(Term term)
    {
        Part part = PartFor(Buffer);
        BufferFresh = false;
        part.Terms.Add(term);
        LastPart = part;
        LastTerm = term;
        if (term.Kind == TermKind.Content) Last = term;
    }

    /// <summary>A keyword that asks the transaction itself; the buffer says in which protocols and directions.</summary>
    public void AddTest(BufferId buffer, AppTest test) => Rule.Parts.Add(new Part { Buffer = buffer, Test = test });

    public int Variable(string name) => Variables.TryGetValue(name, out int number) ? number : -1;

    public int DeclareVariable(string name)
    {
        if (Variables.TryGetValue(name, out int number)) return number;
        Variables[name] = Rule.VariableCount;
        return Rule.VariableCount++;
    }
}

/// <summary>From text to <see cref="Rule"/>: header, options, checks. One bad rule never costs another.</summary>
internal sealed class RuleParser(RuleVariables variables, Classification classes, NameTable names)
{
    public RuleVariables Variables { get; } = variables;
    public Classification Classes { get; } = classes;
    public NameTable Names { get; } = names;

    /// <summary>Rules left out because of their own <c>requires</c>.</summary>
    public int Skipped { get; private set; }

    /// <summary>A rule was left out for what lies outside of its text: another day it may be fine.</summary>
    public bool LeftOutByOutside { get; private set; }

    public RuleLoadOptions Options { get; init; } = new();

    private const int MostWords = 1 << 16;
    private readonly HashSet<string> _words = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _texts = new(StringComparer.Ordinal);

    /// <summary>One string for all rules that have the word.</summary>
    public string Word(ReadOnlySpan<char> text)
    {
        var lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(text, out string? known)) return known;
        string word = text.ToString();
        if (_words.Count < MostWords) _words.Add(word);
        return word;
    }

    public byte[] Utf8(string text) => _texts.TryGetValue(text, out byte[]? known) ? known : _texts[text] = Encoding.UTF8.GetBytes(text);

    /// <summary>A file that a rule names: beside the rule's own file, else where the engine was started. Rules from others reach nothing but what lies beside them.</summary>
    public string PathOf(string name, string ruleFile)
    {
        if (!Options.FilesAnywhere && (Path.IsPathRooted(name) || name.Split('/').Contains("..", StringComparer.Ordinal))) throw new RuleException("file", $"\"{name}\" does not lie beside the rules");
        if (Path.IsPathRooted(name)) return name;
        string beside = Path.Combine(Options.Beside ?? Path.GetDirectoryName(Path.GetFullPath(ruleFile)) ?? ".", name);
        return File.Exists(beside) || !Options.FilesAnywhere ? beside : name;
    }

    public void ParseFile(string path, string shownAs, List<Rule> rules, List<RuleFault> faults)
    {
        using var reader = new StreamReader(path, Encoding.UTF8);
        Parse(reader, shownAs, rules, faults);
    }

    /// <summary>Reads rules line by line; a line that ends with a backslash goes on in the next.</summary>
    public void Parse(TextReader reader, string shownAs, List<Rule> rules, List<RuleFault> faults)
    {
        int number = 0;
        var held = new StringBuilder();
        int heldFrom = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (held.Length == 0) heldFrom = number;
            string trimmed = line.Trim();
            if (trimmed.EndsWith('\\'))
            {
                held.Append(trimmed, 0, trimmed.Length - 1);
                continue;
            }
            if (held.Length > 0)
            {
                held.Append(trimmed);
                trimmed = held.ToString();
                held.Clear();
            }
            if (trimmed.Length == 0 || trimmed[0] == '#') continue;
            if (TryParse(trimmed, shownAs, heldFrom, out Rule? rule, out RuleFault? fault)) rules.Add(rule!);
            else if (fault != null) faults.Add(fault);
        }
    }

    public bool TryParse(string text, string file, int line, out Rule? rule, out RuleFault? fault)
    {
        var made = new Rule { File = file, Line = line, Text = text };
        rule = null;
        fault = null;
        if (!Requirements.Met(text, Options.IgnoreUnknownRequirements))
        {
            Skipped++;
            return false;
        }
        try
        {
            int open = text.IndexOf('(', StringComparison.Ordinal);
            if (open < 0 || !text.EndsWith(')')) throw new RuleException("rule", "no options in parentheses");
            Header(made, text[..open]);
            var builder = new RuleBuilder(made, this);
            ReadOptions(builder, text.AsSpan(open + 1, text.Length - open - 2));
            RuleValidation.Finish(made);
            rule = made;
            return true;
        }
        catch (RuleException e)
        {
            LeftOutByOutside |= made.LooksOutside;
            fault = new RuleFault(file, line, made.Sid != 0 ? made.Sid : GuessSid(text), e.Keyword, e.Message);
            return false;
        }
    }

    private static uint GuessSid(string text)
    {
        int at = text.LastIndexOf("sid:", StringComparison.Ordinal);
        if (at < 0) return 0;
        uint sid = 0;
        for (int i = at + 4; i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == ' ') && sid < 400_000_000; i++)
            if (text[i] != ' ') sid = sid * 10 + (uint)(text[i] - '0');
        return sid;
    }

    private void Header(Rule rule, string header)
    {
        List<string> words = Words(header);
        if (words.Count != 7) throw new RuleException("header", $"a header has seven words, here are {words.Count}");
        rule.Action = words[0] switch
        {
            "alert" => RuleAction.Alert,
            "pass" => RuleAction.Pass,
            "drop" => RuleAction.Drop,
            "reject" or "rejectsrc" => RuleAction.Reject,
            "rejectdst" => RuleAction.RejectDestination,
            "rejectboth" => RuleAction.RejectBoth,
            "config" => RuleAction.Config,
            _ => throw new RuleException("action", $"unknown action \"{words[0]}\""),
        };
        Protocol(rule, words[1]);
        if (words[2].Contains(" ,", StringComparison.Ordinal) || words[5].Contains(" ,", StringComparison.Ordinal)) throw new RuleException("header", "a blank stands behind an address");
        rule.Source = Variables.AddressesOf(words[2]);
        rule.SourcePorts = Variables.PortsOf(words[3]);
        rule.Bidirectional = words[4] switch
        {
            "->" => false,
            "<>" => true,
            _ => throw new RuleException("direction", $"\"{words[4]}\" is neither -> nor <>"),
        };
        rule.Destination = Variables.AddressesOf(words[5]);
        rule.DestinationPorts = Variables.PortsOf(words[6]);
    }

    private static void Protocol(Rule rule, string word)
    {
        switch (word.ToLowerInvariant())
        {
            case "ip": rule.Protocol = HeaderProtocol.Ip; break;
            case "tcp": rule.Protocol = HeaderProtocol.Tcp; break;
            case "tcp-pkt": rule.Protocol = HeaderProtocol.TcpPacket; break;
            case "tcp-stream": rule.Protocol = HeaderProtocol.TcpStream; break;
            case "udp": rule.Protocol = HeaderProtocol.Udp; break;
            case "icmp" or "icmpv4" or "icmpv6":
                rule.Protocol = HeaderProtocol.Icmp;
                rule.ProtocolNumber = word.EndsWith('4') ? 1 : word.EndsWith('6') ? 58 : 0;
                break;
            case "sctp": rule.Protocol = HeaderProtocol.Sctp; break;
            case "ipv4" or "ip4": rule.Protocol = HeaderProtocol.Ipv4; break;
            case "ipv6" or "ip6": rule.Protocol = HeaderProtocol.Ipv6; break;
            case "pkthdr": rule.Protocol = HeaderProtocol.Other; break;
            default:
                AppProto application = word is "dce_rpc" or "ikev1" ? AppProto.Unknown : AppProtoNames.Parse(word);
                if (application is AppProto.Unknown or AppProto.Failed) throw new RuleException("protocol", $"unknown protocol \"{word}\"");
                rule.Protocol = HeaderProtocol.Application;
                rule.Application = application;
                break;
        }
    }

    private static List<string> Words(string header)
    {
        var words = new List<string>(7);
        int depth = 0, start = -1;
        for (int i = 0; i <= header.Length; i++)
        {
            char c = i < header.Length ? header[i] : ' ';
            if (c == '[') depth++;
            else if (c == ']') depth--;
            if (char.IsWhiteSpace(c) && (depth <= 0 || i == header.Length))
            {
                if (start >= 0) words.Add(header[start..i]);
                start = -1;
            }
            else if (start < 0) start = i;
        }
        return words;
    }

    private static void ReadOptions(RuleBuilder builder, ReadOnlySpan<char> text)
    {
        int at = 0;
        while (true)
        {
            while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == ';')) at++;
            if (at >= text.Length) return;
            int start = at;
            while (at < text.Length && text[at] != ':' && text[at] != ';') at++;
            string keyword = text[start..at].Trim().ToString();
            string? value = null;
            if (at < text.Length && text[at] == ':')
            {
                start = ++at;
                // a semicolon ends the option even between quotation marks, unless a backslash stands before it
                while (at < text.Length && text[at] != ';')
                {
                    if (text[at] == '\\' && at + 1 < text.Length) at++;
                    at++;
                }
                value = text[start..Math.Min(at, text.Length)].Trim().ToString();
            }
            if (at >= text.Length) throw new RuleException(keyword, "the option is not ended by a semicolon");
            KeywordTable.Apply(builder, keyword, value);
        }
    }

    public static int Integer(string keyword, string? text)
    {
        if (!int.TryParse(text?.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value))
            throw new RuleException(keyword, $"\"{text}\" is not a number");
        return value;
    }

    public static uint Unsigned(string keyword, string? text)
    {
        text = text?.Trim();
        bool hex = text != null && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (!uint.TryParse(hex ? text![2..] : text, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out uint value))
            throw new RuleException(keyword, $"\"{text}\" is not a number");
        return value;
    }

    public static string Unquote(string text) => text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;
}
