using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Makes incidents of groups, one each.</summary>
internal sealed record EscalateAlertsRequest(GroupSelection Groups);

/// <summary>Escalates groups: each becomes a fact that Ticketing opens an incident for. The number comes back as a fact of its own.</summary>
internal sealed class EscalateAlerts(Database database, SensingBell bell) : TriageAct<EscalateAlertsRequest>(database, bell)
{
    private const string Sql =
        """
        update sensing.alert_groups set
            state = 'escalated', snoozed_until = null, owner_id = coalesce(owner_id, @owner), owner_name = coalesce(owner_name, @name)
        where id = any(@ids)
        """;

    private const string Alerts =
        $"""
        select m.raw::text from sensing.alerts m
        where m.group_id = @group and {Visible.Rows}
        order by m.id desc
        limit 200
        """;

    // The protocol records of the same flows say what the alert's own packet did not.
    private const string Flows =
        $"""
        select m.raw::text from sensing.events m
        where m.flow_id in (select a.flow_id from sensing.alerts a where a.group_id = @group and a.flow_id is not null order by a.id desc limit 20)
          and m.type in ('http', 'dns', 'tls', 'fileinfo', 'smtp') and {Visible.Rows}
        limit 200
        """;

    /// <summary>An incident each: more at once is a decision for a rule, not for a key.</summary>
    protected override int Most => 100;

    protected override string Action => "escalated";

    protected override GroupSelection SelectionOf(EscalateAlertsRequest request) => request.Groups;

    protected override Refusal? Forbids(LockedGroup group) => group.State switch
    {
        "closed" => Refuse.Conflict("sensing.refused.closed-already"),
        "escalated" => Refuse.Conflict("sensing.refused.has-incident", group.IncidentNumber ?? "—"),
        _ => null,
    };

    protected override async Task ChangeAsync(Work work, EscalateAlertsRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel)
    {
        await work.ExecuteAsync(Sql, new { ids = groups.Select(g => g.Id).ToArray(), owner = work.Viewer.Id.Value, name = work.Viewer.Name }, cancel);
        foreach (var group in groups)
            work.Publish(await FactAsync(work, group, cancel));
    }

    private static async Task<AlertEscalated> FactAsync(Work work, LockedGroup group, CancellationToken cancel)
    {
        var observables = new ObservableSet();
        observables.AddAddress(group.Src);
        observables.AddAddress(group.Dst);
        foreach (var sql in new[] { Alerts, Flows })
        {
            foreach (var raw in await work.QueryAsync<string>(sql, Visible.With(work.Viewer, new { group = group.Id }), cancel))
                observables.AddRecord(raw);
        }
        // The one who is attacked is usually the destination; a source of ours is affected when the destination is nobody's.
        var (constituent, name) = group.DstConstituent is not null
            ? (group.DstConstituent, group.DstConstituentName)
            : (group.SrcConstituent, group.SrcConstituentName);
        return new AlertEscalated
        {
            Marking = new Marking((Tlp)group.Tlp, (Pap)group.Pap, group.Exercise, [.. group.Named.Select(n => new UserId(n))]),
            Group = new AlertGroupId(group.Id),
            SignatureId = group.Sid,
            Signature = group.Signature,
            Category = group.Category,
            Severity = Math.Clamp((int)group.Severity, 1, 4),
            Source = group.Src?.ToString() ?? "0.0.0.0",
            Destination = group.Dst?.ToString() ?? "0.0.0.0",
            FirstSeen = group.FirstSeen,
            LastSeen = group.LastSeen,
            Count = group.Count,
            Constituent = constituent is { } id ? new ConstituentId(id) : null,
            ConstituentName = name,
            Observables = observables.ToList(),
            By = work.Viewer.Id,
        };
    }
}
