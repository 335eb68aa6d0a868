using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Rules;

/// <summary>Rules as typed.</summary>
internal sealed record CheckRulesRequest(string Text);

/// <summary>What the engine's own parser makes of typed rules.</summary>
/// <param name="On">Rules that would load.</param>
/// <param name="Off">Rules commented out.</param>
/// <param name="Faults">By line.</param>
/// <param name="Elsewhere">Signature ids that another source has too; the first source keeps them.</param>
internal sealed record CheckedRules(int On, int Off, IReadOnlyList<RuleFault> Faults, IReadOnlyList<long> Elsewhere);

/// <summary>Checks rules while they are typed, by the engine's own parser: the answer is the one the sensor will give.</summary>
internal sealed class CheckRules(Database database, RuleChecker checker) : Query<CheckRulesRequest, CheckedRules>
{
    /// <summary>Characters that are looked at.</summary>
    public const int Limit = 1 << 20;

    private const string Known =
        """
        select distinct r.sid from sensing.rules r
        join sensing.rule_sources s on s.id = r.source_id
        where r.sid = any(@sids) and s.id <> @own and s.enabled
        order by r.sid
        limit 50
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<CheckedRules>> HandleAsync(Viewer viewer, CheckRulesRequest request, CancellationToken cancel)
    {
        if (request.Text.Length > Limit)
            return Refuse.Invalid("sensing.refused.rules-large", "text", Limit >> 20);
        var rules = RuleScanner.Scan(request.Text);
        var faults = checker.Check(OwnRules.File, rules).Values.OrderBy(f => f.Line).ToList();
        var repeated = rules.Where(r => r is { IsOn: true, Sid: not null }).GroupBy(r => (r.Gid, r.Sid)).Where(g => g.Count() > 1).SelectMany(g => g.Skip(1));
        faults.AddRange(repeated.Where(r => faults.TrueForAll(f => f.Line != r.Line)).Select(r => new RuleFault(r.Line, "sid", $"{r.Sid} is there twice")));
        var sids = rules.Where(r => r is { IsOn: true, Gid: 1, Sid: not null }).Select(r => r.Sid!.Value).Distinct().ToArray();
        var elsewhere = sids.Length == 0 ? [] : await database.QueryAsync<long>(Known, new { sids, own = OwnRules.Source }, cancel, 5);
        return new CheckedRules(rules.Count(r => r.IsOn) - faults.Count, rules.Count(r => !r.IsOn), faults, [.. elsewhere]);
    }
}

/// <summary>The rules that are written here.</summary>
internal static class OwnRules
{
    /// <summary>Their source, made with the first that is saved.</summary>
    public static readonly Guid Source = Guid.Parse("0198c0de-0000-7000-8000-000000000004");

    /// <summary>Their one file.</summary>
    public const string File = "own.rules";

    /// <summary>Name of the source.</summary>
    public const string Name = "Own rules";
}

/// <summary>Asks for the rules written here.</summary>
internal sealed record ShowOwnRulesRequest;

/// <summary>The rules written here, as text.</summary>
/// <param name="Text">As saved.</param>
/// <param name="Checksum">Of that text: what an edit began from.</param>
internal sealed record OwnRulesText(string Text, string Checksum);

/// <summary>What the editor opens with.</summary>
internal sealed class ShowOwnRules(Database database) : Query<ShowOwnRulesRequest, OwnRulesText>
{
    private const string Sql = "select body from sensing.rule_files where source_id = @source and name = @file";

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<OwnRulesText>> HandleAsync(Viewer viewer, ShowOwnRulesRequest request, CancellationToken cancel)
    {
        var text = await database.FindAsync<string>(Sql, new { source = OwnRules.Source, file = OwnRules.File }, cancel) ?? "";
        return new OwnRulesText(text, RuleStore.ChecksumOf([new(OwnRules.File, "rules", text)]));
    }
}

/// <summary>Saves the rules written here.</summary>
/// <param name="Text">All of them.</param>
/// <param name="From">Checksum of the text the edit began from; another one means that someone else saved meanwhile.</param>
internal sealed record SaveOwnRulesRequest(string Text, string From);

/// <summary>Puts the rules written here in force with the next generation. Rules with a fault are kept and named; the others are in force.</summary>
internal sealed class SaveOwnRules(Database database, RuleChecker checker) : Act<SaveOwnRulesRequest, CarriedRules>(database)
{
    private const string Source =
        """
        insert into sensing.rule_sources (id, name, kind, enabled, added_at, added_by)
        values (@id, @name, 'file', true, @now, @by)
        on conflict (id) do update set enabled = true
        """;

    private const string Taken = "select exists (select 1 from sensing.rule_sources where name = @name and id <> @id)";

    private const string Body = "select f.body from sensing.rule_sources s join sensing.rule_files f on f.source_id = s.id and f.name = @file where s.id = @id for update of s";

    public override Permission Permission => Permissions.Rules;

    protected override async Task<Outcome<CarriedRules>> HandleAsync(Work work, SaveOwnRulesRequest request, CancellationToken cancel)
    {
        var text = request.Text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\0', '\uFFFD');
        if (text.Length > CheckRules.Limit)
            return Refuse.Invalid("sensing.refused.rules-large", "text", CheckRules.Limit >> 20);
        if (await work.FindAsync<bool>(Taken, new { name = OwnRules.Name, id = OwnRules.Source }, cancel))
            return Refuse.Conflict("sensing.refused.source-exists", OwnRules.Name);
        var known = await work.FindAsync<string>(Body, new { id = OwnRules.Source, file = OwnRules.File }, cancel) ?? "";
        if (RuleStore.ChecksumOf([new(OwnRules.File, "rules", known)]) != request.From)
            return Refuse.Conflict("sensing.refused.rules-changed-meanwhile");
        await work.ExecuteAsync(Source, new { id = OwnRules.Source, name = OwnRules.Name, now = work.Now, by = work.Viewer.Name }, cancel);
        var (rules, wrong) = await RuleStore.ReplaceAsync(work, OwnRules.Source, [new(OwnRules.File, "rules", text)], checker, cancel);
        work.Audit("sensing.rule-source.edited", $"rule-source/{OwnRules.Source}", new { rules, wrong });
        return new CarriedRules(OwnRules.Source, rules, wrong);
    }
}
