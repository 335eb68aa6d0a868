using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>A task that is about to stand on an incident. Checked by the caller.</summary>
/// <param name="Texts">By language; at least one.</param>
/// <param name="Who">As in <see cref="TaskRules.Whos"/>.</param>
/// <param name="DueMinutes">Working minutes from now, or null.</param>
internal sealed record NewTask(IReadOnlyDictionary<string, StepText> Texts, string Who, int? DueMinutes)
{
    private const string Place = "select count(*)::int as held, coalesce(max(k.position), 0) as last from ticketing.tasks k where k.incident_id = @Incident";

    private const string Insert =
        """
        insert into ticketing.tasks (id, incident_id, run_id, position, texts, who, due_at, added_at, added_by, changed_at, changed_by)
        select t.id, @Incident, @Run, @Last + t.n, t.texts::jsonb, t.who, t.due, @Now, @By, @Now, @By
        from unnest(@Ids, @Texts, @Whos, @Dues) with ordinality as t (id, texts, who, due, n)
        """;

    /// <summary>Puts the tasks behind those of the incident, which the caller locked; answers why not, or null.</summary>
    public static async Task<Refusal?> AddAllAsync(Work work, IncidentRow incident, Guid? run, IReadOnlyList<NewTask> tasks, IncidentClocks clocks, CancellationToken cancel) =>
        (await PutAsync(work, incident, run, tasks, clocks, cancel)).Refusals.FirstOrDefault();

    /// <summary>The same; answers the ids.</summary>
    public static async Task<Outcome<IReadOnlyList<Guid>>> PutAsync(Work work, IncidentRow incident, Guid? run, IReadOnlyList<NewTask> tasks, IncidentClocks clocks, CancellationToken cancel)
    {
        var place = (await work.FindAsync<PlaceRow>(Place, new { Incident = incident.Id }, cancel))!;
        if (place.Held + tasks.Count > TaskRules.Most)
            return Refuse.Conflict("ticketing.refused.tasks-many", TaskRules.Most);
        Guid[] ids = [.. tasks.Select(_ => Guid.CreateVersion7())];
        await work.ExecuteAsync(
            Insert,
            new
            {
                Incident = incident.Id,
                Run = run,
                place.Last,
                work.Now,
                By = work.Viewer.Name,
                Ids = ids,
                Texts = tasks.Select(t => JsonSerializer.Serialize(t.Texts, OutboxJson.Options)).ToArray(),
                Whos = tasks.Select(t => t.Who).ToArray(),
                Dues = tasks.Select(t => t.DueMinutes is { } minutes ? clocks.After(minutes, incident.Severity, work.Now) : (DateTimeOffset?)null).ToArray(),
            },
            cancel);
        return ids;
    }

    private sealed class PlaceRow
    {
        public int Held { get; set; }

        public int Last { get; set; }
    }
}
