using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Export;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Mailings;

/// <summary>Which exceptions to list.</summary>
/// <param name="Mailing">Of which mailing.</param>
/// <param name="After">Key of the previous page's end.</param>
/// <param name="Limit">1 to 200.</param>
internal sealed record ExceptionsWanted(Guid Mailing, string? After = null, int Limit = 50);

/// <summary>Something that nobody is told of, and why.</summary>
/// <param name="Seq">Names it within the mailing.</param>
/// <param name="Type">line for one that names nothing.</param>
/// <param name="Value">Text from outside.</param>
/// <param name="Organisation">Whose it is, as far as known.</param>
/// <param name="Reason">no-thing, line-long, duplicate, spans, private, no-registry, lookups-off, lookup-pap, lookup-failed, waiting, unknown, no-abuse, no-contact, ourselves, letter-left, left-out, marking, recalled or refused.</param>
/// <param name="Detail">Particulars of the reason.</param>
/// <param name="MayAddress">True where a person may name an address.</param>
internal sealed record ExceptionLine(int Seq, int Line, string Type, string Value, string Evidence, string Organisation, string Reason, string Detail, bool MayAddress);

/// <summary>Lists what no letter of a mailing tells anybody, in the order of the list. Kept with the mailing.</summary>
internal sealed class ListExceptions(Database database) : Query<ExceptionsWanted, Page<ExceptionLine>>
{
    private const string Select =
        $"""
        select i.seq, i.line, i.type, i.value, i.evidence, coalesce(nullif(i.organisation, ''), l.organisation, '') as organisation,
            case when l.id is null then i.reason when l.left_out then 'left-out' when l.state = 'ready' then 'marking' else l.state end as reason,
            case when l.id is null then i.detail else l.address end as detail,
            (l.id is null or l.state = 'ready') as placeable
        from ticketing.mailing_items i
        join ticketing.mailings g on g.id = i.mailing_id
        join ticketing.incidents m on m.id = g.incident_id
        left join ticketing.letters l on l.id = i.letter_id
        where i.mailing_id = @Mailing and {Visible.RowsOfConstituents}
          and (l.id is null or l.left_out or l.state in ('recalled', 'refused') or (l.state = 'ready' and l.blocked is not null))
          and i.seq > @After
        order by i.seq
        limit @Limit
        """;

    private static readonly IReadOnlyList<ExportColumn<ExceptionLine>> s_columns =
    [
        new("line", static e => e.Line),
        new("type", static e => e.Type),
        new("value", static e => e.Value),
        new("organisation", static e => e.Organisation),
        new("reason", static e => e.Reason),
        new("detail", static e => e.Detail),
        new("evidence", static e => e.Evidence),
    ];

    public override Permission Permission => Permissions.Mail;

    public static Task<object> CsvAsync(Viewer viewer, ListExceptions list, Guid id, CancellationToken cancel) =>
        ListExport.AnswerAsync("exceptions", "csv", s_columns, (after, size, ct) => list.RunAsync(viewer, new(id, after, size), ct), cancel);

    protected override async Task<Outcome<Page<ExceptionLine>>> HandleAsync(Viewer viewer, ExceptionsWanted request, CancellationToken cancel)
    {
        if (await MailingRow.FindAsync(database, viewer, request.Mailing, cancel) is null)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        var limit = Math.Clamp(request.Limit, 1, 200);
        var after = int.TryParse(request.After, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? seq : 0;
        var rows = await database.QueryAsync<LineRow>(Select, Visible.With(viewer, new { request.Mailing, After = after, Limit = limit + 1 }), cancel);
        var shown = rows.Take(limit).ToList();
        return new Page<ExceptionLine>(
            [.. shown.Select(static r => new ExceptionLine(r.Seq, r.Line, r.Type, r.Value, r.Evidence, r.Organisation, r.Reason, r.Detail, r.Placeable && r.Type != "line" && r.Reason != "duplicate"))],
            rows.Count > limit ? shown[^1].Seq.ToString(CultureInfo.InvariantCulture) : null);
    }

    private sealed class LineRow
    {
        public int Seq { get; set; }

        public int Line { get; set; }

        public string Type { get; set; } = "";

        public string Value { get; set; } = "";

        public string Evidence { get; set; } = "";

        public string Organisation { get; set; } = "";

        public string Reason { get; set; } = "";

        public string Detail { get; set; } = "";

        public bool Placeable { get; set; }
    }
}
