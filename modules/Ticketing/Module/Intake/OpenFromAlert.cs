using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Incidents;
using Microsoft.Extensions.Logging;

namespace Appliance.Ticketing.Intake;

/// <summary>An escalated group of alerts becomes an incident that already names the organisation. A group escalated again adds to the incident it has.</summary>
internal sealed class OpenFromAlert(IncidentOpening opening, ILogger<OpenFromAlert> log) : IEventHandler<AlertEscalated>
{
    private const string Existing =
        """
        -- every row: the appliance itself adds to it, no person sees the result
        select m.id, m.number, m.state
        from ticketing.incidents m
        where m.from_alerts = @Group
        for update
        """;

    public async Task HandleAsync(AlertEscalated fact, Work work, CancellationToken cancel)
    {
        var traces = new List<Observable>(fact.Observables) { Address(fact.Source), Address(fact.Destination) };
        var detail = new
        {
            group = fact.Group.ToString(),
            signature = fact.Signature,
            signatureId = fact.SignatureId,
            category = fact.Category,
            source = fact.Source,
            destination = fact.Destination,
            count = fact.Count,
            firstSeen = fact.FirstSeen,
            lastSeen = fact.LastSeen,
        };
        var existing = await work.FindAsync<ExistingRow>(Existing, new { Group = fact.Group.Value }, cancel);
        if (existing is not null)
        {
            if (await new TimelineEntry(new(existing.Id), "alert") { Detail = detail, Event = fact.EventId }.AddAsync(work, cancel))
                await Traces.AddAsync(work, new(existing.Id), traces, "alert", cancel);
            return;
        }
        var fields = new IncidentFields
        {
            Title = Title(fact.Signature),
            Severity = Math.Clamp(fact.Severity, 1, 4),
            RsitType = Rsit.OfAlert(fact.Category),
            Constituents = fact.Constituent is { } constituent ? [constituent] : [],
            Marking = fact.Marking,
        };
        var opened = await opening.OpenAsync(
            work,
            new(fields, "alert", fact.Constituent is null ? [] : [fact.ConstituentName ?? ""])
            {
                FromAlerts = fact.Group,
                FirstSeen = fact.FirstSeen,
                Observables = traces,
                Detail = detail,
                Event = fact.EventId,
            },
            cancel);
        Log.OpenedFromAlerts(log, opened.Number, fact.Group.Value);
    }

    private static string Title(string signature)
    {
        var title = new string([.. signature.Where(c => !char.IsControl(c))]).Trim();
        return title.Length == 0 ? "-" : title.Length > 300 ? title[..300] : title;
    }

    private static Observable Address(string address) => new(address.Contains(':', StringComparison.Ordinal) ? "ipv6" : "ipv4", address.Split('/')[0]);

    private sealed class ExistingRow
    {
        public Guid Id { get; set; }

        public string Number { get; set; } = "";

        public string State { get; set; } = "";
    }
}
