using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>One observable in the forms STIX knows: an observable object, an indicator pattern, or a vulnerability.</summary>
internal sealed record Trace(Observable From, string ObjectType, string Property, JsonNode Value, string Display)
{
    /// <summary>True when a sensor can look for it.</summary>
    public bool IsIndicator => ObjectType is not ("vulnerability" or "autonomous-system");

    /// <summary>Reads <paramref name="from"/>; null when the value is not what its type says.</summary>
    public static Trace? Read(Observable from)
    {
        var value = from.Value.Trim();
        return from.Type switch
        {
            "ipv4" when IPAddress.TryParse(value, out var a) && a.AddressFamily == AddressFamily.InterNetwork && a.ToString() == value => new(from, "ipv4-addr", "value", value, value),
            "ipv6" when IPAddress.TryParse(value, out var a) && a.AddressFamily == AddressFamily.InterNetworkV6 && a.ScopeId == 0 => new(from, "ipv6-addr", "value", a.ToString(), a.ToString()),
            "domain" when IsName(value.TrimEnd('.')) => new(from, "domain-name", "value", value.TrimEnd('.').ToLowerInvariant(), value),
            "url" when value.Length <= 4096 && Uri.TryCreate(value, UriKind.Absolute, out var u) && u.Scheme.Length > 1 => new(from, "url", "value", value, value),
            "email" when value.Length <= 320 && value.Split('@') is [{ Length: > 0 }, var host] && IsName(host) => new(from, "email-addr", "value", value, value),
            "md5" when IsHex(value, 32) => new(from, "file", "MD5", value.ToLowerInvariant(), value),
            "sha1" when IsHex(value, 40) => new(from, "file", "SHA-1", value.ToLowerInvariant(), value),
            "sha256" when IsHex(value, 64) => new(from, "file", "SHA-256", value.ToLowerInvariant(), value),
            "asn" when uint.TryParse(value.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? value[2..] : value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) => new(from, "autonomous-system", "number", (long)n, value),
            "cve" when IsCve(value) => new(from, "vulnerability", "name", value.ToUpperInvariant(), value),
            _ => null,
        };
    }

    /// <summary>The observable object; its id follows from its content, so every node gives it the same.</summary>
    public JsonObject Object(Tlp tlp)
    {
        var contributing = ObjectType == "file"
            ? new JsonObject { ["hashes"] = new JsonObject { [Property] = Value.DeepClone() } }
            : new JsonObject { [Property] = Value.DeepClone() };
        var result = new JsonObject
        {
            ["type"] = ObjectType,
            ["spec_version"] = "2.1",
            ["id"] = StixId.Observable(ObjectType, contributing),
            ["object_marking_refs"] = new JsonArray(TlpMarking.IdOf(tlp)),
        };
        foreach (var (name, value) in contributing)
            result[name] = value!.DeepClone();
        return result;
    }

    /// <summary>The pattern that finds it.</summary>
    public string Pattern() => ObjectType == "file"
        ? $"[file:hashes.'{Property}' = '{(string)Value!}']"
        : $"[{ObjectType}:{Property} = '{((string)Value!).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}']";

    private static bool IsHex(string value, int length) => value.Length == length && value.All(char.IsAsciiHexDigit);

    private static bool IsName(string value) =>
        value.Length is > 3 and <= 253
        && value.Split('.') is { Length: > 1 } labels
        && labels.All(l => l.Length is > 0 and <= 63 && l.All(c => char.IsLetterOrDigit(c) || c is '-' or '_'));

    private static bool IsCve(string value) =>
        value.Split('-') is [var head, { Length: 4 } year, { Length: >= 4 and <= 10 } number]
        && head.Equals("CVE", StringComparison.OrdinalIgnoreCase) && year.All(char.IsAsciiDigit) && number.All(char.IsAsciiDigit);
}
