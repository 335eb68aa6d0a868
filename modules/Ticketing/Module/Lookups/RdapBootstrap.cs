using System.Globalization;
using System.Net;
using System.Text.Json;
using Appliance.Kernel.Http;

namespace Appliance.Ticketing.Lookups;

/// <summary>Which registry knows what, by IANA's lists (RFC 9224). They are fetched once a day when somebody asks. Thread-safe.</summary>
internal sealed class RdapBootstrap(OutgoingHttp http, TicketingOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_kept = TimeSpan.FromHours(24);
    private static readonly OutgoingLimits s_limits = new(4 << 20, TimeSpan.FromSeconds(30));

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, (DateTimeOffset At, List<(string Key, Uri Server)> Services)> _lists = [];

    /// <summary>Where to ask about <paramref name="subject"/>, with its path; null when no registry says that it knows.</summary>
    public async Task<(Uri Server, string Path)?> FindAsync(LookupSubject subject, CancellationToken cancel)
    {
        if (subject.Name is { } name)
            return Best(await ReadAsync("dns", cancel), key => name == key || name.EndsWith("." + key, StringComparison.Ordinal) ? key.Length : -1) is { } server ? (server, $"domain/{name}") : null;
        if (subject.Number is { } number)
            return Best(await ReadAsync("asn", cancel), key => InRange(key, number) ? 0 : -1) is { } server ? (server, string.Create(CultureInfo.InvariantCulture, $"autnum/{number}")) : null;
        var list = subject.Address!.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "ipv4" : "ipv6";
        return Best(await ReadAsync(list, cancel), key => IPNetwork.TryParse(key, out var network) && network.Contains(subject.Address) ? network.PrefixLength : -1) is { } known ? (known, $"ip/{subject.Address}") : null;
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>The entry that fits best: RFC 9224 sections 4 and 5 want the longest.</summary>
    private static Uri? Best(List<(string Key, Uri Server)> services, Func<string, int> fit)
    {
        var (best, server) = (-1, (Uri?)null);
        foreach (var (key, at) in services)
        {
            if (fit(key) is var score && score > best)
                (best, server) = (score, at);
        }
        return server;
    }

    private static bool InRange(string key, uint number)
    {
        var ends = key.Split('-');
        return uint.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var low) && uint.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var high) && number >= low && number <= high;
    }

    private async Task<List<(string Key, Uri Server)>> ReadAsync(string list, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_lists.TryGetValue(list, out var known) && time.GetUtcNow() - known.At < s_kept)
                return known.Services;
            var at = new Uri(new Uri(options.Lookups.RdapBootstrap), list + ".json");
            using var document = JsonDocument.Parse(await http.ReadAsync(at, s_limits, cancel));
            var services = Services(document.RootElement).ToList();
            if (services.Count == 0)
                throw new HttpRequestException($"{at} is no list of registries");
            _lists[list] = (time.GetUtcNow(), services);
            return services;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Section 3: of each service the first list names what, the second where. https goes before http.</summary>
    private static IEnumerable<(string Key, Uri Server)> Services(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("services", out var services))
            yield break;
        foreach (var service in Items(services).Where(static s => Items(s).Count() == 2))
        {
            if (Texts(service[1]).Select(static s => Uri.TryCreate(s, UriKind.Absolute, out var uri) ? uri : null).OfType<Uri>().OrderByDescending(static u => u.Scheme, StringComparer.Ordinal).FirstOrDefault() is not { } server)
                continue;
            foreach (var key in Texts(service[0]))
                yield return (key.ToLowerInvariant(), server);
        }
    }

    private static IEnumerable<string> Texts(JsonElement list) => Items(list).Where(static i => i.ValueKind == JsonValueKind.String).Select(static i => i.GetString()!);

    private static IEnumerable<JsonElement> Items(JsonElement list) => list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];
}
