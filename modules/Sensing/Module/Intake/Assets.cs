using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Npgsql;
using NpgsqlTypes;

namespace Appliance.Sensing.Intake;

/// <summary>
/// First and last sight of addresses that are ours: private, or of a constituent. An address that keeps talking is written again every five minutes,
/// not with every batch. Not thread-safe: one per stream.
/// </summary>
internal sealed class Assets(IConstituency? constituency = null)
{
    private const int RememberedLimit = 200_000;

    private static readonly long s_again = TimeSpan.FromMinutes(5).Ticks / 10;

    private const string Upsert =
        """
        insert into sensing.assets as a (address, first_seen, last_seen, records, constituent, constituent_name)
        select address, first_seen, last_seen, records, constituent, constituent_name
        from unnest(@addresses, @firsts, @lasts, @records, @constituents, @names) as t (address, first_seen, last_seen, records, constituent, constituent_name)
        on conflict (address) do update set
            first_seen = least(a.first_seen, excluded.first_seen),
            last_seen = greatest(a.last_seen, excluded.last_seen),
            records = a.records + excluded.records,
            constituent = coalesce(excluded.constituent, a.constituent),
            constituent_name = coalesce(excluded.constituent_name, a.constituent_name)
        """;

    private readonly Dictionary<Address, (long Written, long Records)> _remembered = [];
    private readonly List<Address> _writing = [];

    public async Task SightAsync(Work work, IntakeBatch batch, CancellationToken cancel)
    {
        _writing.Clear();
        var rows = new List<(IPAddress Address, Sighting Sighting, ConstituentMatch? Owner)>();
        var now = EveTime.Micros(batch.ReceivedAt);
        foreach (var (address, sighting) in batch.Sightings)
        {
            if (_remembered.TryGetValue(address, out var known) && now - known.Written < s_again)
                continue;
            var ip = address.ToIPAddress()!;
            var owner = constituency?.Find(ip);
            if (owner is null && !address.IsPrivate)
                continue;
            _writing.Add(address);
            rows.Add((ip, sighting with { Records = sighting.Records + known.Records }, owner));
        }
        if (rows.Count == 0)
            return;
        var sorted = rows.OrderBy(r => r.Address.AddressFamily).ThenBy(r => Convert.ToHexString(r.Address.GetAddressBytes()), StringComparer.Ordinal).ToArray();
        await using var command = new NpgsqlCommand(Upsert, work.Connection);
        command.Parameters.Add(new("addresses", NpgsqlDbType.Array | NpgsqlDbType.Inet) { Value = Array.ConvertAll(sorted, r => r.Address) });
        command.Parameters.Add(new("firsts", NpgsqlDbType.Array | NpgsqlDbType.TimestampTz) { Value = Array.ConvertAll(sorted, r => EveTime.Time(r.Sighting.First).UtcDateTime) });
        command.Parameters.Add(new("lasts", NpgsqlDbType.Array | NpgsqlDbType.TimestampTz) { Value = Array.ConvertAll(sorted, r => EveTime.Time(r.Sighting.Last).UtcDateTime) });
        command.Parameters.Add(new("records", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = Array.ConvertAll(sorted, r => r.Sighting.Records) });
        command.Parameters.Add(new("constituents", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = Array.ConvertAll(sorted, r => r.Owner?.Id.Value) });
        command.Parameters.Add(new("names", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = Array.ConvertAll(sorted, r => r.Owner?.Name) });
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Remembers what the committed batch wrote, and counts what it did not.</summary>
    public void Committed(IntakeBatch batch)
    {
        if (_remembered.Count > RememberedLimit)
            _remembered.Clear();
        var now = EveTime.Micros(batch.ReceivedAt);
        foreach (var (address, sighting) in batch.Sightings)
        {
            if (_remembered.TryGetValue(address, out var known) && now - known.Written < s_again)
                _remembered[address] = known with { Records = known.Records + sighting.Records };
        }
        foreach (var address in _writing)
            _remembered[address] = (now, 0);
    }
}
