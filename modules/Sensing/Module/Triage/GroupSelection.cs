using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Inbox;

namespace Appliance.Sensing.Triage;

/// <summary>Which groups an act is for: the ones chosen, or all that match a filter.</summary>
internal sealed record GroupSelection(IReadOnlyList<Guid> Ids, InboxFilter? Matching = null)
{
    /// <summary>Groups one act touches at most; the rest is named in the answer and done with the next press.</summary>
    public const int Limit = 10_000;

    private const string Chosen =
        $"""
        select {LockedGroup.Columns}
        from sensing.alert_groups m
        where m.id = any(@ids) and {Visible.RowsOfConstituents}
        order by m.id
        for update
        """;

    private const string All =
        $"""
        select {LockedGroup.Columns}
        from sensing.alert_groups m
        where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
        order by m.id
        limit @limit
        for update
        """;

    public static GroupSelection One(Guid id) => new([id]);

    /// <summary>True for a part of an act on many: where no group can be changed, the answer says so group by group instead of refusing once for all.</summary>
    public bool EachTold { get; init; }

    /// <summary>Locks the groups in the order of their ids, so that two people's acts never wait in a circle.</summary>
    public async Task<Outcome<IReadOnlyList<LockedGroup>>> LockAsync(Work work, int most, CancellationToken cancel)
    {
        if (Matching is not null)
        {
            var outcome = Matching.Parameters(work.Viewer, work.Now, new { limit = most });
            return outcome.TryGet(out var parameters)
                ? new List<LockedGroup>(await work.QueryAsync<LockedGroup>(All, parameters, cancel))
                : Outcome<IReadOnlyList<LockedGroup>>.Refused(outcome.Refusals);
        }
        if (Ids.Count == 0)
            return Refuse.Invalid("sensing.refused.nothing-chosen", "ids");
        if (Ids.Count > most)
            return Refuse.Invalid("sensing.refused.too-many", "ids", Ids.Count, most);
        return new List<LockedGroup>(await work.QueryAsync<LockedGroup>(Chosen, Visible.With(work.Viewer, new { ids = Ids.Distinct().ToArray() }), cancel));
    }
}

/// <summary>A group under lock, as it is before the act.</summary>
internal sealed class LockedGroup : InboxRow
{
    public new const string Columns =
        InboxRow.Columns +
        """
        , m.live, m.named, exists (
            select 1 from sensing.alert_groups o
            where o.live and o.id <> m.id and o.gid = m.gid and o.sid = m.sid and o.exercise = m.exercise
              and o.src is not distinct from m.src and o.dst is not distinct from m.dst) as taken
        """;

    public bool Live { get; init; }
    public Guid[] Named { get; init; } = [];

    /// <summary>True when newer alerts of the same kind have formed a group of their own.</summary>
    public bool Taken { get; init; }
}

/// <summary>What became of one group.</summary>
/// <param name="Id">The group.</param>
/// <param name="Refusal">Why it was left as it is, or null when it was done.</param>
internal sealed record GroupResult(Guid Id, Refusal? Refusal);

/// <summary>What an act on groups answers.</summary>
/// <param name="ActId">Names the act for undo.</param>
/// <param name="Results">One line per group.</param>
internal sealed record TriageAnswer(Guid ActId, IReadOnlyList<GroupResult> Results)
{
    /// <summary>How many were done.</summary>
    public int Done => Results.Count(static r => r.Refusal is null);

    /// <summary>Those left as they are, with the reason.</summary>
    public IEnumerable<GroupResult> Refused => Results.Where(static r => r.Refusal is not null);
}
