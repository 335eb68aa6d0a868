using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Triage;

namespace Appliance.Sensing.Rules;

/// <summary>
/// An alert of a whole set gets the sid and the words of the indicator that it fulfils, so that groups, counts and decisions are the indicator's. One query for a batch,
/// and none where no such alert came. What fulfils nothing any more, since it ended meanwhile, stays under the set's sid.
/// </summary>
internal static class IndicatorSightings
{
    private const string Find =
        """
        -- every row: an alert is the sensor's, whoever may read the indicator
        select distinct on (i.key) i.sid, i.type, i.key from sensing.indicators i
        where i.ended_at is null and i.key = any(@keys)
        order by i.key, i.sid
        """;

    public static async Task NameAsync(Work work, IntakeBatch batch, CancellationToken cancel)
    {
        var alerts = batch.Alerts.Select(static a => (Alert: a, Kind: IndicatorRules.KindOf(a.Gid, a.Sid))).Where(static a => a.Kind is not null).Select(static a => (a.Alert, Keys: KeysOf(a.Alert, a.Kind!))).ToList();
        if (alerts.Count == 0)
            return;
        var keys = alerts.SelectMany(static a => a.Keys).Distinct(StringComparer.Ordinal).ToArray();
        var known = (await work.QueryAsync<IndicatorRow>(Find, new { keys }, cancel)).ToDictionary(static i => i.Key, StringComparer.Ordinal);
        foreach (var (alert, own) in alerts)
        {
            if (own.Select(known.GetValueOrDefault).FirstOrDefault(static i => i is not null) is not { } indicator)
                continue;
            (alert.Sid, alert.Signature) = (indicator.Sid, IndicatorRules.Message(indicator.Type));
        }
    }

    private static List<string> KeysOf(EveRecord alert, string kind)
    {
        var seen = new ObservableSet();
        seen.AddAddress(alert.Destination.ToIPAddress());
        seen.AddAddress(alert.Source.ToIPAddress());
        seen.AddRecord(alert.Raw);
        return [.. seen.ToList().Where(o => IndicatorKeys.KindOf(o.Type) == kind).SelectMany(IndicatorKeys.Around)];
    }
}
