using System.Globalization;

namespace Appliance.Sensing.Engine.Rules;

internal sealed class RuleException(string keyword, string reason) : Exception(reason)
{
    public string Keyword { get; } = keyword;
}

/// <summary>HOME_NET and its kin, and the sets that rule headers build from them. Equal texts share one set.</summary>
internal sealed class RuleVariables
{
    public Dictionary<string, string> Addresses { get; } = new()
    {
        ["HOME_NET"] = "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]", ["EXTERNAL_NET"] = "!$HOME_NET", ["HTTP_SERVERS"] = "$HOME_NET", ["SMTP_SERVERS"] = "$HOME_NET",
        ["SQL_SERVERS"] = "$HOME_NET", ["DNS_SERVERS"] = "$HOME_NET", ["TELNET_SERVERS"] = "$HOME_NET", ["AIM_SERVERS"] = "$EXTERNAL_NET", ["DC_SERVERS"] = "$HOME_NET",
        ["DNP3_SERVER"] = "$HOME_NET", ["DNP3_CLIENT"] = "$HOME_NET", ["MODBUS_CLIENT"] = "$HOME_NET", ["MODBUS_SERVER"] = "$HOME_NET", ["ENIP_CLIENT"] = "$HOME_NET", ["ENIP_SERVER"] = "$HOME_NET",
    };

    public Dictionary<string, string> Ports { get; } = new()
    {
        ["HTTP_PORTS"] = "80", ["SHELLCODE_PORTS"] = "!80", ["ORACLE_PORTS"] = "1521", ["SSH_PORTS"] = "22", ["DNP3_PORTS"] = "20000", ["MODBUS_PORTS"] = "502",
        ["FILE_DATA_PORTS"] = "[$HTTP_PORTS,110,143]", ["FTP_PORTS"] = "21", ["GENEVE_PORTS"] = "6081", ["VXLAN_PORTS"] = "4789", ["TEREDO_PORTS"] = "3544",
    };

    private readonly Dictionary<string, AddressSet> _addressSets = new() { ["any"] = AddressSet.Any };
    private readonly Dictionary<string, PortSet> _portSets = new() { ["any"] = PortSet.Any };

    private bool _negation;

    public AddressSet AddressesOf(string text)
    {
        if (_addressSets.TryGetValue(text, out AddressSet? known)) return known;
        var yes = new List<(UInt128, UInt128)>();
        var no = new List<(UInt128, UInt128)>();
        bool positive = false;
        _negation = false;
        CollectAddresses(text, false, yes, no, ref positive, 0);
        if (!positive) yes.Add((UInt128.Zero, UInt128.MaxValue));
        var set = new AddressSet(AddressSet.Subtract(yes, no)) { HasNegation = _negation };
        if (set.IsEmpty) throw new RuleException("address", $"\"{text}\" leaves no address");
        return _addressSets[text] = set;
    }

    private void CollectAddresses(string text, bool negated, List<(UInt128, UInt128)> yes, List<(UInt128, UInt128)> no, ref bool positive, int depth)
    {
        if (depth > 64) throw new RuleException("address", "variables refer to each other in a circle");
        foreach (string raw in Split(text, "address"))
        {
            string item = raw;
            bool not = negated;
            while (item.StartsWith('!'))
            {
                not = !not;
                _negation = true;
                item = item[1..].TrimStart();
            }
            if (item == "any")
            {
                if (not) throw new RuleException("address", "\"!any\" can never match");
                positive = true;
                yes.Add((UInt128.Zero, UInt128.MaxValue));
            }
            else if (item.StartsWith('$') || item.StartsWith('['))
            {
                string inner = item;
                if (item.StartsWith('$'))
                {
                    if (!Addresses.TryGetValue(item[1..], out string? value)) throw new RuleException("address", $"the variable {item} is not defined");
                    inner = value;
                }
                if (not)
                {
                    // what the inside means as a set, taken away as a whole
                    var innerYes = new List<(UInt128, UInt128)>();
                    var innerNo = new List<(UInt128, UInt128)>();
                    bool innerPositive = false;
                    CollectAddresses(inner, false, innerYes, innerNo, ref innerPositive, depth + 1);
                    if (!innerPositive) innerYes.Add((UInt128.Zero, UInt128.MaxValue));
                    no.AddRange(AddressSet.Subtract(innerYes, innerNo));
                }
                else
                {
                    var innerYes = new List<(UInt128, UInt128)>();
                    var innerNo = new List<(UInt128, UInt128)>();
                    bool innerPositive = false;
                    CollectAddresses(inner, false, innerYes, innerNo, ref innerPositive, depth + 1);
                    if (innerPositive)
                    {
                        positive = true;
                        yes.AddRange(AddressSet.Subtract(innerYes, innerNo));
                    }
                    else
                    {
                        positive = true;
                        yes.AddRange(AddressSet.Subtract([(UInt128.Zero, UInt128.MaxValue)], innerNo));
                    }
                }
            }
            else if (AddressSet.TryRange(item, out var range))
            {
                if (not) no.Add(range);
                else
                {
                    yes.Add(range);
                    positive = true;
                }
            }
            else throw new RuleException("address", $"\"{item}\" is not an address");
        }
    }

    public PortSet PortsOf(string text)
    {
        if (_portSets.TryGetValue(text, out PortSet? known)) return known;
        PortSet set = BuildPorts(text, 0);
        if (set.IsEmpty) throw new RuleException("port", $"\"{text}\" leaves no port");
        return _portSets[text] = set;
    }

    private PortSet BuildPorts(string text, int depth)
    {
        if (depth > 64) throw new RuleException("port", "variables refer to each other in a circle");
        var yes = new PortSet();
        var no = new PortSet();
        bool positive = false;
        foreach (string raw in Split(text, "port"))
        {
            string item = raw;
            bool not = false;
            while (item.StartsWith('!'))
            {
                not = !not;
                item = item[1..].TrimStart();
            }
            PortSet one;
            if (item == "any") one = PortSet.Any;
            else if (item.StartsWith('$'))
            {
                if (!Ports.TryGetValue(item[1..], out string? value)) throw new RuleException("port", $"the variable {item} is not defined");
                one = BuildPorts(value, depth + 1);
            }
            else if (item.StartsWith('[')) one = BuildPorts(item, depth + 1);
            else
            {
                one = new PortSet();
                int colon = item.IndexOf(':', StringComparison.Ordinal);
                int low = 0, high = 65535;
                bool fine = colon < 0
                    ? TryPort(item, out low) && (high = low) >= 0
                    : (colon == 0 || TryPort(item[..colon], out low)) && (colon == item.Length - 1 || TryPort(item[(colon + 1)..], out high));
                if (!fine || low > high) throw new RuleException("port", $"\"{item}\" is not a port or range");
                one.Add(low, high);
            }
            if (not) no.Add(one);
            else
            {
                yes.Add(one);
                positive = true;
            }
        }
        if (!positive) yes.Add(0, 65535);
        yes.Remove(no);
        return yes;
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535;

    /// <summary>Items of a list, brackets taken off; brackets inside are kept whole.</summary>
    private static List<string> Split(string text, string kind)
    {
        text = text.Trim();
        var items = new List<string>();
        if (text.StartsWith('[') && MatchingEnd(text) == text.Length - 1) text = text[1..^1];
        int depth = 0, start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '[') depth++;
            else if (i < text.Length && text[i] == ']') depth--;
            else if (i == text.Length || text[i] == ',' && depth == 0)
            {
                string item = text[start..i].Trim();
                if (item.Length == 0) throw new RuleException(kind, $"an empty item in \"{text}\"");
                items.Add(item);
                start = i + 1;
            }
        }
        if (depth != 0) throw new RuleException(kind, $"brackets do not match in \"{text}\"");
        return items;
    }

    private static int MatchingEnd(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '[') depth++;
            else if (text[i] == ']' && --depth == 0) return i;
        }
        return -1;
    }
}
