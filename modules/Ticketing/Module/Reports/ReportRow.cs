using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Reports;

/// <summary>A report as stored.</summary>
internal sealed class ReportRow
{
    private const string ForChange =
        $"""
        select m.id, m.received_at, m.source, m.state, m.sender, m.sender_name, m.subject, m.text, m.unreadable, m.mail_id, m.incident_id, m.constituents, m.constituent_names, m.tlp, m.pap, m.exercise, m.named
        from ticketing.reports m
        where m.id = @Id and {Visible.RowsOfConstituents}
        for update
        """;

    public Guid Id { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }

    public string Source { get; set; } = "";

    public string State { get; set; } = "";

    public string Sender { get; set; } = "";

    public string SenderName { get; set; } = "";

    public string Subject { get; set; } = "";

    public string Text { get; set; } = "";

    public bool Unreadable { get; set; }

    public Guid? MailId { get; set; }

    public Guid? IncidentId { get; set; }

    public string? Incident { get; set; }

    public string? Suggested { get; set; }

    public string? Reason { get; set; }

    public string? DecidedBy { get; set; }

    public DateTimeOffset? DecidedAt { get; set; }

    public Guid[] Constituents { get; set; } = [];

    public string[] ConstituentNames { get; set; } = [];

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public Guid[] Named { get; set; } = [];

    public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);

    /// <summary>The report, locked for the act, when its viewer may see it.</summary>
    public static Task<ReportRow?> LockAsync(Work work, Guid id, CancellationToken cancel) =>
        work.FindAsync<ReportRow>(ForChange, Visible.With(work.Viewer, new { Id = id }), cancel);
}
