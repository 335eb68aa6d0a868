using System.Globalization;
using System.Text.Json;
using Appliance.Sensing.Engine.Capture.Ring;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>A job file: replay this capture, or give out these packets of the ring.</summary>
internal sealed record SensorJob(string Id, string File, bool CommunityId, PacketQuery? Query)
{
    private const int MostBytes = 1 << 16;

    /// <summary>Null when it is no job; <paramref name="fault"/> says why.</summary>
    public static SensorJob? Read(string path, out string? fault)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes) throw new FormatException($"it is larger than {MostBytes} bytes");
            using JsonDocument json = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            fault = null;
            return Of(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or FormatException or InvalidOperationException)
        {
            fault = e is FormatException ? e.Message : $"the job file cannot be read: {e.Message}";
            return null;
        }
    }

    private static SensorJob Of(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new FormatException("the job is not an object");
        string id = Text(root, "id") ?? "", kind = Text(root, "kind") ?? "", file = Text(root, "file") ?? "";
        if (id.Length is 0 or > 64 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) throw new FormatException("the id is not 1 to 64 letters, digits, - or _");
        switch (kind)
        {
            case "replay":
                if (file.Length == 0) throw new FormatException("names no file");
                return new SensorJob(id, file, !root.TryGetProperty("community_id", out JsonElement c) || c.ValueKind != JsonValueKind.False, null);
            case "extract": return new SensorJob(id, "", false, Asked(root));
            default: throw new FormatException($"unknown kind \"{kind}\"");
        }
    }

    private static PacketQuery Asked(JsonElement root)
    {
        var query = new PacketQuery { From = Time(root, "from") ?? throw new FormatException("names no time \"from\""), To = Time(root, "to") ?? Clock.Now };
        if (query.To < query.From) throw new FormatException("\"to\" lies before \"from\"");
        if (Text(root, "community_id") is { } community)
            return community.StartsWith("1:", StringComparison.Ordinal) && community.Length is > 2 and <= 40 ? query with { CommunityId = community } : throw new FormatException("\"community_id\" is none of version 1");
        return query with
        {
            Source = Address(root, "src_ip"),
            Destination = Address(root, "dest_ip"),
            SourcePort = Port(root, "src_port"),
            DestinationPort = Port(root, "dest_port"),
            Protocol = Text(root, "proto")?.ToUpperInvariant() switch { null => -1, "TCP" => 6, "UDP" => 17, "ICMP" => 1, "IPV6-ICMP" or "ICMPV6" => 58, "SCTP" => 132, "ESP" => 50, var other => int.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n <= 255 ? n : throw new FormatException($"\"proto\" {other} is not known") },
        };
    }

    private static string? Text(JsonElement root, string name) =>
        !root.TryGetProperty(name, out JsonElement e) || e.ValueKind == JsonValueKind.Null ? null
        : e.ValueKind == JsonValueKind.String ? e.GetString() : throw new FormatException($"\"{name}\" is not text");

    /// <summary>ISO 8601 with its offset, or as EVE writes it, in microseconds since 1970.</summary>
    private static long? Time(JsonElement root, string name)
    {
        if (Text(root, name) is not { } text) return null;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)) throw new FormatException($"\"{name}\" is not a time");
        return (time.UtcDateTime - DateTime.UnixEpoch).Ticks / 10;
    }

    private static IpAddress Address(JsonElement root, string name)
    {
        string text = Text(root, name) ?? throw new FormatException($"names neither \"community_id\" nor \"{name}\"");
        if (!System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? address)) throw new FormatException($"\"{name}\" is not an address");
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? IpAddress.ReadV4(bytes) : IpAddress.ReadV6(bytes);
    }

    private static int Port(JsonElement root, string name) =>
        !root.TryGetProperty(name, out JsonElement e) || e.ValueKind == JsonValueKind.Null ? -1
        : e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int port) && port is >= 0 and <= 65535 ? port : throw new FormatException($"\"{name}\" is not a port");
}
