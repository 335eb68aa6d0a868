using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Http;

namespace Appliance.Sensing.Rules;

/// <summary>One source as the page shows it.</summary>
internal sealed class RuleSourceRow
{
    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public string Kind { get; init; } = "";
    public string? Url { get; init; }
    public bool Enabled { get; init; }
    public string Licence { get; init; } = "";
    public DateTimeOffset? FetchedAt { get; init; }
    public DateTimeOffset? CheckedAt { get; init; }
    public DateTimeOffset? WantedAt { get; init; }
    public string? LastError { get; init; }
    public string? Checksum { get; init; }
    public int EveryHours { get; init; }
    public int? LastAdded { get; init; }
    public int? LastRemoved { get; init; }
    public int? LastChanged { get; init; }
    public long Rules { get; init; }
    public long On { get; init; }
    public long Wrong { get; init; }
}

/// <summary>Asks for all sources.</summary>
internal sealed record ListRuleSourcesRequest;

/// <summary>Where rules come from, with their counts.</summary>
internal sealed class ListRuleSources(Database database, TimeProvider time) : Query<ListRuleSourcesRequest, IReadOnlyList<RuleSourceRow>>
{
    private const string Sql =
        """
        -- every row: indicators are only counted
        select s.id, s.name, s.kind, s.url, s.enabled, s.licence, s.fetched_at, s.checked_at, s.wanted_at, s.last_error, s.checksum, s.every_hours,
            c.added as last_added, c.removed as last_removed, c.changed as last_changed,
            case when s.kind = 'indicators' then (select count(*) from sensing.indicators where ended_at is null and (valid_until is null or valid_until > @now)) else coalesce(r.rules, 0) end as rules,
            coalesce(r.enabled, 0) as "on", coalesce(r.wrong, 0) as wrong
        from sensing.rule_sources s
        left join lateral (
            select count(*) as rules, count(*) filter (where coalesce(t.enabled, x.on_in_file)) as enabled, count(*) filter (where x.error is not null) as wrong
            from sensing.rules x
            left join sensing.rule_states t on t.gid = x.gid and t.sid = x.sid
            where x.source_id = s.id) r on true
        left join lateral (select added, removed, changed from sensing.rule_changes where source_id = s.id order by at desc limit 1) c on true
        order by s.kind <> 'bundled', s.added_at, s.name
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<IReadOnlyList<RuleSourceRow>>> HandleAsync(Viewer viewer, ListRuleSourcesRequest request, CancellationToken cancel) =>
        new List<RuleSourceRow>(await database.QueryAsync<RuleSourceRow>(Sql, new { now = time.GetUtcNow() }, cancel));
}

/// <summary>Names a new source by address.</summary>
internal sealed record AddRuleSourceRequest(string Name, string Url);

/// <summary>Adds a source by address, switched on: its rules come with the next fetch.</summary>
internal sealed class AddRuleSource(Database database) : Act<AddRuleSourceRequest, Guid>(database)
{
    private const string Insert =
        """
        insert into sensing.rule_sources (id, name, kind, url, enabled, added_at, added_by, wanted_at)
        values (@id, @name, 'url', @url, true, @now, @by, @now)
        on conflict (name) do nothing
        """;

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, AddRuleSourceRequest request, CancellationToken cancel)
    {
        var refusals = new List<Refusal>();
        var name = request.Name.Trim();
        if (name.Length is 0 or > 80)
            refusals.Add(Refuse.Invalid("sensing.refused.source-name", "name", 80));
        if (OutgoingHttp.FaultOf(request.Url) is not null)
            refusals.Add(Refuse.Invalid("sensing.refused.source-url", "url", request.Url));
        if (refusals.Count > 0)
            return Outcome<Guid>.Refused(refusals);
        var id = Guid.CreateVersion7();
        if (await work.ExecuteAsync(Insert, new { id, name, url = request.Url.Trim(), now = work.Now, by = work.Viewer.Name }, cancel) == 0)
            return Refuse.Conflict("sensing.refused.source-exists", name);
        work.Audit("sensing.rule-source.added", $"rule-source/{id}", new { name, request.Url });
        return id;
    }
}

/// <summary>Switches a source, or asks for a fetch now.</summary>
internal sealed record ChangeRuleSourceRequest(Guid Id, bool? Enabled = null, bool Fetch = false, int? EveryHours = null);

/// <summary>Switches a source on or off, says how often it is fetched, or has it fetched now.</summary>
internal sealed class ChangeRuleSource(Database database) : Act<ChangeRuleSourceRequest, Done>(database)
{
    private const string Sql =
        """
        update sensing.rule_sources set
            enabled = coalesce(@enabled::boolean, enabled),
            every_hours = coalesce(@every::int, every_hours),
            wanted_at = case when kind = 'url' and (@fetch or (@enabled::boolean and fetched_at is null)) then @now else wanted_at end
        where id = @Id
        """;

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ChangeRuleSourceRequest request, CancellationToken cancel)
    {
        if (request.EveryHours is < 1 or > 720)
            return Refuse.Invalid("sensing.refused.every-hours", "everyHours", 720);
        if (await work.ExecuteAsync(Sql, new { request.Id, enabled = request.Enabled, every = request.EveryHours, fetch = request.Fetch, now = work.Now }, cancel) == 0)
            return Refuse.NotFound("sensing.refused.no-source");
        if (request.Enabled is not null)
            await Generations.WantAsync(work, cancel);
        work.Audit(request.Fetch ? "sensing.rule-source.fetch-asked" : "sensing.rule-source.changed", $"rule-source/{request.Id}", new { request.Enabled, request.EveryHours });
        return default(Done);
    }
}

/// <summary>Removes a source with its rules.</summary>
internal sealed record RemoveRuleSourceRequest(Guid Id);

/// <summary>Removes a source that someone added. The ones that came with the product are only switched off.</summary>
internal sealed class RemoveRuleSource(Database database) : Act<RemoveRuleSourceRequest, Done>(database)
{
    private const string Sql = "delete from sensing.rule_sources where id = @Id and kind in ('url', 'file') and added_by <> ''";

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, RemoveRuleSourceRequest request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Sql, request, cancel) == 0)
            return Refuse.NotFound("sensing.refused.no-source");
        await Generations.WantAsync(work, cancel);
        work.Audit("sensing.rule-source.removed", $"rule-source/{request.Id}");
        return default(Done);
    }
}

/// <summary>Files carried in by hand.</summary>
internal sealed record CarryRulesRequest(string FileName, byte[] Content);

/// <summary>What a carried file brought.</summary>
internal sealed record CarriedRules(Guid Source, int Rules, int Wrong);

/// <summary>Takes a carried rules file or archive as a source of its own, named after the file; the same name again replaces it.</summary>
internal sealed class CarryRules(Database database, RuleChecker checker) : Act<CarryRulesRequest, CarriedRules>(database)
{
    /// <summary>Largest file.</summary>
    public const int Limit = 64 << 20;

    private const string Upsert =
        """
        insert into sensing.rule_sources (id, name, kind, enabled, added_at, added_by)
        values (@id, @name, 'file', true, @now, @by)
        on conflict (name) do update set enabled = true
        where sensing.rule_sources.kind = 'file'
        returning id
        """;

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<CarriedRules>> HandleAsync(Work work, CarryRulesRequest request, CancellationToken cancel)
    {
        var read = RuleArchive.Read(request.FileName, request.Content);
        if (!read.TryGet(out var files))
            return Outcome<CarriedRules>.Refused(read.Refusals);
        var name = Path.GetFileName(request.FileName.Replace('\\', '/'));
        name = name.Length <= 80 ? name : name[..80];
        var source = await work.FindAsync<Guid?>(Upsert, new { id = Guid.CreateVersion7(), name, now = work.Now, by = work.Viewer.Name }, cancel);
        if (source is not { } id)
            return Refuse.Conflict("sensing.refused.source-exists", name);
        var (rules, wrong) = await RuleStore.ReplaceAsync(work, id, files, checker, cancel);
        work.Audit("sensing.rule-source.carried", $"rule-source/{id}", new { name, rules, wrong });
        return new CarriedRules(id, rules, wrong);
    }
}
