using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Sensing.Inbox;

/// <summary>Counts beside the tabs, capped: an exact number above the cap helps nobody and costs everybody.</summary>
internal sealed class InboxCounts
{
    /// <summary>Where counting stops.</summary>
    public const int Cap = 1000;

    public long Inbox { get; init; }
    public long Mine { get; init; }
    public long Snoozed { get; init; }
    public long Escalated { get; init; }
    public long Closed { get; init; }
    public long AutoClosed { get; init; }
    public long AutoRules { get; init; }

    /// <summary>Alerts that came after the time asked about.</summary>
    public long Newer { get; init; }

    public long Of(string view) => view switch { "mine" => Mine, "snoozed" => Snoozed, "escalated" => Escalated, "closed" => Closed, _ => Inbox };
}

/// <summary>Asks for the counts of all views, and how many groups of the inbox changed since.</summary>
internal sealed record InboxCountsRequest(int WindowHours = 24, DateTimeOffset? Since = null);

/// <summary>The counts of the tabs in one round trip.</summary>
internal sealed class CountInbox(Database database, TimeProvider time) : Query<InboxCountsRequest, InboxCounts>
{
    private const string Counts =
        $"""
        select
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'open' and m.last_received >= @since limit @cap) c) as inbox,
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'open' and m.owner_id = @viewer_id and m.last_received >= @since limit @cap) c) as mine,
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'snoozed' and m.last_received >= @since limit @cap) c) as snoozed,
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'escalated' and m.last_received >= @since limit @cap) c) as escalated,
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'closed' and m.last_received >= @since limit @cap) c) as closed,
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'closed' and m.closed_by_rule is not null and m.last_received >= @since limit @cap) c) as auto_closed,
            (select count(*) from sensing.auto_close_rules where removed_at is null and expires_at > @now) as auto_rules,
            (select count(*) from (select 1 from sensing.alert_groups m where {Visible.RowsOfConstituents} and m.state = 'open' and m.last_received > @newer limit 100) c) as newer
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<InboxCounts>> HandleAsync(Viewer viewer, InboxCountsRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var parameters = Visible.With(viewer, new
        {
            since = now.AddHours(-Math.Clamp(request.WindowHours, 1, InboxFilter.LongestWindowHours)),
            now,
            newer = request.Since ?? now,
            cap = InboxCounts.Cap,
        });
        return (await database.FindAsync<InboxCounts>(Counts, parameters, cancel))!;
    }
}
