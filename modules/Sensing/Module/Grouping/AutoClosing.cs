using System.Net;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Grouping;

/// <summary>A person's decision that alerts of a kind close themselves until a date.</summary>
internal sealed record AutoCloseRule(Guid Id, int Gid, long? Sid, IPNetwork? Src, IPNetwork? Dst)
{
    public bool Matches(GroupKey key) =>
        (Sid is not { } sid || (sid == key.Sid && Gid == key.Gid))
        && (Src is not { } source || key.Source.IsIn(source))
        && (Dst is not { } destination || key.Destination.IsIn(destination));
}

/// <summary>The rules in force, read with each batch that brings alerts: a rule counts from the batch after it was made, and no longer than it says.</summary>
internal sealed class AutoClosing
{
    private const string InForce =
        """
        select id, gid, sid, src, dst
        from sensing.auto_close_rules
        where removed_at is null and expires_at > @now
        order by created_at, id
        """;

    // Groups of a rule that ended must not swallow what comes after it.
    private const string LetGo =
        """
        update sensing.alert_groups set live = false
        where live and state = 'closed' and closed_by_rule in (
            select id from sensing.auto_close_rules where removed_at is not null or expires_at <= @now)
        """;

    private const string Hit =
        "update sensing.auto_close_rules set hits = hits + @Count, last_hit_at = @now where id = @Id";

    public async Task<IReadOnlyList<AutoCloseRule>> RulesAsync(Work work, DateTimeOffset now, CancellationToken cancel)
    {
        await work.ExecuteAsync(LetGo, new { now }, cancel);
        var rows = await work.QueryAsync<RuleRow>(InForce, new { now }, cancel);
        return [.. rows.Select(r => new AutoCloseRule(r.Id, r.Gid, r.Sid, r.Src, r.Dst))];
    }

    public static async Task CountAsync(Work work, IReadOnlyList<(Guid Rule, long Count)> hits, DateTimeOffset now, CancellationToken cancel)
    {
        foreach (var (rule, count) in hits)
            await work.ExecuteAsync(Hit, new { Id = rule, Count = count, now }, cancel);
    }

    private sealed class RuleRow
    {
        public Guid Id { get; init; }
        public int Gid { get; init; }
        public long? Sid { get; init; }
        public IPNetwork? Src { get; init; }
        public IPNetwork? Dst { get; init; }
    }
}
