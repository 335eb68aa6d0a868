using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Settings;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Keeping;

/// <summary>Asks what is kept, how long, and for how long there is room.</summary>
internal sealed record ShowKeepingRequest;

/// <summary>One kind of thing that is kept.</summary>
/// <param name="Key">Names it: <c>sensing.keep.{Key}</c>.</param>
/// <param name="Tier">1 by time, 2 by bytes, 3 for ever.</param>
/// <param name="Rows">How many, as the database estimates; null before it has counted once.</param>
/// <param name="Bytes">With indexes.</param>
/// <param name="Days">How long, or null.</param>
/// <param name="Oldest">The oldest one.</param>
internal sealed record KeptKind(string Key, int Tier, long? Rows, long Bytes, int? Days, DateTimeOffset? Oldest);

/// <summary>The hours of tier 2.</summary>
/// <param name="Hours">Partitions.</param>
/// <param name="Oldest">Beginning of the oldest one that holds rows.</param>
/// <param name="Bytes">All of them.</param>
/// <param name="Budget">Above it the oldest hour is dropped whole.</param>
/// <param name="BytesPerHour">Of the closed hours of the last day.</param>
internal sealed record KeptHours(int Hours, DateTimeOffset? Oldest, long Bytes, long Budget, double BytesPerHour)
{
    /// <summary>How far back the budget reaches at this rate, in days; null when nothing comes.</summary>
    public double? ReachDays => BytesPerHour > 0 ? Budget / BytesPerHour / 24 : null;
}

/// <summary>A disk that something of ours lies on.</summary>
internal sealed record KeptDisk(string Path, long Size, long Free);

/// <summary>What is kept, and for how long there is room.</summary>
/// <param name="Kinds">All kinds.</param>
/// <param name="Hours">Tier 2.</param>
/// <param name="Disks">The disks of the data folder and of the sensors.</param>
/// <param name="GrowthPerDay">Bytes a day that nothing takes away yet: tier 1 until its time has passed once, tier 2 until its budget is full.</param>
/// <param name="DaysLeft">Days until the disk of the data folder is full at that rate; null when it will not be.</param>
internal sealed record KeepingView(IReadOnlyList<KeptKind> Kinds, KeptHours Hours, IReadOnlyList<KeptDisk> Disks, double GrowthPerDay, double? DaysLeft);

/// <summary>What is kept how long, from the sizes of the tables, and a forecast from the last day's growth.</summary>
internal sealed class ShowKeeping(Database database, DataFolder data, SensingOptions options, SensorFolders folders, ISettings settings, TimeProvider time) : Query<ShowKeepingRequest, KeepingView>
{
    private static readonly (string Key, string Table, int Tier, int? Days)[] s_kinds =
    [
        ("alerts", "sensing.alerts", 1, 365), ("groups", "sensing.alert_groups", 1, 365), ("group-hours", "sensing.group_hours", 1, 365), ("history", "sensing.group_history", 1, 365), ("rejects", "sensing.rejects", 1, 30),
        ("answers", "sensing.sensor_answers", 1, 90), ("hourly", "sensing.hourly", 3, null), ("assets", "sensing.assets", 3, null), ("services", "sensing.asset_services", 3, null),
        ("certificates", "sensing.asset_certificates", 3, null), ("names", "sensing.passive_names", 3, null), ("signatures", "sensing.signatures", 3, null),
    ];

    private const string Sizes =
        """
        select c.oid::regclass::text as table, case when c.reltuples < 0 then null else c.reltuples end::bigint as rows, pg_total_relation_size(c.oid) as bytes
        from unnest(@tables) as t (name)
        join pg_class c on c.oid = t.name::regclass
        """;

    private const string Oldest =
        """
        -- every row: only the age of the oldest is read
        select (select received_at from sensing.alerts order by id limit 1) as alerts, (select min(hour) from sensing.hourly) as hourly, (select min(received_at) from sensing.rejects) as rejects
        """;

    private const string Parts =
        """
        select c.relname as name, pg_total_relation_size(c.oid) as bytes, c.reltuples > 0 or pg_relation_size(c.oid) > 0 as filled
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'sensing.events'::regclass
        order by c.relname
        """;

    // Bytes as they came, of the last day and of alerts: what the tables gained is near enough to it once rows and indexes are counted in.
    private const string Came =
        "select coalesce(sum(bytes) filter (where type = 'alert'), 0)::bigint as alerts, coalesce(sum(bytes), 0)::bigint as records from sensing.hourly where hour >= @since and hour < @until";

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<KeepingView>> HandleAsync(Viewer viewer, ShowKeepingRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var sizes = (await database.QueryAsync<SizeRow>(Sizes, new { tables = s_kinds.Select(static k => k.Table).ToArray() }, cancel, 10)).ToDictionary(static s => s.Table, StringComparer.Ordinal);
        var oldest = (await database.FindAsync<OldestRow>(Oldest, null, cancel))!;
        var kinds = new List<KeptKind>();
        foreach (var (key, table, tier, days) in s_kinds)
        {
            var size = sizes[table];
            var kept = days is null ? null : await settings.FindAsync<int?>($"retention.{table}", cancel) ?? days;
            kinds.Add(new(key, tier, size.Rows, size.Bytes, kept, key switch { "alerts" => oldest.Alerts, "hourly" => oldest.Hourly, "rejects" => oldest.Rejects, _ => null }));
        }
        var hours = HoursOf(await database.QueryAsync<PartRow>(Parts, null, cancel, 10), hour);
        var came = (await database.FindAsync<CameRow>(Came, new { since = hour.AddDays(-1), until = hour }, cancel))!;
        var disks = Disks();
        // Tier 1 grows until the oldest row has reached its age; tier 2 until its budget is full; then as much leaves as comes.
        var alertDays = kinds[0].Days ?? 365;
        var growing = oldest.Alerts is null || now - oldest.Alerts < TimeSpan.FromDays(alertDays - 1);
        var growth = (growing ? came.Alerts * 2.0 : 0) + (hours.Bytes < hours.Budget ? hours.BytesPerHour * 24 : 0);
        var room = disks.Count > 0 ? disks[0].Free : 0;
        return new KeepingView(kinds, hours, disks, growth, Forecast(room, hours, growing ? came.Alerts * 2.0 : 0, alertDays));
    }

    /// <summary>Days until <paramref name="room"/> is used up: first both tiers grow, then tier 1 alone until its time has passed once.</summary>
    internal static double? Forecast(long room, KeptHours hours, double tierOnePerDay, int tierOneDays)
    {
        var toBudget = Math.Max(0, hours.Budget - hours.Bytes);
        var tierTwoPerDay = toBudget > 0 ? hours.BytesPerHour * 24 : 0;
        var both = tierOnePerDay + tierTwoPerDay;
        if (both <= 0)
            return null;
        var daysToBudget = tierTwoPerDay > 0 ? toBudget / tierTwoPerDay : 0;
        if (room / both <= daysToBudget)
            return room / both;
        if (tierOnePerDay <= 0)
            return null;
        var days = daysToBudget + ((room - (both * daysToBudget)) / tierOnePerDay);
        return days > tierOneDays ? null : days;
    }

    private KeptHours HoursOf(IReadOnlyList<PartRow> parts, DateTimeOffset hour)
    {
        var closed = parts.Where(p => p.Filled && p.Hour < hour && p.Hour >= hour.AddDays(-1)).ToList();
        var oldest = parts.FirstOrDefault(static p => p.Filled);
        var span = closed.Count == 0 ? 0 : Math.Max(1, (hour - closed.Min(static p => p.Hour)).TotalHours);
        var budget = options.EventsBudgetMib > 0 ? (long)options.EventsBudgetMib << 20 : new DriveInfo(data.Root).TotalSize / 5;
        return new(parts.Count, oldest?.Hour, parts.Sum(static p => p.Bytes), budget, span == 0 ? 0 : closed.Sum(static p => p.Bytes) / span);
    }

    private List<KeptDisk> Disks()
    {
        var disks = new List<KeptDisk>();
        foreach (var path in new[] { data.Root }.Concat(folders.Configured.Select(static f => f.Path)).Where(Directory.Exists))
        {
            var drive = new DriveInfo(path);
            // A drive is known by its path alone here; two paths of one disk have the same size and room.
            if (disks.TrueForAll(d => (d.Size, d.Free) != (drive.TotalSize, drive.AvailableFreeSpace)))
                disks.Add(new(path, drive.TotalSize, drive.AvailableFreeSpace));
        }
        return disks;
    }

    private sealed class SizeRow
    {
        public string Table { get; init; } = "";
        public long? Rows { get; init; }
        public long Bytes { get; init; }
    }

    private sealed class OldestRow
    {
        public DateTimeOffset? Alerts { get; init; }
        public DateTimeOffset? Hourly { get; init; }
        public DateTimeOffset? Rejects { get; init; }
    }

    private sealed class PartRow
    {
        public string Name { get; init; } = "";
        public long Bytes { get; init; }
        public bool Filled { get; init; }

        public DateTimeOffset Hour => DateTimeOffset.TryParseExact(Name["events_".Length..], "yyyyMMddHH", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at) ? at : default;
    }

    private sealed class CameRow
    {
        public long Alerts { get; init; }
        public long Records { get; init; }
    }
}
