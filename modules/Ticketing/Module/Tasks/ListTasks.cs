using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Tasks;

/// <summary>Which tasks to list.</summary>
/// <param name="View">mine, role (those that wait for a role the viewer holds), open or overdue.</param>
/// <param name="After">Key of the previous page's end.</param>
/// <param name="Limit">1 to 200.</param>
internal sealed record TasksWanted(string View = "mine", string? After = null, int Limit = 50);

/// <summary>Lists unfinished tasks of all incidents, those due first on top. Paged by key.</summary>
internal sealed class ListTasks(Database database, TimeProvider time) : Query<TasksWanted, Page<TaskLine>>
{
    internal const string OfRole = "(k.assignee_id is null and k.who = any(@Roles))";

    // What has no time comes after everything that has one.
    private const string Key = "coalesce(k.due_at, timestamptz '9999-01-01 00:00Z')";

    private const string Select =
        $"""
        {TaskRow.Select}
          and {TaskRow.Unfinished}
          and case @View when 'mine' then {TaskRow.Mine} when 'role' then {OfRole} when 'overdue' then k.due_at < @Now else true end
          and (@LastId::uuid is null or ({Key}, k.id) > (@At, @LastId))
        order by {Key}, k.id
        limit @Limit
        """;

    private static readonly DateTimeOffset s_never = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<Page<TaskLine>>> HandleAsync(Viewer viewer, TasksWanted request, CancellationToken cancel)
    {
        if (viewer.Constituent is not null)
            return new Page<TaskLine>([], null);
        var limit = Math.Clamp(request.Limit, 1, 200);
        var (at, last) = Read(request.After);
        var now = time.GetUtcNow();
        var rows = await database.QueryAsync<TaskRow>(Select, Visible.With(viewer, new { View = request.View ?? "mine", Now = now, Roles = RolesOf(viewer), At = at, LastId = last, Limit = limit + 1 }), cancel);
        var shown = rows.Take(limit).ToList();
        return new Page<TaskLine>(
            [.. shown.Select(r => r.Read(now))],
            rows.Count > limit ? string.Create(CultureInfo.InvariantCulture, $"{(shown[^1].DueAt ?? s_never).UtcTicks:x}-{shown[^1].Id:N}") : null);
    }

    /// <summary>How tasks name the roles of <paramref name="viewer"/>.</summary>
    internal static string[] RolesOf(Viewer viewer) => [.. TaskRules.Roles.Where(viewer.Roles.Contains).Select(TaskRules.WhoOf)];

    private static (DateTimeOffset At, Guid? Id) Read(string? after) =>
        after?.Split('-') is [var ticks, var id] && long.TryParse(ticks, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var at) && at >= 0 && at <= DateTime.MaxValue.Ticks && Guid.TryParse(id, out var guid)
            ? (new(at, TimeSpan.Zero), guid)
            : (DateTimeOffset.UnixEpoch, null);
}
