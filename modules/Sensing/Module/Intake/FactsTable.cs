using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Npgsql;
using NpgsqlTypes;

namespace Appliance.Sensing.Intake;

/// <summary>
/// Writes the facts of a batch with it. A fact that goes on being seen is written again every ten minutes, not with every batch. Services and certificates are kept of
/// addresses that are ours; names of all, since who stood behind a name last month is asked of strangers' addresses. Not thread-safe: one per stream.
/// </summary>
internal sealed class FactsTable(IConstituency? constituency = null)
{
    private const int RememberedLimit = 200_000;

    private static readonly long s_again = TimeSpan.FromMinutes(10).Ticks / 10;

    private const string Services =
        """
        insert into sensing.asset_services as s (address, port, proto, application, first_seen, last_seen)
        select * from unnest(@addresses, @ports, @protos, @applications, @firsts, @lasts)
        on conflict (address, port, proto, application) do update set first_seen = least(s.first_seen, excluded.first_seen), last_seen = greatest(s.last_seen, excluded.last_seen)
        """;

    private const string Certificates =
        """
        insert into sensing.asset_certificates as c (address, port, fingerprint, subject, issuer, server_name, not_before, not_after, first_seen, last_seen)
        select * from unnest(@addresses, @ports, @fingerprints, @subjects, @issuers, @names, @befores, @afters, @firsts, @lasts)
        on conflict (address, port, fingerprint) do update set first_seen = least(c.first_seen, excluded.first_seen), last_seen = greatest(c.last_seen, excluded.last_seen),
            server_name = case when excluded.server_name = '' then c.server_name else excluded.server_name end
        """;

    private const string Names =
        """
        insert into sensing.passive_names as n (name, type, value, first_seen, last_seen)
        select * from unnest(@names, @types, @values, @firsts, @lasts)
        on conflict (name, type, value) do update set first_seen = least(n.first_seen, excluded.first_seen), last_seen = greatest(n.last_seen, excluded.last_seen)
        """;

    private readonly Dictionary<object, long> _remembered = [];
    private readonly List<object> _writing = [];

    public async Task WriteAsync(Work work, IntakeBatch batch, CancellationToken cancel)
    {
        _writing.Clear();
        var now = EveTime.Micros(batch.ReceivedAt);
        // In a fixed order, so that two streams never wait for each other in a circle.
        var services = batch.Facts.Services.Where(f => IsOurs(f.Key.Address) && IsNews(f.Key, now))
            .Select(f => (Ip: f.Key.Address.ToIPAddress()!, f.Key, f.Value)).OrderBy(f => Order(f.Ip)).ThenBy(f => f.Key.Port).ThenBy(f => f.Key.Udp).ThenBy(f => f.Key.Application, StringComparer.Ordinal).ToArray();
        var certificates = batch.Facts.Certificates.Where(f => IsOurs(f.Key.Address) && IsNews(f.Key, now))
            .Select(f => (Ip: f.Key.Address.ToIPAddress()!, f.Key, f.Value)).OrderBy(f => Order(f.Ip)).ThenBy(f => f.Key.Port).ThenBy(f => f.Key.Fingerprint, StringComparer.Ordinal).ToArray();
        var names = batch.Facts.Names.Where(f => IsNews(f.Key, now))
            .OrderBy(f => f.Key.Name, StringComparer.Ordinal).ThenBy(f => f.Key.Type, StringComparer.Ordinal).ThenBy(f => f.Key.Value, StringComparer.Ordinal).ToArray();
        if (services.Length > 0)
            await RunAsync(
                work, Services, cancel,
                Of("addresses", NpgsqlDbType.Inet, services, f => f.Ip), Of("ports", NpgsqlDbType.Integer, services, f => f.Key.Port), Of("protos", NpgsqlDbType.Text, services, f => f.Key.Udp ? "UDP" : "TCP"),
                Of("applications", NpgsqlDbType.Text, services, f => f.Key.Application), First(services, f => f.Value), Last(services, f => f.Value));
        if (certificates.Length > 0)
            await RunAsync(
                work, Certificates, cancel,
                Of("addresses", NpgsqlDbType.Inet, certificates, f => f.Ip), Of("ports", NpgsqlDbType.Integer, certificates, f => f.Key.Port), Of("fingerprints", NpgsqlDbType.Text, certificates, f => f.Key.Fingerprint),
                Of("subjects", NpgsqlDbType.Text, certificates, f => f.Value.Text.Subject), Of("issuers", NpgsqlDbType.Text, certificates, f => f.Value.Text.Issuer), Of("names", NpgsqlDbType.Text, certificates, f => f.Value.Text.ServerName),
                Of("befores", NpgsqlDbType.TimestampTz, certificates, f => f.Value.Text.NotBefore?.UtcDateTime), Of("afters", NpgsqlDbType.TimestampTz, certificates, f => f.Value.Text.NotAfter?.UtcDateTime),
                First(certificates, f => f.Value.Seen), Last(certificates, f => f.Value.Seen));
        if (names.Length > 0)
            await RunAsync(
                work, Names, cancel,
                Of("names", NpgsqlDbType.Text, names, f => f.Key.Name), Of("types", NpgsqlDbType.Text, names, f => f.Key.Type), Of("values", NpgsqlDbType.Text, names, f => f.Key.Value), First(names, f => f.Value), Last(names, f => f.Value));
    }

    /// <summary>Remembers what the committed batch wrote.</summary>
    public void Committed(IntakeBatch batch)
    {
        if (_remembered.Count > RememberedLimit)
            _remembered.Clear();
        var now = EveTime.Micros(batch.ReceivedAt);
        foreach (var key in _writing)
            _remembered[key] = now;
    }

    private bool IsNews(object key, long now)
    {
        if (_remembered.TryGetValue(key, out var written) && now - written < s_again)
            return false;
        _writing.Add(key);
        return true;
    }

    private bool IsOurs(Address address) => address.IsPrivate || constituency?.Find(address.ToIPAddress()!) is not null;

    private static string Order(IPAddress address) => Convert.ToHexString(address.GetAddressBytes());

    private static async Task RunAsync(Work work, string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, work.Connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter First<TRow>(TRow[] rows, Func<TRow, Sighting> seen) => Of("firsts", NpgsqlDbType.TimestampTz, rows, r => EveTime.Time(seen(r).First).UtcDateTime);

    private static NpgsqlParameter Last<TRow>(TRow[] rows, Func<TRow, Sighting> seen) => Of("lasts", NpgsqlDbType.TimestampTz, rows, r => EveTime.Time(seen(r).Last).UtcDateTime);

    private static NpgsqlParameter Of<TRow, TValue>(string name, NpgsqlDbType type, TRow[] rows, Func<TRow, TValue> column) =>
        new(name, NpgsqlDbType.Array | type) { Value = Array.ConvertAll(rows, r => column(r)) };
}
