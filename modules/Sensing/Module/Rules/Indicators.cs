using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Sensing.Rules;

/// <summary>An indicator as the page shows it.</summary>
public sealed class IndicatorLine
{
    public long Sid { get; init; }
    public string Type { get; init; } = "";
    public string Value { get; init; } = "";

    /// <summary>Number of the advisory that named it; empty for a peer.</summary>
    public string Origin { get; init; } = "";

    /// <summary>False when the value is not what its type says, and nothing is looked for.</summary>
    public bool Usable { get; init; }

    /// <summary>True while the sensors look for it: not ended, usable, and not PAP:RED, which goes to no sensor.</summary>
    public bool Searched => EndedAt is null && Usable && (Pap)Pap != Contracts.Pap.Red;
    public DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset? ValidUntil { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? EndedBy { get; init; }
    public long Alerts { get; init; }
    public DateTimeOffset? LastAlert { get; init; }
    public short Tlp { get; init; }
    public short Pap { get; init; }
    public bool Exercise { get; init; }

    /// <summary>TLP and PAP.</summary>
    public Marking Marking => new((Tlp)Tlp, (Pap)Pap, Exercise);
}

/// <summary>Asks for indicators, the newest first.</summary>
internal sealed record ListIndicatorsRequest(string? Query = null, int Size = 200);

/// <summary>What the sensors look for on behalf of peers, until when, and how often it was seen.</summary>
internal sealed class ListIndicators(Database database) : Query<ListIndicatorsRequest, IReadOnlyList<IndicatorLine>>
{
    private const string Sql =
        $"""
        select m.sid, m.type, m.value, m.origin, m.key is not null as usable, m.received_at, m.valid_until, m.ended_at, m.ended_by, coalesce(s.alerts, 0) as alerts, s.last_received as last_alert, m.tlp, m.pap, m.exercise
        from sensing.indicators m
        left join sensing.signatures s on s.gid = 1 and s.sid = m.sid
        where {Visible.Rows} and (@words::text is null or m.value ilike @words)
        order by m.ended_at is not null, m.received_at desc, m.sid desc
        limit @size
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<IndicatorLine>>> HandleAsync(Viewer viewer, ListIndicatorsRequest request, CancellationToken cancel)
    {
        var words = string.IsNullOrWhiteSpace(request.Query) ? null : "%" + request.Query.Trim().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
        return new List<IndicatorLine>(await database.QueryAsync<IndicatorLine>(Sql, Visible.With(viewer, new { words, size = Math.Clamp(request.Size, 1, 1000) }), cancel));
    }
}

/// <summary>Ends the search for one indicator.</summary>
internal sealed record EndIndicatorRequest(long Sid);

/// <summary>Ends the search for an indicator before its date; the sensors let go of it with the next generation.</summary>
internal sealed class EndIndicator(Database database) : Act<EndIndicatorRequest, Done>(database)
{
    private const string Sql =
        $"update sensing.indicators m set ended_at = @now, ended_by = @name where m.sid = @Sid and m.ended_at is null and {Visible.Rows}";

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, EndIndicatorRequest request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Sql, Visible.With(work.Viewer, new { request.Sid, now = work.Now, name = work.Viewer.Name }), cancel) == 0)
            return Refuse.NotFound("sensing.refused.no-indicator");
        await Generations.WantAsync(work, cancel);
        work.Audit("sensing.indicator.ended", $"indicator/{request.Sid}");
        return default(Done);
    }
}

/// <summary>What holds until a date is let go of on the sensors when the date has come: indicators, and suppressions that stop a rule there.</summary>
internal sealed class Expiry(Database database, TimeProvider time)
{
    private const string Indicators =
        """
        -- every row: a date passes for all of them
        update sensing.indicators set ended_at = @now where ended_at is null and valid_until <= @now
        """;

    private const string Silences =
        "update sensing.auto_close_rules set lifted_at = @now where on_sensors and lifted_at is null and (removed_at is not null or expires_at <= @now)";

    /// <summary>Wishes for a new generation when anything ended; answers how much did.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("sensing"), cancel);
        var now = time.GetUtcNow();
        var (indicators, silences) = (await work.ExecuteAsync(Indicators, new { now }, cancel), await work.ExecuteAsync(Silences, new { now }, cancel));
        if (indicators + silences == 0)
            return 0;
        await Generations.WantAsync(work, cancel);
        work.Audit("sensing.rules.expired", "rules", new { indicators, silences });
        await work.CommitAsync(cancel);
        return indicators + silences;
    }
}
