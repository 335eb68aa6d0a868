using Appliance.Contracts;
using Appliance.Sensing.Alerts;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Events;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Pipeline;
using Appliance.Sensing.Sensors;
using Appliance.Sensing.Triage;

namespace Appliance.Sensing;

/// <summary><c>/api/v1/sensing/…</c>: the same handlers as the pages.</summary>
internal static class SensingApi
{
    public static async Task<Outcome<Page<GroupLine>>> ListAsync(
        Viewer viewer, ListGroups groups, string? view, int? hours, string? q, string? after, int? size, CancellationToken cancel)
    {
        var outcome = await groups.RunAsync(viewer, new(new InboxFilter(view ?? "inbox", hours ?? 24, q), after, size ?? 50), cancel);
        return outcome.TryGet(out var page)
            ? new Page<GroupLine>([.. page.Items.Select(GroupLine.Of)], page.Next, page.Total, page.TotalIsCapped)
            : Outcome<Page<GroupLine>>.Refused(outcome.Refusals);
    }

    public static async Task<Outcome<GroupDetail>> ShowAsync(Viewer viewer, ShowGroup show, Guid id, CancellationToken cancel)
    {
        var outcome = await show.RunAsync(viewer, new(id), cancel);
        return outcome.TryGet(out var page)
            ? new GroupDetail(GroupLine.Of(page.Group), page.Alert is { } alert ? System.Text.Json.JsonDocument.Parse(alert.Raw).RootElement : null, page.History)
            : Outcome<GroupDetail>.Refused(outcome.Refusals);
    }

    public static Task<Outcome<TriageAnswer>> EscalateAsync(Viewer viewer, EscalateAlerts act, TriageBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new GroupSelection(body.Ids)), cancel);

    public static Task<Outcome<TriageAnswer>> CloseAsync(Viewer viewer, CloseAlerts act, TriageBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new GroupSelection(body.Ids), body.Verdict ?? "benign", body.Reason), cancel);

    public static Task<Outcome<TriageAnswer>> SnoozeAsync(Viewer viewer, SnoozeAlerts act, TriageBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new GroupSelection(body.Ids), body.Hours ?? 8), cancel);

    public static Task<Outcome<TriageAnswer>> AssignAsync(Viewer viewer, AssignAlerts act, AssignBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new GroupSelection(body.Ids), body.To is null && !body.Release, body.To is { } to ? new UserId(to) : null), cancel);

    public static Task<Outcome<TriageAnswer>> ReopenAsync(Viewer viewer, ReopenAlerts act, TriageBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new GroupSelection(body.Ids)), cancel);

    public static async Task<Outcome<EventsAnswer>> EventsAsync(Viewer viewer, SearchEvents search, string? q, int? hours, string? after, int? size, CancellationToken cancel)
    {
        var outcome = await search.RunAsync(viewer, new(q, hours ?? 24, after, size ?? 50), cancel);
        return outcome.TryGet(out var found)
            ? new EventsAnswer([.. found.Rows.Items.Select(EventLine.Of)], found.Rows.Next, found.Partial, found.SearchedFrom)
            : Outcome<EventsAnswer>.Refused(outcome.Refusals);
    }

    public static async Task<Outcome<IReadOnlyList<SensorLine>>> SensorsAsync(Viewer viewer, ListSensors sensors, CancellationToken cancel)
    {
        var outcome = await sensors.RunAsync(viewer, new(), cancel);
        return outcome.TryGet(out var rows)
            ? rows.Select(SensorLine.Of).ToList()
            : Outcome<IReadOnlyList<SensorLine>>.Refused(outcome.Refusals);
    }

    public static Task<Outcome<IReadOnlyList<CaptureRow>>> CapturesAsync(Viewer viewer, ListCaptures captures, Guid? id, CancellationToken cancel) =>
        captures.RunAsync(viewer, new(id), cancel);

    public static Task<Outcome<Guid>> StartSelfTestAsync(Viewer viewer, StartSelfTest test, SelfTestBody body, CancellationToken cancel) =>
        test.RunAsync(viewer, body.Exercise, cancel);

    public static Task<Outcome<SelfTestState>> SelfTestAsync(Viewer viewer, ShowSelfTest test, Guid? capture, CancellationToken cancel) =>
        test.RunAsync(viewer, new(capture), cancel);

    public static Task<Outcome<PipelineView>> PipelineAsync(Viewer viewer, DiagnosePipeline pipeline, CancellationToken cancel) =>
        pipeline.RunAsync(viewer, new(), cancel);
}

/// <summary>Body of the acts on groups.</summary>
internal sealed record TriageBody(IReadOnlyList<Guid> Ids, string? Verdict = null, string? Reason = null, int? Hours = null);

/// <summary>Body of giving groups to somebody: to oneself, to a colleague, or (<c>release</c>) to nobody.</summary>
internal sealed record AssignBody(IReadOnlyList<Guid> Ids, Guid? To = null, bool Release = false);

/// <summary>Body of the self-test; the sample country plays it as real life.</summary>
internal sealed record SelfTestBody(bool Exercise = true);

/// <summary>A group as the API shows it.</summary>
internal sealed record GroupLine(
    Guid Id, int Gid, long Sid, string Signature, string Category, int Severity, int Score, IReadOnlyList<string> Reasons, long Count, string? Source, string? Destination,
    string? SourceConstituent, string? DestinationConstituent, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, DateTimeOffset LastReceived, string State, string? Verdict,
    string? Owner, string? Incident, string Tlp, bool Exercise)
{
    public static GroupLine Of(InboxRow row) => new(
        row.Id, row.Gid, row.Sid, row.Signature, row.Category, row.Severity, row.Score, row.Reasons, row.Count, row.Src?.ToString(), row.Dst?.ToString(),
        row.SrcConstituentName, row.DstConstituentName, row.FirstSeen, row.LastSeen, row.LastReceived, row.State, row.Verdict,
        row.OwnerName, row.IncidentNumber, row.Marking.Label, row.Exercise);
}

/// <summary>A group with its newest alert.</summary>
internal sealed record GroupDetail(GroupLine Group, System.Text.Json.JsonElement? Alert, IReadOnlyList<HistoryLine> History);

/// <summary>A page of records.</summary>
internal sealed record EventsAnswer(IReadOnlyList<EventLine> Items, string? Next, bool Partial, DateTimeOffset SearchedFrom);

/// <summary>A record as the API shows it.</summary>
internal sealed record EventLine(string Key, DateTimeOffset SeenAt, string Type, string? Source, int? SourcePort, string? Destination, int? DestinationPort, string? Proto, string? Name)
{
    public static EventLine Of(EventRow row) => new(row.Key, row.SeenAt, row.Type, row.Src?.ToString(), row.SrcPort, row.Dst?.ToString(), row.DstPort, row.Proto, row.Name);
}

/// <summary>A sensor as the API shows it.</summary>
internal sealed record SensorLine(string Name, string State, string? Version, DateTimeOffset? HeartbeatAt, long Packets, long Lost, double? DelaySeconds, int? Generation, int RulesLoaded, int RulesFailed, long Lines, long Rejected)
{
    public static SensorLine Of(SensorRow row) => new(
        row.Name, row.State, row.Version, row.HeartbeatAt, row.Heartbeat.Packets, row.Heartbeat.Lost, row.DelaySeconds, row.Generation, row.RulesLoaded, row.RulesFailed, row.Lines, row.Rejected);
}
