using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Filter;

namespace Appliance.Sensing.Rules;

/// <summary>Asks for rules: all, those on, off, or with an error.</summary>
internal sealed record ListRulesRequest(string View = "all", string? Query = null, Guid? Source = null, string? After = null, int Size = 50);

/// <summary>One rule as the list shows it.</summary>
internal sealed class RuleRow
{
    public Guid SourceId { get; init; }
    public string Source { get; init; } = "";
    public string File { get; init; } = "";
    public int Line { get; init; }
    public int Gid { get; init; }
    public long? Sid { get; init; }
    public int Rev { get; init; }
    public string Message { get; init; } = "";
    public bool Enabled { get; init; }
    public bool Changed { get; init; }
    public string? ErrorKeyword { get; init; }
    public string? Error { get; init; }
    public string Text { get; init; } = "";
    public long Alerts { get; init; }
    public string? Action { get; init; }
    public string? LimitKind { get; init; }
    public string? LimitTrack { get; init; }
    public int? LimitCount { get; init; }
    public int? LimitSeconds { get; init; }
    public string? Note { get; init; }
    public string? By { get; init; }

    /// <summary>What people put in the place of its own limit.</summary>
    public RuleLimit? Limit => LimitKind is null ? null : new(LimitKind, LimitTrack!, LimitCount!.Value, LimitSeconds!.Value);

    public string Key => string.Create(CultureInfo.InvariantCulture, $"{SourceId}|{File}|{Line}");
}

/// <summary>The rules of all sources with their state and what is wrong with them.</summary>
internal sealed class ListRules(Database database) : Query<ListRulesRequest, Page<RuleRow>>
{
    private const string Sql =
        """
        select r.source_id, s.name as source, r.file, r.line, r.gid, r.sid, r.rev, r.message, coalesce(t.enabled, r.on_in_file) as enabled, t.sid is not null or u.sid is not null as changed,
            r.error_keyword, r.error, r.text, coalesce(g.alerts, 0) as alerts, u.action, u.limit_kind, u.limit_track, u.limit_count, u.limit_seconds, u.note, coalesce(u.by_name, t.by_name) as by
        from sensing.rules r
        join sensing.rule_sources s on s.id = r.source_id
        left join sensing.rule_states t on t.gid = r.gid and t.sid = r.sid
        left join sensing.rule_tunings u on u.gid = r.gid and u.sid = r.sid
        left join sensing.signatures g on g.gid = r.gid and g.sid = r.sid
        where (@Source::uuid is null or r.source_id = @Source)
          and (@view = 'all' or (@view = 'on' and coalesce(t.enabled, r.on_in_file)) or (@view = 'off' and not coalesce(t.enabled, r.on_in_file))
               or (@view = 'wrong' and r.error is not null) or (@view = 'changed' and (t.sid is not null or u.sid is not null)))
          and (@sid::bigint is null or r.sid = @sid)
          and (@pattern::text is null or r.message ilike @pattern)
          and (@cursor_source::uuid is null or (r.source_id, r.file, r.line) > (@cursor_source, @cursor_file, @cursor_line))
        order by r.source_id, r.file, r.line
        limit @limit
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<Page<RuleRow>>> HandleAsync(Viewer viewer, ListRulesRequest request, CancellationToken cancel)
    {
        var parsed = FilterTerms.Parse(request.Query);
        if (!parsed.TryGet(out var terms))
            return Outcome<Page<RuleRow>>.Refused(parsed.Refusals);
        // A bare number is meant as a signature id.
        var sid = (terms.Sid.Wanted is [var one] && one.From == one.To ? (long?)one.From : null) ?? (terms.Words.Count == 1 && long.TryParse(terms.Words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);
        var size = Math.Clamp(request.Size, 1, 200);
        var cursor = Read(request.After);
        var rows = new List<RuleRow>(await database.QueryAsync<RuleRow>(
            Sql,
            new
            {
                request.Source,
                view = request.View,
                sid,
                pattern = sid is null ? terms.Pattern : null,
                cursor_source = cursor?.Source,
                cursor_file = cursor?.File,
                cursor_line = cursor?.Line,
                limit = size + 1,
            },
            cancel,
            10));
        var more = rows.Count > size;
        if (more)
            rows.RemoveAt(size);
        return new Page<RuleRow>(rows, more ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(rows[^1].Key)) : null);
    }

    private static (Guid Source, string File, int Line)? Read(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 400 || !Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
        return parts.Length == 3 && Guid.TryParse(parts[0], out var source) && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var line)
            ? (source, parts[1], line)
            : null;
    }
}

/// <summary>Switches one rule.</summary>
internal sealed record SwitchRuleRequest(IReadOnlyList<(int Gid, long Sid)> Rules, bool Enabled);

/// <summary>Switches single rules on or off; the decision survives updates of their source.</summary>
internal sealed class SwitchRules(Database database) : Act<SwitchRuleRequest, int>(database)
{
    private const string Sql =
        """
        insert into sensing.rule_states (gid, sid, enabled, at, by_name)
        values (@Gid, @Sid, @Enabled, @now, @name)
        on conflict (gid, sid) do update set enabled = excluded.enabled, at = excluded.at, by_name = excluded.by_name
        """;

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<int>> HandleAsync(Work work, SwitchRuleRequest request, CancellationToken cancel)
    {
        if (request.Rules.Count is 0 or > 1000)
            return Refuse.Invalid("sensing.refused.too-many", "rules", request.Rules.Count, 1000);
        foreach (var (gid, sid) in request.Rules)
            await work.ExecuteAsync(Sql, new { Gid = gid, Sid = sid, request.Enabled, now = work.Now, name = work.Viewer.Name }, cancel);
        await Generations.WantAsync(work, cancel);
        work.Audit(
            request.Enabled ? "sensing.rule.enabled" : "sensing.rule.disabled",
            request.Rules.Count == 1 ? $"rule/{request.Rules[0].Gid}:{request.Rules[0].Sid}" : "rules",
            new { sids = request.Rules.Select(r => r.Sid).Take(50), request.Rules.Count });
        return request.Rules.Count;
    }
}

/// <summary>Asks what each sensor loaded.</summary>
internal sealed record ShowGenerationsRequest;

/// <summary>What each sensor said of the newest generation it answered.</summary>
public sealed class SensorGenerationRow
{
    public string Sensor { get; init; } = "";
    public int? Generation { get; init; }
    public string? State { get; init; }
    public int RulesLoaded { get; init; }
    public int RulesFailed { get; init; }
    public string Errors { get; init; } = "[]";
    public string? Reason { get; init; }
    public double? Seconds { get; init; }
    public DateTimeOffset? At { get; init; }
}

/// <summary>The newest generation and how far it came.</summary>
public sealed record GenerationsView(int Number, int Rules, int RulesWrong, string State, string? Reason, DateTimeOffset? PublishedAt, bool Pending, IReadOnlyList<SensorGenerationRow> Sensors);

/// <summary>The version in force, per sensor, with the rules it could not load.</summary>
internal sealed class ShowGenerations(Database database) : Query<ShowGenerationsRequest, GenerationsView>
{
    private const string Newest =
        """
        select g.number, g.rules, g.rules_wrong, g.state, g.reason, g.published_at,
            (select (value #>> '{}')::bigint from sensing.settings where key = 'wanted_generation') > g.wanted as pending
        from sensing.generations g
        order by g.number desc
        limit 1
        """;

    private const string PerSensor =
        """
        select s.name as sensor, g.generation, g.state, coalesce(g.rules_loaded, 0) as rules_loaded, coalesce(g.rules_failed, 0) as rules_failed,
            coalesce(g.errors, '[]')::text as errors, g.reason, g.seconds, g.at
        from sensing.sensors s
        left join lateral (select * from sensing.sensor_generations where sensor_id = s.id order by generation desc limit 1) g on true
        where s.present and s.kind = 'folder'
        order by s.name
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<GenerationsView>> HandleAsync(Viewer viewer, ShowGenerationsRequest request, CancellationToken cancel)
    {
        var newest = await database.FindAsync<NewestRow>(Newest, null, cancel);
        var sensors = await database.QueryAsync<SensorGenerationRow>(PerSensor, null, cancel);
        return new GenerationsView(newest?.Number ?? 0, newest?.Rules ?? 0, newest?.RulesWrong ?? 0, newest?.State ?? "none", newest?.Reason, newest?.PublishedAt, newest?.Pending ?? true, sensors);
    }

    private sealed class NewestRow
    {
        public int Number { get; init; }
        public int Rules { get; init; }
        public int RulesWrong { get; init; }
        public string State { get; init; } = "";
        public string? Reason { get; init; }
        public DateTimeOffset? PublishedAt { get; init; }
        public bool Pending { get; init; }
    }
}
