using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Uplink.Peers;

/// <summary>Are the peers there: trusted peers without contact for longer than the setting allows, and those whose last exchange failed.</summary>
internal sealed class PeerHealth(Database database, UplinkOptions options, TimeProvider time) : IHealthProbe
{
    private const string Sql =
        """
        select p.name, p.failures, coalesce(p.last_contact_at, p.added_at) as seen
        from uplink.peers p
        where p.trust = 'trusted' and p.removed_at is null and (p.failures > 2 or coalesce(p.last_contact_at, p.added_at) < @Before)
        order by seen
        limit 5
        """;

    public string Name => "uplink.peers";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var silent = await database.QueryAsync<Row>(Sql, new { Before = time.GetUtcNow().AddMinutes(-options.SilentMinutes) }, cancel, seconds: 2);
        var limit = string.Create(CultureInfo.InvariantCulture, $"{options.SilentMinutes} min");
        return silent.Count == 0
            ? new(HealthState.Good, "0", limit)
            : new(HealthState.Degraded, silent.Count.ToString(CultureInfo.InvariantCulture), limit, string.Join(", ", silent.Select(s => s.Name)));
    }

    private sealed class Row
    {
        public string Name { get; set; } = "";

        public int Failures { get; set; }

        public DateTimeOffset Seen { get; set; }
    }
}

/// <summary>How long the oldest thing waits: an approved share that no peer took, or an acknowledgement that was not posted.</summary>
internal sealed class QueueHealth(Database database, TimeProvider time) : IHealthProbe
{
    private const string Sql =
        """
        -- every row: only the age of the oldest is shown
        select min(at) from (
            select min(r.changed_at) as at from uplink.share_recipients r where r.state = 'available'
            union all
            select min(v.received_at) from uplink.acknowledgements a join uplink.received v on v.id = a.received_id where a.state = 'queued') x
        """;

    private static readonly TimeSpan s_limit = TimeSpan.FromHours(24);

    public string Name => "uplink.queue";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var oldest = await database.FindAsync<DateTimeOffset?>(Sql, null, cancel);
        var age = oldest is { } at ? time.GetUtcNow() - at : TimeSpan.Zero;
        return new(age > s_limit ? HealthState.Degraded : HealthState.Good, string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0.0} h"), "24 h");
    }
}
