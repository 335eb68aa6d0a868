using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Changes;

/// <summary>An incident and what it becomes.</summary>
internal sealed record PlannedChange(IncidentRow Row, IncidentSnapshot After);

/// <summary>Writes planned changes, one or a thousand, in three statements; every change stands in its timeline and in the audit trail.</summary>
internal static class IncidentChanges
{
    private const string Update =
        """
        update ticketing.incidents m
        set state = n."state", outcome = n."outcome", state_since = n."stateSince", severity = n."severity", impact = n."impact", urgency = n."urgency", rsit_type = n."rsitType",
            owner_id = n."ownerId", owner_name = n."ownerName", due_at = n."dueAt", closed_at = n."closedAt", snoozed_until = n."snoozedUntil", snooze_reason = n."snoozeReason",
            taken_at = n."takenAt", resolve_due_at = n."resolveDueAt", resolve_left_minutes = n."resolveLeftMinutes", resolved_at = n."resolvedAt",
            escalated_at = case when m.due_at is distinct from n."dueAt" then null else m.escalated_at end,
            version = m.version + 1, changed_at = @Now, changed_by = @By
        from jsonb_to_recordset(@Rows::jsonb) as n ("id" uuid, "state" text, "outcome" text, "stateSince" timestamptz, "severity" smallint, "impact" smallint, "urgency" smallint, "rsitType" text,
            "ownerId" uuid, "ownerName" text, "dueAt" timestamptz, "closedAt" timestamptz, "snoozedUntil" timestamptz, "snoozeReason" text,
            "takenAt" timestamptz, "resolveDueAt" timestamptz, "resolveLeftMinutes" integer, "resolvedAt" timestamptz)
        where m.id = n."id"
        """;

    /// <summary>Puts the snapshots in place. An entry of the timeline is the caller's.</summary>
    public static Task PutAsync(Work work, IEnumerable<(Guid Id, IncidentSnapshot Snapshot)> rows, CancellationToken cancel) =>
        work.ExecuteAsync(Update, new { Rows = JsonSerializer.Serialize(rows.Select(r => Json(r.Id, r.Snapshot)), OutboxJson.Options), work.Now, By = work.Viewer.Name }, cancel);

    /// <summary>Puts the changes in place and tells them.</summary>
    public static async Task ApplyAsync(Work work, IReadOnlyList<PlannedChange> changes, string? reason, CancellationToken cancel)
    {
        await PutAsync(work, changes.Select(c => (c.Row.Id, c.After)), cancel);
        await TimelineEntry.AddAllAsync(work, [.. changes.SelectMany(c => Entries(c, reason ?? ""))], cancel);
        foreach (var (row, after) in changes)
            work.Audit("ticketing.incident.changed", row.Subject, new { row.Number, changed = Told(IncidentSnapshot.Of(row), after) });
        var closed = changes.Where(c => c.Row.ClosedAt is null && c.After.ClosedAt is not null).ToList();
        if (closed.Count == 0)
            return;
        var parts = await Members.AlertGroupsAsync(work, [.. closed.Select(c => c.Row.Id)], cancel);
        foreach (var (row, after) in closed)
        {
            var groups = parts[row.Id].ToList();
            foreach (var group in groups.Count > 0 ? groups.Select(g => (Guid?)g) : [null])
                work.Publish(new IncidentClosed { Incident = row.IncidentId, Number = row.Number, Outcome = after.Outcome!, FromAlerts = group is { } alerts ? new AlertGroupId(alerts) : null, Marking = row.Marking() });
        }
    }

    private static IEnumerable<TimelineEntry> Entries(PlannedChange change, string reason)
    {
        var (row, after) = change;
        var told = reason.Trim();
        if (row.OwnerId != after.OwnerId)
            yield return new TimelineEntry(row.IncidentId, "owner") { Detail = new { from = row.OwnerName, to = after.OwnerName } };
        if (row.State != after.State)
            yield return new TimelineEntry(row.IncidentId, "state") { Text = told, Detail = new { from = row.State, to = after.State, outcome = after.Outcome }, Internal = told.Length > 0 };
        if (after.SnoozedUntil is not null && row.SnoozedUntil != after.SnoozedUntil)
            yield return new TimelineEntry(row.IncidentId, "snooze") { Text = told, Detail = new { until = after.SnoozedUntil } };
        else if (row.SnoozedUntil is not null && after.SnoozedUntil is null)
            yield return new TimelineEntry(row.IncidentId, "wake");
        string[] fields = [.. Fields(row, after)];
        if (fields.Length > 0)
            yield return new TimelineEntry(row.IncidentId, "edit") { Detail = new { fields } };
    }

    private static IEnumerable<string> Fields(IncidentRow row, IncidentSnapshot after)
    {
        if (row.Severity != after.Severity)
            yield return "severity";
        if (row.Impact != after.Impact)
            yield return "impact";
        if (row.Urgency != after.Urgency)
            yield return "urgency";
        if (row.RsitType != after.RsitType)
            yield return "rsit";
    }

    private static Dictionary<string, object?> Told(IncidentSnapshot before, IncidentSnapshot after)
    {
        var (old, now) = (Facts(before), Facts(after));
        return now.Where(f => !Equals(old[f.Key], f.Value)).ToDictionary(f => f.Key, f => f.Value);
    }

    private static Dictionary<string, object?> Facts(IncidentSnapshot one) => new()
    {
        ["state"] = one.State,
        ["outcome"] = one.Outcome,
        ["owner"] = one.OwnerName,
        ["severity"] = one.Severity,
        ["impact"] = one.Impact,
        ["urgency"] = one.Urgency,
        ["rsit"] = one.RsitType,
        ["snoozedUntil"] = one.SnoozedUntil,
    };

    private static Dictionary<string, JsonElement> Json(Guid id, IncidentSnapshot snapshot)
    {
        var json = JsonSerializer.SerializeToElement(snapshot, OutboxJson.Options).EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        json["id"] = JsonSerializer.SerializeToElement(id);
        return json;
    }
}
