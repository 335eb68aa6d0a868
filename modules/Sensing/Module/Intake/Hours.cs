using System.Globalization;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Intake;

/// <summary>The hourly partitions of tier 2: made ahead of need, dropped whole, oldest first, when the byte budget is reached.</summary>
internal sealed class Hours(Database database, TimeProvider time)
{
    private const string Add = "select sensing.add_hour(@at)";

    private const string Drop = "select sensing.drop_hour(@part)";

    private const string Parts =
        """
        select c.relname as name, pg_total_relation_size(c.oid) as bytes
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'sensing.events'::regclass
        order by c.relname
        """;

    private readonly Lock _gate = new();
    private DateTimeOffset _readyUntil;

    /// <summary>Makes sure that rows received at <paramref name="at"/> have a place, and those of the next hour too.</summary>
    public async Task EnsureAsync(DateTimeOffset at, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (at < _readyUntil)
                return;
        }
        await database.FindAsync<string>(Add, new { at }, cancel);
        await database.FindAsync<string>(Add, new { at = at.AddHours(1) }, cancel);
        var start = new DateTimeOffset(at.UtcDateTime.Date, TimeSpan.Zero).AddHours(at.UtcDateTime.Hour);
        lock (_gate)
            _readyUntil = start.AddHours(1);
    }

    public async Task<IReadOnlyList<HourPart>> ListAsync(CancellationToken cancel) => await database.QueryAsync<HourPart>(Parts, null, cancel);

    /// <summary>Drops the oldest closed hours until the rest fits into <paramref name="budget"/> bytes; answers how many went.</summary>
    public async Task<int> TrimAsync(long budget, CancellationToken cancel)
    {
        var parts = await ListAsync(cancel);
        var total = parts.Sum(static p => p.Bytes);
        var open = "events_" + time.GetUtcNow().UtcDateTime.ToString("yyyyMMddHH", CultureInfo.InvariantCulture);
        var dropped = 0;
        foreach (var part in parts)
        {
            if (total <= budget || string.CompareOrdinal(part.Name, open) >= 0)
                break;
            await database.FindAsync<long>(Drop, new { part = part.Name }, cancel);
            total -= part.Bytes;
            dropped++;
        }
        return dropped;
    }
}

/// <summary>One hour of tier 2.</summary>
internal sealed class HourPart
{
    public string Name { get; init; } = "";
    public long Bytes { get; init; }
}
