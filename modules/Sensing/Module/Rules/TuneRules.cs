using System.Globalization;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Rules;

/// <summary>How often a rule may alert: <c>limit</c> the first <see cref="Count"/> in the time, <c>threshold</c> each <see cref="Count"/>th, <c>both</c> once when there were <see cref="Count"/>.</summary>
/// <param name="Kind">limit, threshold or both.</param>
/// <param name="Track">by_src or by_dst.</param>
/// <param name="Count">Alerts.</param>
/// <param name="Seconds">The time.</param>
internal sealed record RuleLimit(string Kind, string Track, int Count, int Seconds)
{
    public bool IsSound => Kind is "limit" or "threshold" or "both" && Track is "by_src" or "by_dst" && Count is >= 1 and <= 65535 && Seconds is >= 1 and <= 86400;
}

/// <summary>Puts an action or a limit in the place of a rule's own; neither takes both away.</summary>
internal sealed record TuneRulesRequest(IReadOnlyList<(int Gid, long Sid)> Rules, string? Action = null, RuleLimit? Limit = null, string? Note = null);

/// <summary>Sets what a rule does when it matches and how often it may say so. The decision survives updates of the source.</summary>
internal sealed class TuneRules(Database database) : Act<TuneRulesRequest, int>(database)
{
    private const string Upsert =
        """
        insert into sensing.rule_tunings (gid, sid, action, limit_kind, limit_track, limit_count, limit_seconds, note, at, by_name)
        values (@gid, @sid, @action, @kind, @track, @count::int, @seconds::int, @note, @now, @name)
        on conflict (gid, sid) do update set action = excluded.action, limit_kind = excluded.limit_kind, limit_track = excluded.limit_track, limit_count = excluded.limit_count,
            limit_seconds = excluded.limit_seconds, note = excluded.note, at = excluded.at, by_name = excluded.by_name
        """;

    private const string Forget = "delete from sensing.rule_tunings where gid = @gid and sid = @sid";

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<int>> HandleAsync(Work work, TuneRulesRequest request, CancellationToken cancel)
    {
        var refusals = new List<Refusal>();
        if (request.Rules.Count is 0 or > 1000)
            refusals.Add(Refuse.Invalid("sensing.refused.too-many", "rules", request.Rules.Count, 1000));
        if (request.Action is not (null or "alert" or "drop" or "pass"))
            refusals.Add(Refuse.Invalid("sensing.refused.rule-action", "action", request.Action));
        if (request.Limit is { IsSound: false })
            refusals.Add(Refuse.Invalid("sensing.refused.rule-limit", "limit"));
        if (request.Note?.Length > 500)
            refusals.Add(Refuse.Invalid("sensing.refused.too-long", "note", 500));
        if (refusals.Count > 0)
            return Outcome<int>.Refused(refusals);
        foreach (var (gid, sid) in request.Rules)
        {
            if (request is { Action: null, Limit: null })
                await work.ExecuteAsync(Forget, new { gid, sid }, cancel);
            else
                await work.ExecuteAsync(
                    Upsert,
                    new { gid, sid, action = request.Action, kind = request.Limit?.Kind, track = request.Limit?.Track, count = request.Limit?.Count, seconds = request.Limit?.Seconds, note = request.Note?.Trim() ?? "", now = work.Now, name = work.Viewer.Name },
                    cancel);
        }
        await Generations.WantAsync(work, cancel);
        work.Audit(
            "sensing.rule.tuned",
            request.Rules.Count == 1 ? $"rule/{request.Rules[0].Gid}:{request.Rules[0].Sid}" : "rules",
            new { sids = request.Rules.Select(r => r.Sid).Take(50), request.Rules.Count, request.Action, request.Limit, request.Note });
        return request.Rules.Count;
    }
}

/// <summary>A tuning as stored.</summary>
internal sealed class TuningRow
{
    public int Gid { get; init; }
    public long Sid { get; init; }
    public string? Action { get; init; }
    public string? LimitKind { get; init; }
    public string? LimitTrack { get; init; }
    public int? LimitCount { get; init; }
    public int? LimitSeconds { get; init; }
}

/// <summary>A suppression that holds on the sensors.</summary>
internal sealed class SilenceRow
{
    public int Gid { get; init; }
    public long Sid { get; init; }
    public string? Src { get; init; }
    public string? Dst { get; init; }
}

/// <summary>Decisions about single rules in the words of <c>threshold.config</c>.</summary>
internal static class ThresholdLines
{
    /// <summary>Reads <see cref="TuningRow"/>s.</summary>
    public const string Tunings = "select gid, sid, action, limit_kind, limit_track, limit_count, limit_seconds from sensing.rule_tunings order by gid, sid";

    /// <summary>Reads <see cref="SilenceRow"/>s.</summary>
    public const string Silences =
        "select gid, sid, src::text as src, dst::text as dst from sensing.auto_close_rules where on_sensors and sid is not null and removed_at is null and expires_at > @now order by created_at, id";

    public static string Of(IEnumerable<TuningRow> tunings, IEnumerable<SilenceRow> silences)
    {
        var text = new StringBuilder();
        foreach (var t in tunings.Where(static t => t.LimitKind is not null))
            text.Append(CultureInfo.InvariantCulture, $"event_filter gen_id {t.Gid}, sig_id {t.Sid}, type {t.LimitKind}, track {t.LimitTrack}, count {t.LimitCount}, seconds {t.LimitSeconds}\n");
        foreach (var s in silences)
        {
            text.Append(CultureInfo.InvariantCulture, $"suppress gen_id {s.Gid}, sig_id {s.Sid}");
            if (s.Src is not null)
                text.Append(CultureInfo.InvariantCulture, $", track by_src, ip {s.Src}");
            else if (s.Dst is not null)
                text.Append(CultureInfo.InvariantCulture, $", track by_dst, ip {s.Dst}");
            text.Append('\n');
        }
        return text.ToString();
    }
}
