using System.Collections.Frozen;
using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Directories.Lookup;

/// <summary>The published answer to "whose is this": tables in memory, swapped whole when the directory changes.</summary>
internal sealed class Constituency(Database database, ILogger<Constituency> log) : IConstituency, IDisposable
{
    private const string SelectNetworks =
        """
        select n.constituent_id, c.name, n.written, n.prefix::text as prefix, n.domain, n.asn
        from directory.networks n
        join directory.constituents c on c.id = n.constituent_id
        where n.active and c.archived_at is null
        order by n.added_at, n.id
        """;

    private const string SelectCards =
        """
        select c.id, c.name, c.sector
        from directory.constituents c
        where (@Id::uuid is null or c.id = @Id)
          and (@Own::uuid is null or c.id = @Own)
          and (@Like::text is null or (c.name ilike @Like and c.archived_at is null))
        order by lower(c.name)
        limit @Limit
        """;

    private const string SelectContacts =
        """
        select constituent_id, name, mail, language, purpose
        from directory.contacts
        where constituent_id = any(@Ids)
        order by position, added_at
        """;

    private readonly SemaphoreSlim _oneReload = new(1, 1);
    private volatile Tables _tables = new(new AddressTable([]), new DomainTable([]), FrozenDictionary<long, ConstituentMatch>.Empty);

    public ConstituentMatch? Find(IPAddress address) => _tables.Addresses.Find(address);

    public ConstituentMatch? Find(string name) =>
        LooksLikeAddress(name) && IPAddress.TryParse(name, out var address) ? Find(address) : _tables.Domains.Find(name);

    public ConstituentMatch? FindSystem(long number) => _tables.Systems.GetValueOrDefault(number);

    public async Task<ConstituentCard?> FindAsync(Viewer viewer, ConstituentId id, CancellationToken cancel) =>
        MayLook(viewer) ? (await CardsAsync(viewer, id, null, 1, cancel)).FirstOrDefault() : null;

    public async Task<IReadOnlyList<ConstituentCard>> SearchAsync(Viewer viewer, string words, int limit, CancellationToken cancel) =>
        MayLook(viewer) ? await CardsAsync(viewer, null, $"%{Like.Escape(words.Trim())}%", Math.Clamp(limit, 1, 100), cancel) : [];

    /// <summary>Reads the tables again and swaps them. Concurrent calls queue; each sees what was committed before it was called.</summary>
    public async Task ReloadAsync(CancellationToken cancel)
    {
        await _oneReload.WaitAsync(cancel);
        try
        {
            var rows = await database.QueryAsync<NetworkRow>(SelectNetworks, null, cancel);
            var prefixes = new List<(IPNetwork, ConstituentMatch)>();
            var domains = new List<(string, ConstituentMatch)>();
            var systems = new Dictionary<long, ConstituentMatch>();
            foreach (var row in rows)
            {
                var match = new ConstituentMatch(row.ConstituentId, row.Name, row.Written);
                if (row.Prefix is { } text && IPNetwork.TryParse(text, out var prefix))
                    prefixes.Add((prefix, match));
                else if (row.Domain is { } domain)
                    domains.Add((domain, match));
                else if (row.Asn is { } number)
                    systems.TryAdd(number, match);
            }
            _tables = new(new AddressTable(prefixes), new DomainTable(domains), systems.ToFrozenDictionary());
            Log.Swapped(log, prefixes.Count, domains.Count, rows.Count - prefixes.Count - domains.Count);
        }
        finally
        {
            _oneReload.Release();
        }
    }

    /// <summary>For acts, after their commit: a fault is logged and left to the worker that follows the event.</summary>
    public async Task ReloadAfterActAsync(CancellationToken cancel)
    {
        try
        {
            await ReloadAsync(cancel);
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
        {
            Log.SwapFailed(log, fault.Message);
        }
    }

    public void Dispose() => _oneReload.Dispose();

    private static bool MayLook(Viewer viewer) => viewer.May(Permissions.Read) || viewer.Constituent is not null;

    private static bool LooksLikeAddress(string name) => name.Length > 0 && (char.IsAsciiDigit(name[^1]) || name.Contains(':'));

    private async Task<IReadOnlyList<ConstituentCard>> CardsAsync(Viewer viewer, ConstituentId? id, string? like, int limit, CancellationToken cancel)
    {
        var own = viewer.Constituent?.Value;
        var cards = await database.QueryAsync<CardRow>(SelectCards, new { Id = id?.Value, Own = own, Like = like, Limit = limit }, cancel);
        var contacts = (await database.QueryAsync<ContactRow>(SelectContacts, new { Ids = cards.Select(c => c.Id.Value).ToArray() }, cancel)).ToLookup(c => c.ConstituentId);
        return [.. cards.Select(c => new ConstituentCard(c.Id, c.Name, c.Sector, [.. contacts[c.Id].Select(k => new ContactCard(k.Name, k.Mail, k.Language, k.Purpose))]))];
    }

    private sealed record Tables(AddressTable Addresses, DomainTable Domains, FrozenDictionary<long, ConstituentMatch> Systems);

    private sealed record NetworkRow(ConstituentId ConstituentId, string Name, string Written, string? Prefix, string? Domain, long? Asn);

    private sealed record CardRow(ConstituentId Id, string Name, string Sector);

    private sealed record ContactRow(ConstituentId ConstituentId, string Name, string Mail, string Language, string Purpose);
}
