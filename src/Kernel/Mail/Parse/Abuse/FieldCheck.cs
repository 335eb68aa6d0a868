using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Holds a JSON object against the groups of a <see cref="FieldTable"/>. Names what is wrong, at most twenty things; depth is bounded by the reader of the JSON.</summary>
internal sealed class FieldCheck(FieldTable table, bool isNew)
{
    private const int Most = 20;

    private static readonly Dictionary<string, Regex> s_patterns = [];

    private readonly List<string> _faults = [];

    /// <summary>What is wrong; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Checks <paramref name="value"/> against a group by its name.</summary>
    public void Group(string name, JsonElement value, string path) => Object(table.Find(name)!, value, path);

    private void Object(FieldGroup group, JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            Fault(path, "is not an object");
            return;
        }
        var lines = table.Lines(group, isNew).ToList();
        foreach (var line in lines.TakeWhile(_ => _faults.Count < Most))
        {
            if (line.Rule == "field")
            {
                if (value.TryGetProperty(line.Name, out var field))
                    Value(line.Kind, line.Inner, field, $"{path}/{line.Name}");
                else if (line.Required)
                    Fault($"{path}/{line.Name}", "is missing");
            }
            else
                Rule(line, value, path);
        }
        if (group.Closed || lines.Exists(l => l.Rule == "only"))
            foreach (var other in value.EnumerateObject().Where(p => !lines.Exists(l => l.Rule == "field" && l.Name == p.Name)).Take(3))
                Fault($"{path}/{other.Name}", "is not a field of this format");
    }

    private void Rule(FieldLine line, JsonElement value, string path)
    {
        switch (line.Rule)
        {
            case "needs":
                Needs(line.Kind, value, path);
                break;
            case "either":
                if (!line.Kind.Split(',').Any(o => FieldGroup.Cut(o) is var (name, kind) && At(value, name) is { } field && (kind.Length == 0 || Fits(kind, field))))
                    Fault(path, $"has none of {line.Kind}, well formed");
                break;
            case "never":
                if (line.Kind.Split(',').Any(n => value.TryGetProperty(n, out _)))
                    Fault(path, $"must not have {line.Kind}");
                break;
            case "some":
                if (!value.EnumerateObject().Any())
                    Fault(path, "is empty");
                break;
            case "when" or "unless":
                var parts = line.Kind.Split(' ', 4);
                var met = At(value, parts[0]) is not { } condition || Fits(parts[1], condition);
                if (line.Rule == "unless")
                    met = At(value, parts[0]) is not { } other || !Fits(parts[1], other);
                if (!met)
                    break;
                if (parts[2] == "needs")
                    Needs(parts[3], value, path);
                else if (At(value, parts[2]) is { } subject && !Fits(parts[3], subject))
                    Fault($"{path}/{parts[2]}", "does not go with the other fields");
                break;
        }
    }

    /// <summary>A field by its name, with dots between levels, or null.</summary>
    private static JsonElement? At(JsonElement value, string name)
    {
        foreach (var step in name.Split('.'))
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value))
                return null;
        return value;
    }

    private void Needs(string names, JsonElement value, string path)
    {
        foreach (var name in names.Split(',').Where(n => !value.TryGetProperty(n, out _)))
            Fault($"{path}/{name}", "is missing");
    }

    private void Value(string kind, FieldGroup? inner, JsonElement value, string path)
    {
        if (kind.StartsWith("list", StringComparison.Ordinal))
        {
            if (value.ValueKind != JsonValueKind.Array || !InRange(kind[4..].Trim(), value.GetArrayLength()))
                Fault(path, "is not a list of the right length");
            else
                foreach (var (item, i) in value.EnumerateArray().Select((v, i) => (v, i)).TakeWhile(_ => _faults.Count < Most))
                    Object(inner!, item, $"{path}/{i}");
        }
        else if (inner is not null)
            Object(inner, value, path);
        else if (kind.StartsWith('@') && table.Find(kind[1..]) is { } group)
            Object(group, value, path);
        else if (!Fits(kind, value))
            Fault(path, $"is not {Words(kind)}");
    }

    private bool Fits(string kind, JsonElement value)
    {
        if (kind.EndsWith(" or many", StringComparison.Ordinal))
            return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().All(v => Fits(kind[..^8], v)) : Fits(kind[..^8], value);
        if (kind.StartsWith('['))
        {
            var close = kind.LastIndexOf(']');
            return value.ValueKind == JsonValueKind.Array && InRange(kind[(close + 1)..].Trim(), value.GetArrayLength()) && value.EnumerateArray().All(v => Fits(kind[1..close], v));
        }
        if (kind.StartsWith('@'))
            return kind[1..] switch
            {
                "any" => true,
                "texts" => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String),
                "values" => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String || IsInteger(p.Value)),
                var names => names.Split(" or ").Any(n => FitsGroup(n, value)),
            };
        if (kind.StartsWith('='))
            return value.ValueKind == JsonValueKind.String && kind[1..].Split('|').Contains(value.GetString());
        if (kind.StartsWith('/'))
            return value.ValueKind == JsonValueKind.String && Pattern(kind.Trim('/')).IsMatch(value.GetString()!);
        var (word, range) = FieldGroup.Cut(kind);
        return word switch
        {
            "any" => true,
            "bool" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "int" => IsInteger(value) && InRange(range, value.GetDouble()),
            "number" => value.ValueKind == JsonValueKind.Number && InRange(range, value.GetDouble()),
            _ => value.ValueKind == JsonValueKind.String && TextFits(word, range, value.GetString()!),
        };
    }

    private bool FitsGroup(string name, JsonElement value)
    {
        var inner = new FieldCheck(table, isNew);
        inner.Group(name, value, "");
        return inner.Faults.Count == 0;
    }

    private static bool TextFits(string kind, string range, string text) => kind switch
    {
        "text" => range.Length == 0 || InRange(range, text.EnumerateRunes().Count()),
        "time" => s_time.IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "uri" => s_uri.IsMatch(text),
        "mail" => text.LastIndexOf('@') is > 0 and < 256 and var at && IsHost(text[(at + 1)..].Trim('[', ']')) && !text.AsSpan().ContainsAny(" \t\r\n"),
        "host" => IsHost(text),
        "ip" => IsAddress(text, AddressFamily.InterNetwork) || IsAddress(text, AddressFamily.InterNetworkV6),
        "ipv4" => IsAddress(text, AddressFamily.InterNetwork),
        "ipv6" => IsAddress(text, AddressFamily.InterNetworkV6),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        _ => false,
    };

    private static bool IsAddress(string text, AddressFamily family) => ObservableText.Address(text) is { } kind ? (kind == "ipv4") == (family == AddressFamily.InterNetwork)
        : family == AddressFamily.InterNetworkV6 && text.Contains(':', StringComparison.Ordinal) && !text.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(text, out _);

    private static bool IsHost(string text) =>
        text.Length is > 0 and <= 253 && text.TrimEnd('.').Split('.').All(l => l.Length is > 0 and <= 63 && l[0] != '-' && l[^1] != '-' && l.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    private static bool IsInteger(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && Math.Floor(number) == number;

    private static bool InRange(string range, double value)
    {
        if (range.Split("..") is not [var from, var to])
            return true;
        return (from.Length == 0 || value >= double.Parse(from, CultureInfo.InvariantCulture)) && (to.Length == 0 || value <= double.Parse(to, CultureInfo.InvariantCulture));
    }

    private static Regex Pattern(string text)
    {
        lock (s_patterns)
        {
            if (!s_patterns.TryGetValue(text, out var pattern))
                s_patterns[text] = pattern = new(text.Replace("\\/", "/", StringComparison.Ordinal), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return pattern;
        }
    }

    private static string Words(string kind) => kind.StartsWith('=') ? $"one of {kind[1..].Replace("|", ", ", StringComparison.Ordinal)}" : kind.StartsWith('/') ? "of the right form" : $"a valid {kind.Trim('@', '[', ']')}";

    private void Fault(string path, string what)
    {
        if (_faults.Count < Most)
            _faults.Add($"{(path.Length == 0 ? "the report" : path.TrimStart('/'))} {what}");
    }

    private static readonly Regex s_time = new(@"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$", RegexOptions.NonBacktracking);

    private static readonly Regex s_uri = new(@"^[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>""{}|\\^`]+$", RegexOptions.NonBacktracking);
}
