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
            using var document = JsonDocument.Parse(await http.ReadAsync(new Uri(new Uri(options.Lookups.RdapBootstrap), list + ".json"), s_limits, cancel));
            var services = new List<(string, Uri)>();
            foreach (var service in document.RootElement.GetProperty("services").EnumerateArray())
            {
                // Section 3: the first list names what, the second where; https goes before http.
                var servers = service[1].EnumerateArray().Select(static s => Uri.TryCreate(s.GetString(), UriKind.Absolute, out var uri) ? uri : null).OfType<Uri>().OrderByDescending(static u => u.Scheme).ToList();
                if (servers.Count == 0)
                    continue;
                foreach (var key in service[0].EnumerateArray())
                    services.Add(((key.GetString() ?? "").ToLowerInvariant(), servers[0]));
            }
            _lists[list] = (time.GetUtcNow(), services);
            return services;
        }
        finally
        {
            _gate.Release();
        }
    }
}
