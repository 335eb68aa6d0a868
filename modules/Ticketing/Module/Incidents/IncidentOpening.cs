using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Clocks;

namespace Appliance.Ticketing.Incidents;

/// <summary>What a new incident begins with.</summary>
/// <param name="Fields">Checked by the caller.</param>
/// <param name="Source">alert, report, form or api.</param>
/// <param name="Names">Names of the organisations, in the order of the fields.</param>
internal sealed record NewIncident(IncidentFields Fields, string Source, IReadOnlyList<string> Names)
{
    public AlertGroupId? FromAlerts { get; init; }

    public DateTimeOffset? FirstSeen { get; init; }

    public IReadOnlyList<Observable> Observables { get; init; } = [];

    /// <summary>Facts for the first entry of the timeline.</summary>
    public object? Detail { get; init; }

    /// <summary>The fact it comes from.</summary>
    public EventId? Event { get; init; }
}

/// <summary>Opens incidents, whichever door they come through: number, row, traces, first entry, fact, audit, in the caller's transaction.</summary>
internal sealed class IncidentOpening(IncidentClocks clocks)
{
    private const string NextNumber =
        """
        insert into ticketing.numbers (year, last)
        values (@Year, 1)
        on conflict (year) do update set last = numbers.last + 1
        returning last
        """;

    private const string Insert =
        """
        insert into ticketing.incidents (id, number, title, summary, state, severity, rsit_type, rsit_version, source, constituents, constituent_names, from_alerts, first_seen,
            opened_at, changed_at, changed_by, state_since, due_at, take_up_due_at, resolve_due_at, impact, urgency, tlp, pap, exercise, named)
        values (@Id, @Number, @Title, @Summary, 'new', @Severity, @RsitType, @RsitVersion, @Source, @Constituents, @Names, @FromAlerts, @FirstSeen,
            @Now, @Now, @By, @Now, @Due, @Due, @Resolve, @Impact, @Urgency, @Tlp, @Pap, @Exercise, @Named)
        """;

    public async Task<IncidentRef> OpenAsync(Work work, NewIncident incident, CancellationToken cancel)
    {
        var fields = incident.Fields;
        var id = IncidentId.New();
        var year = work.Now.UtcDateTime.Year;
        var last = await work.FindAsync<int>(NextNumber, new { Year = year }, cancel);
        var number = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"INC-{year:0000}-{last:00000}");
        await work.ExecuteAsync(
            Insert,
            new
            {
                Id = id.Value,
                Number = number,
                fields.Title,
                fields.Summary,
                fields.Severity,
                fields.RsitType,
                RsitVersion = Rsit.Version,
                incident.Source,
                Constituents = fields.Constituents.Select(c => c.Value).ToArray(),
                Names = incident.Names.ToArray(),
                FromAlerts = incident.FromAlerts?.Value,
                incident.FirstSeen,
                work.Now,
                By = work.Viewer.Name,
                Due = clocks.TakeUp(fields.Severity, work.Now),
                Resolve = clocks.Resolve(fields.Severity, work.Now),
                fields.Impact,
                fields.Urgency,
                Tlp = (short)fields.Marking.Tlp,
                Pap = (short)fields.Marking.Pap,
                fields.Marking.Exercise,
                Named = (fields.Marking.Named ?? []).Select(n => n.Value).ToArray(),
            },
            cancel);
        await Traces.AddAsync(work, id, incident.Observables, incident.Source, cancel);
        await new TimelineEntry(id, "opened") { Detail = incident.Detail ?? new { source = incident.Source }, Event = incident.Event, Internal = false }.AddAsync(work, cancel);
        work.Publish(new IncidentOpened
        {
            Incident = id,
            Number = number,
            Title = fields.Title,
            FromAlerts = incident.FromAlerts,
            Constituents = fields.Constituents,
            Marking = fields.Marking,
        });
        work.Audit("ticketing.incident.opened", $"incident/{id}", new { number, source = incident.Source, severity = fields.Severity });
        return new(id, number);
    }
}
