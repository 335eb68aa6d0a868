using System.Net;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Lookups;

/// <summary>What is known about the traces of an incident.</summary>
/// <param name="Pap">The strictest of its parts.</param>
/// <param name="Enabled">False when the settings forbid every look-up outside.</param>
/// <param name="HasPlaces">False when the box has no table of places.</param>
internal sealed record LookupSheet(Pap Pap, bool Enabled, bool HasPlaces, IReadOnlyList<TraceFacts> Traces)
{
    /// <summary>True while an answer is waited for.</summary>
    public bool Waits => Traces.Any(static t => t.Asked.Any(static a => a.State == "queued"));
}

/// <summary>What is known about one trace.</summary>
/// <param name="Places">From the box's own tables.</param>
/// <param name="Asked">What was asked outside.</param>
/// <param name="May">What may still be asked outside; empty where nothing may.</param>
/// <param name="HeldBack">True when PAP alone forbids what could be asked.</param>
internal sealed record TraceFacts(string Type, string Value, IReadOnlyList<LookupFact> Places, IReadOnlyList<AskedLine> Asked, IReadOnlyList<string> May, bool HeldBack);

/// <summary>A question and what came of it.</summary>
/// <param name="State">queued, answered, absent (the other side knows nothing of it) or failed.</param>
/// <param name="Reason">Why it failed: <c>pap</c>, or text from outside.</param>
internal sealed record AskedLine(string Kind, string State, DateTimeOffset AskedAt, string AskedBy, DateTimeOffset? AnsweredAt, string Server, IReadOnlyList<LookupFact> Facts, string Reason);

/// <summary>Facts about the traces of one incident, by its number. Reads what is here; asks nobody.</summary>
internal sealed class ShowLookups(Database database, LocalPlaces places, TicketingOptions options) : Query<string, LookupSheet>
{
    private const string Traces =
        $"select distinct o.type, o.value from ticketing.observables o where o.incident_id in {Members.OfId} order by o.type, o.value limit 500";

    private const string Asked =
        $"""
        select distinct on (l.kind, l.type, l.value) l.kind, l.type, l.value, l.state, l.asked_at, l.asked_name, l.answered_at, l.server, l.answer::text as answer, l.reason
        from ticketing.lookups l
        where l.incident_id in {Members.OfId}
        order by l.kind desc, l.type, l.value, l.asked_at desc
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<LookupSheet>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        if (await IncidentRow.FindAsync(database, viewer, (request ?? "").Trim().ToUpperInvariant(), cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var own = new { row.Id };
        var pap = (await Members.MarkingAsync(database, row, cancel)).Pap;
        var asked = (await database.QueryAsync<AskedRow>(Asked, Visible.With(viewer, own), cancel)).ToLookup(a => (a.Type, a.Value));
        var traces = await database.QueryAsync<TraceRow>(Traces, Visible.With(viewer, own), cancel);
        return new LookupSheet(pap, options.Lookups.Enabled, places.Tables.Any(static t => t.Fault is null), [.. traces.Select(t => FactsOf(t, [.. asked[(t.Type, t.Value)].Select(static a => a.Read())], pap))]);
    }

    private TraceFacts FactsOf(TraceRow trace, IReadOnlyList<AskedLine> asked, Pap pap)
    {
        var subject = LookupSubject.Of(trace.Type, trace.Value);
        var kinds = options.Lookups.Enabled && subject is not null ? subject.Kinds : [];
        IReadOnlyList<string> may = [.. kinds.Where(k => pap <= k.Most && !asked.Any(a => a.Kind == k.Id && a.State == "queued")).Select(static k => k.Id)];
        return new(trace.Type, trace.Value, AddressOf(trace) is { } address ? places.Find(address) : [], asked, may, kinds.Count > 0 && kinds.All(k => pap > k.Most));
    }

    private static IPAddress? AddressOf(TraceRow trace) =>
        trace.Type is "ipv4" or "ipv6" or "ipv4_cidr" && IPAddress.TryParse(trace.Value.Split('/')[0], out var address) ? address : null;

    private sealed class TraceRow
    {
        public string Type { get; init; } = "";
        public string Value { get; init; } = "";
    }

    private sealed class AskedRow
    {
        public string Kind { get; init; } = "";
        public string Type { get; init; } = "";
        public string Value { get; init; } = "";
        public string State { get; init; } = "";
        public DateTimeOffset AskedAt { get; init; }
        public string AskedName { get; init; } = "";
        public DateTimeOffset? AnsweredAt { get; init; }
        public string Server { get; init; } = "";
        public string? Answer { get; init; }
        public string Reason { get; init; } = "";

        public AskedLine Read() => new(Kind, State, AskedAt, AskedName, AnsweredAt, Server, Answer is null ? [] : JsonSerializer.Deserialize<LookupFact[]>(Answer) ?? [], Reason);
    }
}
