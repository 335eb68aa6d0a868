using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Sensing.Rules;

/// <summary>A signature and what people made of its alerts.</summary>
public sealed class NoiseRow
{
    public int Gid { get; init; }
    public long Sid { get; init; }
    public string Signature { get; init; } = "";
    public long Alerts { get; init; }
    public long Groups { get; init; }
    public long Sources { get; init; }
    public long Destinations { get; init; }
    public long Escalated { get; init; }
    public long True { get; init; }
    public long Harmless { get; init; }
    public long Open { get; init; }
    public long Auto { get; init; }
    public bool Enabled { get; init; }
    public bool Limited { get; init; }

    /// <summary>The one source all alerts come from, if there is only one.</summary>
    public string? OnlySource { get; init; }

    /// <summary>Share of all alerts of the time, in percent.</summary>
    public double Share { get; init; }

    /// <summary>keep, limit, suppress, switch-off or watch: see <see cref="NoiseAdvisor"/>.</summary>
    public string Advice => this switch
    {
        { Escalated: > 0 } or { True: > 0 } => Alerts >= NoiseAdvisor.Loud ? "limit" : "keep",
        { Alerts: < NoiseAdvisor.Loud } => "watch",
        { OnlySource: not null } => "suppress",
        { Harmless: > 0, Open: 0 } => "switch-off",
        _ => "limit",
    };
}

/// <summary>Asks which signatures make the noise.</summary>
internal sealed record NoiseRequest(int Days = 7, int Size = 50);

/// <summary>
/// The loudest signatures with what became of their alerts: "would have matched N, M were escalated". Advice never silences what was escalated or found true;
/// one source alone is suppressed there, many sources that were all harmless call for the switch.
/// </summary>
internal sealed class NoiseAdvisor(Database database, TimeProvider time) : Query<NoiseRequest, IReadOnlyList<NoiseRow>>
{
    /// <summary>Alerts in the time from which a signature counts as loud.</summary>
    public const int Loud = 100;

    private const string Sql =
        $"""
        with loud as (
            select m.gid, m.sid, max(m.signature) as signature, sum(m.count)::bigint as alerts, count(*) as groups, count(distinct m.src) as sources, count(distinct m.dst) as destinations,
                count(*) filter (where m.state = 'escalated' or m.incident_id is not null) as escalated, count(*) filter (where m.verdict = 'true') as "true",
                count(*) filter (where m.verdict in ('benign', 'false')) as harmless, count(*) filter (where m.state in ('open', 'snoozed')) as open,
                coalesce(sum(m.count) filter (where m.closed_by_rule is not null), 0)::bigint as auto, case when count(distinct m.src) = 1 then host(min(m.src)) end as only_source
            from sensing.alert_groups m
            where m.last_received >= @since and not m.exercise and {Visible.RowsOfConstituents}
            group by m.gid, m.sid)
        select l.*, coalesce(s.enabled, true) as enabled, t.limit_kind is not null as limited, round(100.0 * l.alerts / sum(l.alerts) over (), 1)::float8 as share
        from loud l
        left join sensing.rule_states s on s.gid = l.gid and s.sid = l.sid
        left join sensing.rule_tunings t on t.gid = l.gid and t.sid = l.sid
        order by l.alerts desc, l.gid, l.sid
        limit @size
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<NoiseRow>>> HandleAsync(Viewer viewer, NoiseRequest request, CancellationToken cancel) =>
        new List<NoiseRow>(await database.QueryAsync<NoiseRow>(
            Sql, Visible.With(viewer, new { since = time.GetUtcNow().AddDays(-Math.Clamp(request.Days, 1, 366)), size = Math.Clamp(request.Size, 1, 500) }), cancel, 10));
}
