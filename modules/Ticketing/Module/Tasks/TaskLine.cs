using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>A task as its readers see it; it wears the marking of its incident.</summary>
/// <param name="Number">The incident that it belongs to, which may be part of another.</param>
/// <param name="Title">In the viewer's language, where it is written in it.</param>
/// <param name="Assignee">Who does it; null while it waits for <paramref name="Who"/>.</param>
/// <param name="Owner">Owner of the incident that is worked on: whom a task of the owner waits for.</param>
/// <param name="Playbook">Name of the playbook it came from, or null.</param>
/// <param name="Steps">What may follow its state.</param>
internal sealed record TaskLine(
    Guid Id, int Version, string Number, string IncidentTitle, Marking Marking, string State, string Title, string Text, string Who, UserId? AssigneeId, string? Assignee, string? Owner, DateTimeOffset? DueAt, bool Late,
    string Note, string Reason, string? Playbook, DateTimeOffset ChangedAt, string ChangedBy, IReadOnlyList<TaskStep> Steps);

/// <summary>Tasks as stored, with what their incident says about them.</summary>
internal sealed class TaskRow
{
    /// <summary>Reads tasks with their incident <c>m</c> and the incident <c>r</c> that it is part of, as far as the viewer may see them.</summary>
    internal const string Select =
        $"""
        select k.id, k.incident_id, k.version, k.state, k.texts::text as texts, k.who, k.assignee_id, k.assignee_name, k.due_at, k.note, k.reason, k.changed_at, k.changed_by,
               n.names::text as playbook, m.number, m.title, m.tlp, m.pap, m.exercise, m.named, case when own.up is null then own.owner_name else r.owner_name end as owner
        {From}
        """;

    internal const string From =
        $"""
        from ticketing.tasks k
        join ticketing.incidents m on m.id = k.incident_id
        left join ticketing.playbook_runs n on n.id = k.run_id
        cross join lateral (select m.root_id as up, m.owner_id, m.owner_name) own
        left join lateral (select m.owner_id, m.owner_name from ticketing.incidents m where m.id = own.up and {Visible.RowsOfConstituents}) r on true
        where {Visible.RowsOfConstituents}
        """;

    /// <summary>Those that wait for the viewer by name: given to them, or of the owner that they are.</summary>
    internal const string Mine = "(k.assignee_id = @viewer_id or (k.assignee_id is null and k.who = 'owner' and case when own.up is null then own.owner_id else r.owner_id end = @viewer_id))";

    internal const string Unfinished = "k.state in ('open', 'doing')";

    public Guid Id { get; set; }

    public Guid IncidentId { get; set; }

    public int Version { get; set; }

    public string State { get; set; } = "";

    public string Texts { get; set; } = "{}";

    public string Who { get; set; } = "";

    public Guid? AssigneeId { get; set; }

    public string? AssigneeName { get; set; }

    public DateTimeOffset? DueAt { get; set; }

    public string Note { get; set; } = "";

    public string Reason { get; set; } = "";

    public DateTimeOffset ChangedAt { get; set; }

    public string ChangedBy { get; set; } = "";

    public string? Playbook { get; set; }

    public string Number { get; set; } = "";

    public string Title { get; set; } = "";

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public Guid[] Named { get; set; } = [];

    public string? Owner { get; set; }

    public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);

    public IReadOnlyDictionary<string, StepText> Words() => JsonSerializer.Deserialize<Dictionary<string, StepText>>(Texts, OutboxJson.Options)!;

    public TaskLine Read(DateTimeOffset now)
    {
        var text = InLanguage.Of(Words());
        return new(
            Id, Version, Number, Title, Marking(), State, text.Title, text.Text, Who, AssigneeId is { } one ? new UserId(one) : null, AssigneeName, Owner, DueAt, DueAt < now && !TaskRules.IsEnd(State),
            Note, Reason, Playbook is null ? null : InLanguage.Of(JsonSerializer.Deserialize<Dictionary<string, string>>(Playbook, OutboxJson.Options)!), ChangedAt, ChangedBy, [.. TaskRules.From(State)]);
    }
}
