using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Appliance.Contracts;

namespace Appliance.Sensing.Triage;

/// <summary>Collects the traces named in EVE records: addresses, names, URLs, hashes. Bounded; what a stranger wrote stays as written.</summary>
internal sealed class ObservableSet
{
    private const int Limit = 200;
    private const int LongestValue = 2000;

    private readonly List<Observable> _found = [];
    private readonly HashSet<Observable> _seen = [];

    public void AddAddress(IPAddress? address)
    {
        if (address is not null)
            Add(address.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4", address.ToString());
    }

    public void AddRecord(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonDocument.Parse(raw, new JsonDocumentOptions { MaxDepth = 128 });
        Add(document.RootElement);
    }

    public void AddRecord(string raw)
    {
        using var document = JsonDocument.Parse(raw, new JsonDocumentOptions { MaxDepth = 128 });
        Add(document.RootElement);
    }

    private void Add(JsonElement record)
    {
        if (Member(record, "http") is { ValueKind: JsonValueKind.Object } http)
            AddHttp(http);
        if (Member(record, "dns") is { } dns)
            AddDns(dns);
        if (Member(record, "tls") is { } tls)
            Add("domain", Text(tls, "sni"));
        if (Member(record, "quic") is { } quic)
            Add("domain", Text(quic, "sni"));
        if (Member(record, "fileinfo") is { } file)
            AddHashes(file);
        if (Member(record, "files") is { ValueKind: JsonValueKind.Array } files)
        {
            foreach (var one in files.EnumerateArray())
                AddHashes(one);
        }
    }

    public IReadOnlyList<Observable> ToList() => _found;

    private void AddHttp(JsonElement http)
    {
        var host = Text(http, "hostname");
        AddHost(host);
        if (host is not null && Text(http, "url") is { Length: > 1 } url)
            Add("url", url.Contains("://", StringComparison.Ordinal) ? url : $"http://{host}{url}");
    }

    private void AddDns(JsonElement dns)
    {
        if (dns.ValueKind == JsonValueKind.Array)
        {
            foreach (var one in dns.EnumerateArray())
                AddDns(one);
            return;
        }
        AddHost(Text(dns, "rrname"));
        foreach (var list in new[] { "query", "queries" })
        {
            if (Member(dns, list) is { ValueKind: JsonValueKind.Array } questions)
            {
                foreach (var question in questions.EnumerateArray())
                    AddHost(Text(question, "rrname"));
            }
        }
    }

    private void AddHashes(JsonElement file)
    {
        Add("sha256", Text(file, "sha256"));
        Add("sha1", Text(file, "sha1"));
        Add("md5", Text(file, "md5"));
    }

    private void AddHost(string? host)
    {
        if (host is null)
            return;
        var name = host.TrimEnd('.');
        if (IPAddress.TryParse(name, out var address))
            AddAddress(address);
        else if (name.Contains('.', StringComparison.Ordinal) && !name.EndsWith(".arpa", StringComparison.OrdinalIgnoreCase))
            Add("domain", name.Split(':')[0].ToLowerInvariant());
    }

    private void Add(string type, string? value)
    {
        if (string.IsNullOrWhiteSpace(value) || value.Length > LongestValue || _found.Count >= Limit)
            return;
        var observable = new Observable(type, value);
        if (_seen.Add(observable))
            _found.Add(observable);
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
