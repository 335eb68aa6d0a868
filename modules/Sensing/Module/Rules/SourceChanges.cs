using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Rules;

/// <summary>One rule that a version of a source brought, changed or took away.</summary>
/// <param name="Kind">added, removed or changed.</param>
/// <param name="Gid">Group id.</param>
/// <param name="Sid">Signature id.</param>
/// <param name="Rev">Revision now, or the last one.</param>
/// <param name="Before">Revision before, where it changed.</param>
/// <param name="Message">Its words.</param>
public sealed record RuleChange(string Kind, int Gid, long Sid, int Rev, int? Before, string Message);

/// <summary>What a version of a source changed.</summary>
internal sealed record SourceDifference(int Added, int Removed, int Changed, IReadOnlyList<RuleChange> First)
{
    private const int Named = 200;

    /// <summary>Compares rules by id and text; a rule that was only switched in its file counts as changed.</summary>
    public static SourceDifference Between(IEnumerable<KnownRule> before, IEnumerable<KnownRule> now)
    {
        var old = ById(before);
        var fresh = ById(now);
        var changes = new List<RuleChange>();
        foreach (var rule in fresh.Values)
        {
            if (!old.TryGetValue((rule.Gid, rule.Sid), out var was))
                changes.Add(new("added", rule.Gid, rule.Sid, rule.Rev, null, rule.Message));
            else if (was.Mark != rule.Mark)
                changes.Add(new("changed", rule.Gid, rule.Sid, rule.Rev, was.Rev, rule.Message));
        }
        changes.AddRange(old.Values.Where(r => !fresh.ContainsKey((r.Gid, r.Sid))).Select(r => new RuleChange("removed", r.Gid, r.Sid, r.Rev, null, r.Message)));
        var counts = changes.ToLookup(c => c.Kind);
        return new(counts["added"].Count(), counts["removed"].Count(), counts["changed"].Count(), [.. changes.OrderBy(c => c.Kind, StringComparer.Ordinal).ThenBy(c => c.Sid).Take(Named)]);
    }

    private static Dictionary<(int, long), KnownRule> ById(IEnumerable<KnownRule> rules)
    {
        var all = new Dictionary<(int, long), KnownRule>();
        foreach (var rule in rules)
            all.TryAdd((rule.Gid, rule.Sid), rule);
        return all;
    }
}

/// <summary>A rule of one version of a source: enough to tell whether it changed.</summary>
internal sealed record KnownRule(int Gid, long Sid, int Rev, string Message, string Mark)
{
    /// <summary>A mark of text and switch.</summary>
    public static string MarkOf(string text, bool on) => (on ? "+" : "-") + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}

/// <summary>One update of a source as the page shows it.</summary>
public sealed class SourceChangeRow
{
    public Guid Id { get; init; }
    public DateTimeOffset At { get; init; }
    public string ByName { get; init; } = "";
    public string Checksum { get; init; } = "";
    public int Added { get; init; }
    public int Removed { get; init; }
    public int Changed { get; init; }
    public int Rules { get; init; }
    public int Wrong { get; init; }
    public string Detail { get; init; } = "[]";

    /// <summary>The first rules that changed, by name.</summary>
    public IReadOnlyList<RuleChange> First => JsonSerializer.Deserialize<List<RuleChange>>(Detail) ?? [];
}

/// <summary>Asks for the last updates of a source.</summary>
internal sealed record ListSourceChangesRequest(Guid Source, int Size = 20);

/// <summary>What each update of a source changed, newest first.</summary>
internal sealed class ListSourceChanges(Database database) : Query<ListSourceChangesRequest, IReadOnlyList<SourceChangeRow>>
{
    private const string Sql =
        """
        select id, at, by_name, checksum, added, removed, changed, rules, wrong, detail::text as detail
        from sensing.rule_changes
        where source_id = @Source
        order by at desc
        limit @size
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<IReadOnlyList<SourceChangeRow>>> HandleAsync(Viewer viewer, ListSourceChangesRequest request, CancellationToken cancel) =>
        new List<SourceChangeRow>(await database.QueryAsync<SourceChangeRow>(Sql, new { request.Source, size = Math.Clamp(request.Size, 1, 100) }, cancel));
}
