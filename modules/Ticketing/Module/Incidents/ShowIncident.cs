using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Incidents;

/// <summary>An incident with everything that the page shows.</summary>
/// <param name="Fields">What people write about it.</param>
/// <param name="Steps">What may follow its state.</param>
internal sealed record IncidentSheet(
    IncidentId Id, string Number, int Version, IncidentFields Fields, IReadOnlyList<string> ConstituentNames, string State, string? Outcome, string Source, UserId? OwnerId, string? Owner,
    DateTimeOffset OpenedAt, DateTimeOffset ChangedAt, string ChangedBy, DateTimeOffset StateSince, DateTimeOffset? DueAt, bool Late, DateTimeOffset? FirstSeen, DateTimeOffset? ConfirmedAt,
    AlertGroupId? FromAlerts, IReadOnlyList<IncidentStep> Steps, IReadOnlyList<TimelineLine> Timeline, IReadOnlyList<TraceLine> Traces, IReadOnlyList<LinkLine> Links, IReadOnlyList<ReportLink> Reports)
{
    /// <summary>Incidents that are part of this one.</summary>
    public IReadOnlyList<MergedLine> Merged { get; init; } = [];

    /// <summary>Number of the incident that this one is part of, or null.</summary>
    public string? PartOf { get; init; }

    /// <summary>The act that merged it, by which it is taken back.</summary>
    public Guid? MergeAct { get; init; }

    /// <summary>Put away until then, or null.</summary>
    public DateTimeOffset? SnoozedUntil { get; init; }

    public string? SnoozeReason { get; init; }

    /// <summary>When it must be resolved; null while that clock stands still.</summary>
    public DateTimeOffset? ResolveDueAt { get; init; }

    /// <summary>The label a message about it wears: the strictest of its parts.</summary>
    public Marking Mark { get; init; } = Marking.Default;

    /// <summary>When a missed clock was told to the team, or null.</summary>
    public DateTimeOffset? EscalatedAt { get; init; }
}

/// <summary>An incident that is part of another.</summary>
internal sealed record MergedLine(Guid Id, string Number, string Title, Guid? Act);

/// <summary>One entry of the timeline.</summary>
internal sealed record TimelineLine(Guid Id, DateTimeOffset At, string Kind, bool Internal, string By, string Text, JsonElement Detail, MailId? Mail, IReadOnlyList<DeliveryLine> Deliveries)
{
    /// <summary>Version of a note; an edited one says who wrote the latest and when.</summary>
    public int Version { get; init; } = 1;

    public string? EditedBy { get; init; }

    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>The merged incident that it belongs to; null for the incident itself.</summary>
    public string? Of { get; init; }

    /// <summary>What was signed or encrypted of a message that came in.</summary>
    public IReadOnlyList<MailSeal> Seals { get; init; } = [];
}

/// <summary>Delivery of one message to one recipient.</summary>
internal sealed record DeliveryLine(string Recipient, string State, DateTimeOffset At);

/// <summary>A trace, and in how many other incidents the viewer can see it.</summary>
internal sealed record TraceLine(string Type, string Value, string Source, long Elsewhere);

/// <summary>A linked incident.</summary>
internal sealed record LinkLine(string Number, string Title, string State, string Kind);

/// <summary>A report that belongs to the incident.</summary>
internal sealed record ReportLink(Guid Id, string Subject, string Sender, DateTimeOffset ReceivedAt);

/// <summary>One incident by its number.</summary>
internal sealed class ShowIncident(Database database, TimeProvider time, MailStore store) : Query<string, IncidentSheet>
{
    private const string Timeline =
        $"""
        select t.id, t.incident_id, t.at, t.kind, t.internal, t.actor_name, coalesce(v.text, t.text) as text, t.detail::text as detail, t.mail_id, coalesce(v.version, 1) as version, v.by_name as edited_by, v.at as edited_at
        from ticketing.timeline t
        left join lateral (select n.text, n.version, n.by_name, n.at from ticketing.note_versions n where n.note_id = t.id order by n.version desc limit 1) v on t.kind = 'note'
        where t.incident_id in {Members.OfId} and (not t.internal or @Staff)
            and (t.kind <> 'evidence' or exists (select 1 from ticketing.evidence m where m.id = (t.detail ->> 'evidence')::uuid and {Visible.Rows}))
        order by t.at, t.id
        limit 2000
        """;

    private const string Deliveries =
        $"""
        select d.mail_id, d.recipient, d.state, d.at
        from ticketing.deliveries d
        where d.mail_id in (select t.mail_id from ticketing.timeline t where t.incident_id in {Members.OfId} and t.kind = 'mail-out')
        order by d.recipient
        """;

    private const string Traces =
        $"""
        select o.type, o.value, min(o.source) as source,
          (select count(distinct coalesce(m.root_id, m.id)) from ticketing.observables e join ticketing.incidents m on m.id = e.incident_id
           where e.type = o.type and e.value = o.value and m.id <> @Id and m.root_id is distinct from @Id and {Visible.RowsOfConstituents}) as elsewhere
        from ticketing.observables o
        where o.incident_id in {Members.OfId}
        group by o.type, o.value
        order by o.type, o.value
        limit 500
        """;

    private const string Links =
        $"""
        select distinct m.number, m.title, m.state, l.kind
        from ticketing.links l
        join ticketing.incidents m on m.id in (l.from_id, l.to_id) and m.id <> @Id and m.root_id is distinct from @Id
        where (l.from_id in {Members.OfId} or l.to_id in {Members.OfId}) and {Visible.RowsOfConstituents}
        order by m.number
        """;

    private const string Reports =
        $"select m.id, m.subject, m.sender, m.received_at from ticketing.reports m where m.incident_id in {Members.OfId} and {Visible.RowsOfConstituents} order by m.received_at";

    private const string Merged =
        $"""
        select m.id, m.number, m.title, m.merge_act as act
        from ticketing.incidents m
        where m.root_id = @Id and {Visible.RowsOfConstituents}
        order by m.number
        limit 200
        """;

    private const string Root = $"select m.number from ticketing.incidents m where m.id = @Root and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IncidentSheet>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        var row = await IncidentRow.FindAsync(database, viewer, (request ?? "").Trim().ToUpperInvariant(), cancel);
        if (row is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var own = new { row.Id, Staff = viewer.Constituent is null };
        var deliveries = (await database.QueryAsync<DeliveryRow>(Deliveries, Visible.With(viewer, own), cancel)).ToLookup(d => d.MailId);
        var timeline = await database.QueryAsync<TimelineRow>(Timeline, Visible.With(viewer, own), cancel);
        var merged = await database.QueryAsync<MergedRow>(Merged, Visible.With(viewer, own), cancel);
        var seals = await store.SealsAsync(viewer, [.. timeline.Where(t => t.Kind is ("mail-in" or "report") && t.MailId is not null).Select(t => new MailId(t.MailId!.Value))], cancel);
        var numbers = merged.ToDictionary(m => m.Id, m => m.Number);
        return new IncidentSheet(
            row.IncidentId,
            row.Number,
            row.Version,
            new() { Title = row.Title, Summary = row.Summary, Severity = row.Severity, Impact = row.Impact, Urgency = row.Urgency, RsitType = row.RsitType, Constituents = [.. row.Constituents.Select(c => new ConstituentId(c))], Marking = row.Marking() },
            row.ConstituentNames,
            row.State,
            row.Outcome,
            row.Source,
            row.OwnerId is { } owner ? new UserId(owner) : null,
            row.OwnerName,
            row.OpenedAt,
            row.ChangedAt,
            row.ChangedBy,
            row.StateSince,
            row.DueAt,
            row.DueAt < time.GetUtcNow(),
            row.FirstSeen,
            row.ConfirmedAt,
            row.FromAlerts is { } group ? new AlertGroupId(group) : null,
            [.. IncidentStates.From(row.State)],
            [.. timeline.Select(t => t.Read(deliveries, numbers) with { Seals = t.Kind != "mail-out" && t.MailId is { } mail ? seals.GetValueOrDefault(new(mail), []) : [] })],
            [.. (await database.QueryAsync<TraceRow>(Traces, Visible.With(viewer, own), cancel)).Select(t => new TraceLine(t.Type, t.Value, t.Source, t.Elsewhere))],
            [.. (await database.QueryAsync<LinkRow>(Links, Visible.With(viewer, own), cancel)).Select(l => new LinkLine(l.Number, l.Title, l.State, l.Kind))],
            [.. (await database.QueryAsync<ReportRow>(Reports, Visible.With(viewer, own), cancel)).Select(r => new ReportLink(r.Id, r.Subject, r.Sender, r.ReceivedAt))])
        {
            Merged = [.. merged.Select(m => new MergedLine(m.Id, m.Number, m.Title, m.Act))],
            PartOf = row.RootId is { } root ? await database.FindAsync<string>(Root, Visible.With(viewer, new { Root = root }), cancel) : null,
            MergeAct = row.MergeAct,
            SnoozedUntil = row.SnoozedUntil > time.GetUtcNow() ? row.SnoozedUntil : null,
            SnoozeReason = row.SnoozeReason,
            ResolveDueAt = row.ResolveLeftMinutes is null && row.ResolvedAt is null ? row.ResolveDueAt : null,
            Mark = await Members.MarkingAsync(database, row, cancel),
            EscalatedAt = row.EscalatedAt,
        };
    }

    private sealed class TimelineRow
    {
        public Guid Id { get; set; }

        public Guid IncidentId { get; set; }

        public DateTimeOffset At { get; set; }

        public string Kind { get; set; } = "";

        public bool Internal { get; set; }

        public string ActorName { get; set; } = "";

        public string Text { get; set; } = "";

        public string Detail { get; set; } = "{}";

        public Guid? MailId { get; set; }

        public int Version { get; set; }

        public string? EditedBy { get; set; }

        public DateTimeOffset? EditedAt { get; set; }

        public TimelineLine Read(ILookup<Guid, DeliveryRow> deliveries, IReadOnlyDictionary<Guid, string> numbers)
        {
            using var detail = JsonDocument.Parse(Detail);
            return new(
                Id, At, Kind, Internal, ActorName, Text, detail.RootElement.Clone(), MailId is { } mail ? new MailId(mail) : null,
                MailId is { } sent ? [.. deliveries[sent].Select(d => new DeliveryLine(d.Recipient, d.State, d.At))] : [])
            {
                Of = numbers.GetValueOrDefault(IncidentId),
                Version = Version,
                EditedBy = EditedBy,
                EditedAt = EditedAt,
            };
        }
    }

    private sealed class DeliveryRow
    {
        public Guid MailId { get; set; }

        public string Recipient { get; set; } = "";

        public string State { get; set; } = "";

        public DateTimeOffset At { get; set; }
    }

    private sealed class TraceRow
    {
        public string Type { get; set; } = "";

        public string Value { get; set; } = "";

        public string Source { get; set; } = "";

        public long Elsewhere { get; set; }
    }

    private sealed class MergedRow
    {
        public Guid Id { get; set; }

        public string Number { get; set; } = "";

        public string Title { get; set; } = "";

        public Guid? Act { get; set; }
    }

    private sealed class LinkRow
    {
        public string Number { get; set; } = "";

        public string Title { get; set; } = "";

        public string State { get; set; } = "";

        public string Kind { get; set; } = "";
    }

    private sealed class ReportRow
    {
        public Guid Id { get; set; }

        public string Subject { get; set; } = "";

        public string Sender { get; set; } = "";

        public DateTimeOffset ReceivedAt { get; set; }
    }
}
