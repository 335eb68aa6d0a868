using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing;

/// <summary>Playbooks and tasks.</summary>
internal static partial class TicketingApi
{
    private static readonly object s_step = new { texts = new { en = new StepText("Call the owner", "By telephone; write down whom you reached.") }, who = "owner", dueMinutes = 60 };

    private static void DescribePlaybooks(IModuleBuilder builder) => builder
        .Endpoint("GET", "playbooks", Permissions.Read, (Viewer viewer, ListPlaybooks query, CancellationToken cancel, bool retired = false) => query.RunAsync(viewer, retired, cancel))
        .Endpoint("GET", "playbooks/{id:guid}", Permissions.Read, (Viewer viewer, ShowPlaybook query, Guid id, CancellationToken cancel, int? version = null) => query.RunAsync(viewer, new(id, version), cancel))
        .Endpoint("POST", "playbooks", Permissions.Playbooks, (Viewer viewer, WritePlaybook act, PlaybookFields body, CancellationToken cancel) => act.RunAsync(viewer, new(body), cancel))
        .Example(new { names = new { en = "Stolen laptop" }, types = new[] { "intrusions/burglary" }, severities = new[] { 1, 2 }, steps = new[] { s_step } })
        .Endpoint("PUT", "playbooks/{id:guid}", Permissions.Playbooks, (Viewer viewer, WritePlaybook act, Guid id, PlaybookBody body, CancellationToken cancel) => act.RunAsync(viewer, new(body.Fields, id, body.Version), cancel))
        .Example(new { version = 1, fields = new { names = new { en = "Stolen laptop" }, types = new[] { "intrusions/burglary" }, severities = new[] { 1, 2 }, steps = new[] { s_step } } })
        .Endpoint("POST", "playbooks/{id:guid}/copy", Permissions.Playbooks, (Viewer viewer, CopyPlaybook act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, id, cancel))
        .Endpoint("POST", "playbooks/{id:guid}/retire", Permissions.Playbooks, (Viewer viewer, RetirePlaybook act, Guid id, RetireBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Retired), cancel))
        .Example(new { retired = true })
        .Endpoint("GET", "incidents/{number}/playbooks", Permissions.Read, (Viewer viewer, SuggestPlaybooks query, string number, CancellationToken cancel) => query.RunAsync(viewer, number, cancel))
        .Endpoint("POST", "incidents/{id:guid}/playbooks", Permissions.Edit, (Viewer viewer, StartPlaybook act, Guid id, StartBody body, CancellationToken cancel) => act.RunAsync(viewer, new(new(id), body.Playbook), cancel))
        .Example(new { playbook = OneId });

    private static void DescribeTasks(IModuleBuilder builder) => builder
        .Endpoint("GET", "tasks", Permissions.Read, (Viewer viewer, ListTasks query, CancellationToken cancel, string view = "mine", string? after = null, int limit = 50) => query.RunAsync(viewer, new(view, after, limit), cancel))
        .Endpoint("GET", "incidents/{number}/tasks", Permissions.Read, (Viewer viewer, ListIncidentTasks query, string number, CancellationToken cancel) => query.RunAsync(viewer, number, cancel))
        .Endpoint("POST", "incidents/{id:guid}/tasks", Permissions.Edit, (Viewer viewer, AddTask act, Guid id, TaskBody body, CancellationToken cancel) => act.RunAsync(viewer, new(new(id), body.Title, body.Text, body.Who, body.DueMinutes), cancel))
        .Example(new { title = "Call the owner", text = "By telephone; write down whom you reached.", who = "owner", dueMinutes = 60 })
        .Endpoint("PUT", "tasks/{id:guid}", Permissions.Edit, (Viewer viewer, EditTask act, Guid id, TaskEditBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Version, body.Title, body.Text, body.Who, body.DueMinutes, body.NoDue), cancel))
        .Example(new { version = 1, title = "Call the owner and the hoster", who = "owner", dueMinutes = 120 })
        .Endpoint("POST", "tasks/{id:guid}/state", Permissions.Edit, (Viewer viewer, MoveTask act, Guid id, TaskMoveBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Version, body.To, body.Word), cancel))
        .Example(new { version = 1, to = "done", word = "Reached the duty officer." })
        .Endpoint("POST", "tasks/{id:guid}/assignee", Permissions.Edit, (Viewer viewer, GiveTask act, Guid id, TaskGiftBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Version, body.To is { } to ? new UserId(to) : null), cancel))
        .Example(new { version = 1, to = OneId })
        .Endpoint("POST", "tasks/{id:guid}/place", Permissions.Edit, (Viewer viewer, PlaceTask act, Guid id, TaskPlaceBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Before), cancel))
        .Example(new { before = OneId });

    internal sealed record PlaybookBody(PlaybookFields Fields, int Version = 0);

    internal sealed record RetireBody(bool Retired = true);

    internal sealed record StartBody(Guid Playbook);

    internal sealed record TaskBody(string Title, string Text = "", string Who = TaskRules.Any, int? DueMinutes = null);

    internal sealed record TaskEditBody(string Title, int Version = 0, string Text = "", string Who = TaskRules.Any, int? DueMinutes = null, bool NoDue = false);

    internal sealed record TaskMoveBody(string To, int Version = 0, string Word = "");

    internal sealed record TaskGiftBody(int Version = 0, Guid? To = null);

    internal sealed record TaskPlaceBody(Guid? Before = null);
}
