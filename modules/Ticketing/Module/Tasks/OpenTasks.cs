using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>Unfinished tasks of incidents that are about to be closed: they are named, and whoever closes says what becomes of them.</summary>
internal static class OpenTasks
{
    /// <summary>Skipped, for the reason that the incident is closed.</summary>
    public const string Skip = "skip";

    /// <summary>Left to those who have them.</summary>
    public const string Keep = "keep";

    private const int Named = 5;

    // The incidents of the acts are locked; so are their tasks, by way of them.
    private const string Of =
        $"""
        select k.id, k.incident_id, coalesce(m.root_id, m.id) as root, k.state, k.texts::text as texts, m.number
        from ticketing.tasks k
        join ticketing.incidents m on m.id = k.incident_id
        where (m.id = any(@Roots) or m.root_id = any(@Roots)) and {TaskRow.Unfinished} and {Visible.RowsOfConstituents}
        order by k.incident_id, k.position
        """;

    private const string Update =
        """
        update ticketing.tasks
        set skip_from = state, skip_act = @Act, state = 'skipped', reason = @Reason, ended_at = @Now, version = version + 1, changed_at = @Now, changed_by = @By
        where id = any(@Ids)
        """;

    private const string Restore =
        $"""
        update ticketing.tasks k
        set state = k.skip_from, skip_from = null, skip_act = null, reason = '', ended_at = null, version = k.version + 1, changed_at = @Now, changed_by = @By
        from ticketing.incidents m
        where m.id = k.incident_id and k.skip_act = @Act and (m.id = any(@Roots) or m.root_id = any(@Roots)) and {Visible.RowsOfConstituents}
        """;

    /// <summary>Those of each incident and its parts that the viewer may see.</summary>
    public static async Task<ILookup<Guid, OpenTask>> ReadAsync(Work work, Guid[] incidents, CancellationToken cancel) => incidents.Length == 0
        ? Array.Empty<OpenTask>().ToLookup(t => t.Root)
        : (await work.QueryAsync<OpenRow>(Of, Visible.With(work.Viewer, new { Roots = incidents }), cancel))
            .Select(r => new OpenTask(r.Id, r.IncidentId, r.Root, r.State, new TaskRow { Texts = r.Texts }.Words(), r.Number)).ToLookup(t => t.Root);

    /// <summary>Why an incident with such tasks is not closed, or null.</summary>
    public static Refusal? Why(IncidentRow incident, IEnumerable<OpenTask> tasks, string? wanted)
    {
        var titles = wanted is null ? tasks.Select(t => InLanguage.Of(t.Texts).Title).ToList() : [];
        return titles.Count == 0
            ? null
            : Refuse.Conflict("ticketing.refused.tasks-open", incident.Number, titles.Count, string.Join("; ", titles.Take(Named)) + (titles.Count > Named ? " …" : ""));
    }

    /// <summary>Skips the tasks, with the reason for closing.</summary>
    public static async Task SkipAsync(Work work, IReadOnlyList<OpenTask> tasks, string reason, Guid? act, CancellationToken cancel)
    {
        if (tasks.Count == 0)
            return;
        await work.ExecuteAsync(Update, new { Ids = tasks.Select(t => t.Id).ToArray(), Act = act, Reason = reason, work.Now, By = work.Viewer.Name }, cancel);
        await TimelineEntry.AddAllAsync(work, [.. tasks.Select(t => new TimelineEntry(new(t.Incident), "task") { Text = reason, Detail = TaskChange.Facts(t.Id, t.Texts, "moved", t.State, TaskRules.Skipped) })], cancel);
        foreach (var task in tasks)
            work.Audit("ticketing.task.moved", $"incident/{task.Incident}", new { task.Number, task = task.Id, from = task.State, to = TaskRules.Skipped });
    }

    /// <summary>Gives back what the act skipped, where nobody touched it since.</summary>
    public static Task RestoreAsync(Work work, Guid act, Guid[] incidents, CancellationToken cancel) =>
        work.ExecuteAsync(Restore, Visible.With(work.Viewer, new { Act = act, Roots = incidents, work.Now, By = work.Viewer.Name }), cancel);

    private sealed class OpenRow
    {
        public Guid Id { get; set; }

        public Guid IncidentId { get; set; }

        public Guid Root { get; set; }

        public string State { get; set; } = "";

        public string Texts { get; set; } = "{}";

        public string Number { get; set; } = "";
    }
}

/// <summary>An unfinished task of an incident that is about to be closed.</summary>
internal sealed record OpenTask(Guid Id, Guid Incident, Guid Root, string State, IReadOnlyDictionary<string, StepText> Texts, string Number);
