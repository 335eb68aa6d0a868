using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Rules;

/// <summary>What one rule costs one sensor, as the sensor's own sample says.</summary>
public sealed class CostlyRule
{
    public string Sensor { get; init; } = "";
    public long Generation { get; init; }
    public int Gid { get; init; }
    public long Sid { get; init; }
    public string Message { get; internal set; } = "";

    /// <summary>How often it was looked at beyond the pattern search, in the sample.</summary>
    public long Checks { get; init; }

    /// <summary>How often it held, in the sample.</summary>
    public long Matches { get; init; }

    /// <summary>Microseconds that took, in the sample.</summary>
    public long Micros { get; init; }

    /// <summary>Its part of the time of all rules, in percent.</summary>
    public double Share { get; init; }

    /// <summary>Packets of the sample.</summary>
    public long Packets { get; init; }

    /// <summary>One packet of so many was timed.</summary>
    public long Every { get; init; }

    public DateTimeOffset At { get; init; }
    public bool Enabled { get; internal set; } = true;

    /// <summary>Microseconds a check.</summary>
    public double Each => Checks == 0 ? 0 : (double)Micros / Checks;
}

/// <summary>Asks for the dearest rules.</summary>
internal sealed record CostlyRulesRequest(int Size = 100);

/// <summary>
/// The rules that take the most of the sensors' time, from what each sensor said last (<c>rule costs</c>). The numbers are those of the generation in force since it came
/// into force; a stock Suricata says nothing of the kind.
/// </summary>
internal sealed class CostlyRules(Database database) : Query<CostlyRulesRequest, IReadOnlyList<CostlyRule>>
{
    private const string Told =
        """
        select n.name as sensor, a.at, a.body::text as body
        from sensing.sensors n
        cross join lateral (select a.at, a.body from sensing.sensor_answers a where a.sensor_id = n.id and a.message = 'rule costs' order by a.id desc limit 1) a
        where n.present
        order by n.name
        """;

    private const string Names =
        """
        select w.gid, w.sid, coalesce(g.signature, r.message, '') as message, coalesce(s.enabled, true) as enabled
        from unnest(@gids, @sids) as w (gid, sid)
        left join sensing.signatures g on g.gid = w.gid and g.sid = w.sid
        left join lateral (select r.message from sensing.rules r where r.sid = w.sid and r.gid = w.gid limit 1) r on true
        left join sensing.rule_states s on s.gid = w.gid and s.sid = w.sid
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<IReadOnlyList<CostlyRule>>> HandleAsync(Viewer viewer, CostlyRulesRequest request, CancellationToken cancel)
    {
        var rows = new List<CostlyRule>();
        foreach (var told in await database.QueryAsync<ToldRow>(Told, null, cancel))
            rows.AddRange(Read(told));
        rows = [.. rows.OrderByDescending(static r => r.Share).ThenBy(static r => r.Sensor, StringComparer.Ordinal).ThenBy(static r => r.Sid).Take(Math.Clamp(request.Size, 1, 500))];
        var wanted = rows.Select(static r => (r.Gid, r.Sid)).Distinct().ToList();
        var names = (await database.QueryAsync<NameRow>(Names, new { gids = wanted.Select(static w => w.Gid).ToArray(), sids = wanted.Select(static w => w.Sid).ToArray() }, cancel)).ToLookup(static n => (n.Gid, n.Sid));
        foreach (var row in rows)
            if (names[(row.Gid, row.Sid)].FirstOrDefault() is { } name)
                (row.Message, row.Enabled) = (name.Message, name.Enabled);
        return rows;
    }

    // A sensor has read hostile bytes: what it says is looked at member by member, and what is not a number counts as none.
    private static IEnumerable<CostlyRule> Read(ToldRow told)
    {
        using var document = JsonDocument.Parse(told.Body);
        var body = document.RootElement;
        var (generation, packets, every, all) = (Number(body, "generation"), Number(body, "packets"), Number(body, "every"), Number(body, "micros"));
        if (!body.TryGetProperty("rules", out var rules) || rules.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var rule in rules.EnumerateArray())
        {
            if (Number(rule, "sid") is not (> 0 and var sid) || Number(rule, "gid") is not (> 0 and <= int.MaxValue and var gid))
                continue;
            yield return new CostlyRule
            {
                Sensor = told.Sensor,
                At = told.At,
                Generation = generation,
                Packets = packets,
                Every = every,
                Gid = (int)gid,
                Sid = sid,
                Checks = Number(rule, "checks"),
                Matches = Number(rule, "matches"),
                Micros = Number(rule, "micros"),
                Share = Math.Round(100.0 * Number(rule, "micros") / Math.Max(1, all), 1),
            };
        }
    }

    private static long Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? Math.Max(0, number) : 0;

    private sealed class ToldRow
    {
        public string Sensor { get; init; } = "";
        public DateTimeOffset At { get; init; }
        public string Body { get; init; } = "{}";
    }

    private sealed class NameRow
    {
        public int Gid { get; init; }
        public long Sid { get; init; }
        public string Message { get; init; } = "";
        public bool Enabled { get; init; }
    }
}
