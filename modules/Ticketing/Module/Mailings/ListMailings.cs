using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Mailings;

/// <summary>A mailing of an incident.</summary>
/// <param name="State">draft or sent.</param>
/// <param name="Letters">Contacts.</param>
/// <param name="Answered">Of them those that answered.</param>
internal sealed record MailingLine(Guid Id, string Kind, string State, DateTimeOffset MadeAt, string MadeBy, int Letters, int Answered);

/// <summary>The mailings of an incident and of its parts, newest first; at most 50.</summary>
internal sealed class ListMailings(Database database) : Query<string, IReadOnlyList<MailingLine>>
{
    private const string Select =
        $"""
        select g.id, g.kind, g.state, g.made_at, g.made_name as made_by,
            (select count(*) from ticketing.letters l where l.mailing_id = g.id)::int as letters,
            (select count(*) from ticketing.letters l where l.mailing_id = g.id and l.answered_at is not null)::int as answered
        from ticketing.mailings g
        where g.incident_id in {Members.OfId}
        order by g.made_at desc, g.id desc
        limit 50
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<IReadOnlyList<MailingLine>>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        if (await IncidentRow.FindAsync(database, viewer, (request ?? "").Trim().ToUpperInvariant(), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-incident");
        return (await database.QueryAsync<LineRow>(Select, Visible.With(viewer, new { incident.Id }), cancel)).Select(static r => new MailingLine(r.Id, r.Kind, r.State, r.MadeAt, r.MadeBy, r.Letters, r.Answered)).ToArray();
    }

    private sealed class LineRow
    {
        public Guid Id { get; set; }

        public string Kind { get; set; } = "";

        public string State { get; set; } = "";

        public DateTimeOffset MadeAt { get; set; }

        public string MadeBy { get; set; } = "";

        public int Letters { get; set; }

        public int Answered { get; set; }
    }
}
