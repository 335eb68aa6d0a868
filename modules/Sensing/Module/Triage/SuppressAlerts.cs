using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Rules;

namespace Appliance.Sensing.Triage;

/// <summary>"Close automatically alerts with this signature from this source to this destination until then because …".</summary>
internal sealed record SuppressAlertsRequest(int Gid, long? Sid, string? Source, string? Destination, int Days, string Reason, string Signature = "", bool OnSensors = false);

/// <summary>Makes an auto-close rule and closes what it matches now.</summary>
internal sealed class SuppressAlerts(Database database, SensingBell bell) : Act<SuppressAlertsRequest, Guid>(database)
{
    private const int LongestDays = 90;

    private const string Insert =
        """
        insert into sensing.auto_close_rules (id, gid, sid, signature, src, dst, reason, created_at, expires_at, author_id, author_name, on_sensors)
        values (@id, @Gid, @Sid::bigint, @Signature, @src::cidr, @dst::cidr, @Reason, @now, @until, @author, @name, @OnSensors)
        """;

    private const string CloseNow =
        $"""
        with closed as (
            update sensing.alert_groups m set state = 'closed', verdict = 'auto', reason = @Reason, closed_by_rule = @id, snoozed_until = null
            where m.live and m.state in ('open', 'snoozed')
              and (@Sid::bigint is null or (m.sid = @Sid and m.gid = @Gid))
              and (@src::cidr is null or m.src <<= @src::cidr)
              and (@dst::cidr is null or m.dst <<= @dst::cidr)
              and {Visible.RowsOfConstituents}
            returning m.id, m.count),
        noted as (
            insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action, note)
            select gen_random_uuid(), c.id, @id, @now, @author, @name, 'suppressed', @Reason from closed c)
        update sensing.auto_close_rules set hits = coalesce((select sum(count) from closed), 0) where id = @id
        """;

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, SuppressAlertsRequest request, CancellationToken cancel)
    {
        var (source, destination) = (Cidr(request.Source), Cidr(request.Destination));
        var refusals = new List<Refusal>();
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > 500)
            refusals.Add(Refuse.Invalid("sensing.refused.reason", "reason", 500));
        if (request.Days is < 1 or > LongestDays)
            refusals.Add(Refuse.Invalid("sensing.refused.days", "days", LongestDays));
        if (!string.IsNullOrWhiteSpace(request.Source) && source is null)
            refusals.Add(Refuse.Invalid("sensing.refused.network", "source", request.Source));
        if (!string.IsNullOrWhiteSpace(request.Destination) && destination is null)
            refusals.Add(Refuse.Invalid("sensing.refused.network", "destination", request.Destination));
        if (request.Sid is null && source is null && destination is null)
            refusals.Add(Refuse.Invalid("sensing.refused.suppress-all"));
        // A sensor suppresses by rule and one side; anything else would silence more than was asked for.
        if (request.OnSensors && (request.Sid is null || (source is not null && destination is not null)))
            refusals.Add(Refuse.Invalid("sensing.refused.suppress-on-sensors", "onSensors"));
        if (refusals.Count > 0)
            return Outcome<Guid>.Refused(refusals);
        var id = Guid.CreateVersion7();
        var values = new
        {
            id,
            request.Gid,
            request.Sid,
            request.Signature,
            request.OnSensors,
            Reason = request.Reason.Trim(),
            src = source,
            dst = destination,
            now = work.Now,
            until = work.Now.AddDays(request.Days),
            author = work.Viewer.Id.Value,
            name = work.Viewer.Name,
        };
        await work.ExecuteAsync(Insert, values, cancel);
        await work.ExecuteAsync(CloseNow, Visible.With(work.Viewer, values), cancel);
        if (request.OnSensors)
            await Generations.WantAsync(work, cancel);
        work.Audit("sensing.auto-close.added", $"auto-close/{id}", new { request.Sid, source, destination, request.Days, values.Reason, request.OnSensors });
        return id;
    }

    protected override Task CommittedAsync(SuppressAlertsRequest request, Guid answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }

    internal static string? Cidr(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (IPAddress.TryParse(text.Trim(), out var address))
            return address.ToString();
        return IPNetwork.TryParse(text.Trim(), out var network) ? network.ToString() : null;
    }
}

/// <summary>Asks what a rule would have done.</summary>
internal sealed record SuppressPreviewRequest(int Gid, long? Sid, string? Source, string? Destination);

/// <summary>What a rule would have closed in the last seven days, and how much of it was escalated.</summary>
internal sealed class SuppressPreview
{
    public long Alerts { get; init; }
    public long Groups { get; init; }
    public long Escalated { get; init; }
}

/// <summary>"Would have matched 3,114 in the last 7 days, 2 were escalated."</summary>
internal sealed class PreviewSuppression(Database database, TimeProvider time) : Query<SuppressPreviewRequest, SuppressPreview>
{
    private const string Sql =
        $"""
        select coalesce(sum(m.count), 0)::bigint as alerts, count(*) as groups, count(*) filter (where m.state = 'escalated' or m.incident_id is not null) as escalated
        from sensing.alert_groups m
        where m.last_received >= @since
          and (@Sid::bigint is null or (m.sid = @Sid and m.gid = @Gid))
          and (@src::cidr is null or m.src <<= @src::cidr)
          and (@dst::cidr is null or m.dst <<= @dst::cidr)
          and {Visible.RowsOfConstituents}
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<SuppressPreview>> HandleAsync(Viewer viewer, SuppressPreviewRequest request, CancellationToken cancel) =>
        (await database.FindAsync<SuppressPreview>(
            Sql,
            Visible.With(viewer, new
            {
                since = time.GetUtcNow().AddDays(-7),
                request.Gid,
                request.Sid,
                src = SuppressAlerts.Cidr(request.Source),
                dst = SuppressAlerts.Cidr(request.Destination),
            }),
            cancel))!;
}
