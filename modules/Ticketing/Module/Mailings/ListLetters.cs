using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Mailings;

/// <summary>Which letters to list.</summary>
/// <param name="Mailing">Of which mailing.</param>
/// <param name="After">Key of the previous page's end.</param>
/// <param name="Limit">1 to 200.</param>
/// <param name="Letter">One alone.</param>
internal sealed record LettersWanted(Guid Mailing, string? After = null, int Limit = 50, Guid? Letter = null);

/// <summary>A contact of a mailing and what became of its letter.</summary>
/// <param name="Items">Things in it.</param>
/// <param name="Sample">The first of them.</param>
/// <param name="Blocked">Resource key of why the marking holds it back, or null.</param>
/// <param name="State">ready, queued, recalled or refused.</param>
/// <param name="Refusal">Resource key of why it was refused, or empty.</param>
/// <param name="Delivery">queued, held, sent, failed or unknown; null before it was queued.</param>
internal sealed record LetterLine(
    Guid Id, Guid? Constituent, string Organisation, string Address, string Name, string Language, string Purpose, string Source, int Items, IReadOnlyList<string> Sample, string? Blocked, bool LeftOut, string State,
    string Refusal, string? Delivery, DateTimeOffset? QueuedAt, DateTimeOffset? AnsweredAt);

/// <summary>Lists the contacts of a mailing by name, paged by key.</summary>
internal sealed class ListLetters(Database database) : Query<LettersWanted, Page<LetterLine>>
{
    private const string Select =
        $"""
        select {LetterRow.Columns}, d.state as delivery,
            array(select i.value from ticketing.mailing_items i where i.letter_id = l.id order by i.seq limit 3) as sample
        from ticketing.letters l
        join ticketing.mailings g on g.id = l.mailing_id
        join ticketing.incidents m on m.id = g.incident_id
        left join ticketing.deliveries d on d.mail_id = l.mail_id and lower(d.recipient) = lower(l.address)
        where l.mailing_id = @Mailing and (@Letter::uuid is null or l.id = @Letter) and {Visible.RowsOfConstituents}
          and exists (select 1 from ticketing.mailing_items i where i.letter_id = l.id)
          and (@Name::text is null or (lower(l.organisation), l.id) > (@Name, @LastId))
        order by lower(l.organisation), l.id
        limit @Limit
        """;

    private const string Count = "select count(*) from ticketing.letters l where l.mailing_id = @Mailing and exists (select 1 from ticketing.mailing_items i where i.letter_id = l.id)";

    private const string NameOf = "select lower(l.organisation) from ticketing.letters l where l.mailing_id = @Mailing and l.id = @Id";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<Page<LetterLine>>> HandleAsync(Viewer viewer, LettersWanted request, CancellationToken cancel)
    {
        if (await MailingRow.FindAsync(database, viewer, request.Mailing, cancel) is null)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        var limit = Math.Clamp(request.Limit, 1, 200);
        Guid? last = Guid.TryParseExact(request.After, "N", out var id) ? id : null;
        var name = last is null ? null : await database.FindAsync<string>(NameOf, new { request.Mailing, Id = last }, cancel);
        var rows = await database.QueryAsync<LineRow>(Select, Visible.With(viewer, new { request.Mailing, request.Letter, Name = name, LastId = last ?? Guid.Empty, Limit = limit + 1 }), cancel);
        var shown = rows.Take(limit).ToList();
        return new Page<LetterLine>(
            [.. shown.Select(static r => new LetterLine(r.Id, r.ConstituentId, r.Organisation, r.Address, r.Name, r.Language, r.Purpose, r.Source, r.Items, r.Sample, r.State == "ready" ? r.Blocked : null, r.LeftOut, r.State, r.Refusal, r.Delivery, r.QueuedAt, r.AnsweredAt))],
            rows.Count > limit ? shown[^1].Id.ToString("N", CultureInfo.InvariantCulture) : null,
            await database.FindAsync<long>(Count, new { request.Mailing }, cancel));
    }

    private sealed class LineRow
    {
        public Guid Id { get; set; }

        public Guid? ConstituentId { get; set; }

        public string Organisation { get; set; } = "";

        public string Address { get; set; } = "";

        public string Name { get; set; } = "";

        public string Language { get; set; } = "";

        public string Purpose { get; set; } = "";

        public string Source { get; set; } = "";

        public int Items { get; set; }

        public string[] Sample { get; set; } = [];

        public string? Blocked { get; set; }

        public bool LeftOut { get; set; }

        public string State { get; set; } = "";

        public string Refusal { get; set; } = "";

        public string? Delivery { get; set; }

        public DateTimeOffset? QueuedAt { get; set; }

        public DateTimeOffset? AnsweredAt { get; set; }
    }
}
