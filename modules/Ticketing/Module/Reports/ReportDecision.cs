using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Reports;

/// <summary>What attaching and promoting have in common: the report's traces, thread and sender go to the incident.</summary>
internal static class ReportDecision
{
    private const string Decide =
        "update ticketing.reports m set state = @State, incident_id = @Incident, reason = @Reason, decided_by = @By, decided_at = @Now where m.id = @Id";

    private const string Traces = "select type, value from ticketing.report_observables where report_id = @Id";

    private const string Messages = "update ticketing.messages set incident_id = @Incident where report_id = @Id";

    private const string AddParty =
        """
        insert into ticketing.parties (incident_id, address, name, role)
        values (@Incident, lower(@Sender), @SenderName, 'reporter')
        on conflict (incident_id, address) do nothing
        """;

    public static Task SetAsync(Work work, Guid id, string state, Guid? incident, string? reason, CancellationToken cancel) =>
        work.ExecuteAsync(Decide, new { Id = id, State = state, Incident = incident, Reason = reason, By = work.Viewer.Name, work.Now }, cancel);

    /// <param name="leftOut">Traces that whoever decided struck out; they stay with the report.</param>
    public static async Task JoinAsync(Work work, ReportRow report, IncidentId incident, CancellationToken cancel, IReadOnlyCollection<Observable>? leftOut = null)
    {
        await SetAsync(work, report.Id, "attached", incident.Value, null, cancel);
        var traces = await work.QueryAsync<Observable>(Traces, new { report.Id }, cancel);
        await Incidents.Traces.AddAsync(work, incident, leftOut is { Count: > 0 } ? [.. traces.Except(leftOut)] : traces, "report", cancel);
        await work.ExecuteAsync(Messages, new { report.Id, Incident = incident.Value }, cancel);
        if (report.Sender.Contains('@', StringComparison.Ordinal))
            await work.ExecuteAsync(AddParty, new { Incident = incident.Value, report.Sender, report.SenderName }, cancel);
        await new TimelineEntry(incident, "report")
        {
            Text = report.Text,
            Detail = new { report = report.Id, subject = report.Subject, from = report.Sender, name = report.SenderName, source = report.Source, unreadable = report.Unreadable },
            Mail = report.MailId is { } mail ? new MailId(mail) : null,
        }.AddAsync(work, cancel);
    }
}
