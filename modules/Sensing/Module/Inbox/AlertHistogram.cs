using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Inbox;

/// <summary>Alerts of one hour by severity 1 to 4.</summary>
internal sealed record AlertHour(DateTimeOffset Hour, long High, long Medium, long Low, long Informational);

/// <summary>Asks for the hours of a window.</summary>
internal sealed record AlertHistogramRequest(int WindowHours = 24);

/// <summary>Alerts per hour of arrival, from the roll-ups: the same cost for a day and for a year. Long windows come in days.</summary>
internal sealed class AlertHistogram(Database database, TimeProvider time) : Query<AlertHistogramRequest, IReadOnlyList<AlertHour>>
{
    private const int HoursDrawn = 24 * 7;

    private const string Sql =
        """
        select date_trunc(@unit, hour, 'UTC') as hour, severity, sum(records)::bigint as records
        from sensing.hourly
        where type = 'alert' and hour > @since
        group by 1, 2
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<AlertHour>>> HandleAsync(Viewer viewer, AlertHistogramRequest request, CancellationToken cancel)
    {
        var window = Math.Clamp(request.WindowHours, 1, InboxFilter.LongestWindowHours);
        var days = window > HoursDrawn;
        var now = time.GetUtcNow();
        var last = days ? new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) : new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var step = days ? TimeSpan.FromDays(1) : TimeSpan.FromHours(1);
        var count = Math.Max(days ? window / 24 : window, 6);
        var first = last - (step * (count - 1));
        var rows = await database.QueryAsync<HourRow>(Sql, new { unit = days ? "day" : "hour", since = first - TimeSpan.FromSeconds(1) }, cancel);
        var found = rows.ToLookup(r => r.Hour);
        return Enumerable.Range(0, count).Select(i => first + (step * i)).Select(at => new AlertHour(at, Sum(at, 1), Sum(at, 2), Sum(at, 3), Sum(at, 4))).ToList();

        long Sum(DateTimeOffset at, int severity) => found[at].Where(r => r.Severity == severity).Sum(r => r.Records);
    }

    private sealed class HourRow
    {
        public DateTimeOffset Hour { get; init; }
        public short Severity { get; init; }
        public long Records { get; init; }
    }
}
