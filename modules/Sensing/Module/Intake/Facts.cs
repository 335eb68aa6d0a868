using System.Runtime.InteropServices;
using System.Text.Json;

namespace Appliance.Sensing.Intake;

/// <summary>A service as it was spoken to: who serves, where, by what transport, which protocol.</summary>
internal readonly record struct ServiceKey(Address Address, int Port, bool Udp, string Application);

/// <summary>A certificate as one server presented it.</summary>
internal readonly record struct CertificateKey(Address Address, int Port, string Fingerprint);

/// <summary>What a certificate says of itself. Written by strangers.</summary>
internal sealed record CertificateText(string Subject, string Issuer, string ServerName, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter);

/// <summary>One answer of the domain name system.</summary>
internal readonly record struct NameKey(string Name, string Type, string Value);

/// <summary>What the records of a batch say of hosts: services, certificates, names. Bounded, since all of it is chosen by strangers. Not thread-safe.</summary>
internal sealed class Facts
{
    /// <summary>Facts of one kind in one batch.</summary>
    private const int Most = 5000;

    private const int LongestName = 253;
    private const int LongestText = 400;

    // Protocols whose record runs from client to server, so that its destination is what serves.
    private static readonly HashSet<string> s_served = new(StringComparer.Ordinal)
        { "http", "tls", "quic", "ssh", "smtp", "ftp", "smb", "rdp", "rfb", "sip", "mqtt", "pgsql", "nfs", "krb5", "modbus", "dnp3", "tftp", "telnet", "imap", "pop3", "ldap" };

    // As deep as the parser that judged the line: what it let through must not fail here.
    private const int Depth = 128;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = Depth };

    public Dictionary<ServiceKey, Sighting> Services { get; } = [];

    public Dictionary<CertificateKey, (Sighting Seen, CertificateText Text)> Certificates { get; } = [];

    public Dictionary<NameKey, Sighting> Names { get; } = [];

    public void Clear()
    {
        Services.Clear();
        Certificates.Clear();
        Names.Clear();
    }

    /// <summary>Takes what <paramref name="record"/> says; <paramref name="raw"/> is its line, sound JSON.</summary>
    public void Take(EveRecord record, ReadOnlySpan<byte> raw)
    {
        if (s_served.Contains(record.Type) && record.DestinationPort > 0 && !record.Destination.IsNone && Services.Count < Most)
            See(ref CollectionsMarshal.GetValueRefOrAddDefault(Services, new(record.Destination, record.DestinationPort, record.Proto.Span.SequenceEqual("UDP"u8), record.Type), out var known), known, record.SeenMicros);
        if (record.Type == "tls" && record.DestinationPort > 0 && raw.IndexOf("\"fingerprint\""u8) >= 0)
            Certificate(record, raw);
        else if (record.Type == "dns" && raw.IndexOf("\"answers\""u8) >= 0)
            Answers(record, raw);
    }

    private static void See(ref Sighting sighting, bool known, long micros)
    {
        sighting.First = known ? Math.Min(sighting.First, micros) : micros;
        sighting.Last = Math.Max(sighting.Last, micros);
        sighting.Records++;
    }

    private void Certificate(EveRecord record, ReadOnlySpan<byte> raw)
    {
        if (Certificates.Count >= Most)
            return;
        using var document = JsonDocument.Parse(raw.ToArray(), new JsonDocumentOptions { MaxDepth = Depth });
        if (!document.RootElement.TryGetProperty("tls", out var tls) || tls.ValueKind != JsonValueKind.Object || Text(tls, "fingerprint") is not { Length: > 0 and <= 128 } fingerprint)
            return;
        var key = new CertificateKey(record.Destination, record.DestinationPort, fingerprint.ToLowerInvariant());
        var seen = Certificates.TryGetValue(key, out var known) ? known.Seen : default;
        See(ref seen, seen.Records > 0, record.SeenMicros);
        Certificates[key] = (seen, new(Text(tls, "subject"), Text(tls, "issuerdn"), Text(tls, "sni"), Moment(tls, "notbefore"), Moment(tls, "notafter")));
    }

    /// <summary>The answer section, with or without the question's own copy above it; grouped answers repeat what stands here.</summary>
    private void Answers(EveRecord record, ReadOnlySpan<byte> raw)
    {
        var reader = new Utf8JsonReader(raw, s_options);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("answers"u8))
                continue;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                return;
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                Answer(ref reader, record.SeenMicros);
            return;
        }
    }

    private void Answer(ref Utf8JsonReader reader, long micros)
    {
        var (name, type, value) = ("", "", "");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var which = reader.ValueTextEquals("rrname"u8) ? 1 : reader.ValueTextEquals("rrtype"u8) ? 2 : reader.ValueTextEquals("rdata"u8) ? 3 : 0;
            reader.Read();
            if (which == 0 || reader.TokenType != JsonTokenType.String)
                reader.Skip();
            else if (which == 1)
                name = reader.GetString()!;
            else if (which == 2)
                type = reader.GetString()!;
            else
                value = reader.GetString()!;
        }
        if (Names.Count >= Most || type is not ("A" or "AAAA" or "CNAME" or "PTR" or "MX" or "NS") || name.Length is 0 or > LongestName || value.Length is 0 or > LongestName || name.Contains('\0') || value.Contains('\0'))
            return;
        See(ref CollectionsMarshal.GetValueRefOrAddDefault(Names, new(name.TrimEnd('.').ToLowerInvariant(), type, value.TrimEnd('.').ToLowerInvariant()), out var known), known, micros);
    }

    private static string Text(JsonElement element, string name)
    {
        var text = element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Replace('\0', '\uFFFD') : "";
        return text.Length <= LongestText ? text : string.Concat(text.EnumerateRunes().Take(LongestText).Select(static r => r.ToString()));
    }

    private static DateTimeOffset? Moment(JsonElement element, string name) =>
        DateTimeOffset.TryParse(Text(element, name), System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal, out var at) ? at : null;
}
