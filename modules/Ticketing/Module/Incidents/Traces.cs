using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Incidents;

/// <summary>The technical traces of an incident.</summary>
internal static class Traces
{
    /// <summary>Types that are kept.</summary>
    public static readonly string[] Types = ["ipv4", "ipv6", "domain", "url", "email", "md5", "sha1", "sha256", "sha512", "imphash", "ssdeep", "cve", "asn", "ipv4_cidr", "mac_address", "registry_key_path", "bitcoin_address"];

    private const int MostPerCall = 2000;

    private const string Insert =
        """
        insert into ticketing.observables (incident_id, type, value, source, added_at)
        select @Incident, t.type, t.value, @Source, @Now
        from unnest(@Types, @Values) as t (type, value)
        on conflict do nothing
        """;

    /// <summary>Adds those that are new; answers how many.</summary>
    public static async Task<int> AddAsync(Work work, IncidentId incident, IReadOnlyList<Observable> observables, string source, CancellationToken cancel)
    {
        var kept = Tidy(observables);
        return kept.Count == 0
            ? 0
            : await work.ExecuteAsync(
                Insert,
                new { Incident = incident.Value, Source = source, work.Now, Types = kept.Select(o => o.Type).ToArray(), Values = kept.Select(o => o.Value).ToArray() },
                cancel);
    }

    /// <summary>Known types, no control characters, bounded length, each once.</summary>
    public static List<Observable> Tidy(IReadOnlyList<Observable> observables) =>
        [.. observables.Where(o => Types.Contains(o.Type) && o.Value.Length is > 0 and <= 4096 && !o.Value.Any(char.IsControl)).Distinct().Take(MostPerCall)];
}
