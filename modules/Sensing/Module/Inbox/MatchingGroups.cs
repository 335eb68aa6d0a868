using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Triage;

namespace Appliance.Sensing.Inbox;

/// <summary>A group by id with the words that name it.</summary>
internal sealed record GroupName(Guid Id, string Signature);

/// <summary>Every group that matches a filter, the most urgent first, at most <see cref="GroupSelection.Limit"/>: what an act on "all that match" is for, fixed when it begins.</summary>
internal sealed class MatchingGroups(Database database, TimeProvider time) : Query<InboxFilter, IReadOnlyList<GroupName>>
{
    private const string Sql =
        $"""
        select m.id, m.signature
        from sensing.alert_groups m
        where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
        order by m.score desc, m.last_received desc, m.id desc
        limit @limit
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<GroupName>>> HandleAsync(Viewer viewer, InboxFilter request, CancellationToken cancel)
    {
        var outcome = request.Parameters(viewer, time.GetUtcNow(), new { limit = GroupSelection.Limit });
        return outcome.TryGet(out var parameters)
            ? new List<GroupName>(await database.QueryAsync<GroupName>(Sql, parameters, cancel))
            : Outcome<IReadOnlyList<GroupName>>.Refused(outcome.Refusals);
    }
}
