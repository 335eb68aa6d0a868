using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Lookups;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Mailings;

/// <summary>A list whose owners are to be told.</summary>
/// <param name="Incident">The incident that the mails belong to.</param>
/// <param name="List">As it was pasted; at most 10,000 lines and 5 MiB. Null for the incident's own traces.</param>
/// <param name="Kind">infected, vulnerable, phishing or leaked: the words to begin with. Null for those that fit the incident.</param>
internal sealed record MailingWanted(IncidentId Incident, string? List, string? Kind = null);

/// <summary>A mailing that can be reviewed.</summary>
internal sealed record MailingRef(Guid Id, string Number);

/// <summary>Finds a contact for everything that a list names, or the reason why there is none. Nothing leaves the box but questions to registries, where the marking allows them.</summary>
internal sealed class PrepareMailing(Database database, Addressees addressees, StoreLetters letters, FillMailings filling, LookupBell bell) : Act<MailingWanted, MailingRef>(database)
{
    internal const string DeleteOld = "delete from ticketing.mailings where id in (select id from ticketing.mailings where state = 'draft' and made_at < @before limit 100)";

    private const string Traces =
        $"select distinct o.type, o.value from ticketing.observables o where o.incident_id in {Members.OfId} and o.type in ('ipv4', 'ipv6', 'ipv4_cidr', 'domain', 'url', 'email', 'asn') order by o.type, o.value limit 10001";

    private const string Insert =
        """
        insert into ticketing.mailings (id, incident_id, kind, state, lines, blank_lines, header_line, made_at, made_by, made_name)
        values (@Id, @Incident, @Kind, 'draft', @Lines, @Blank, @Header, @Now, @By, @Name)
        """;

    private const string InsertItems =
        """
        insert into ticketing.mailing_items (mailing_id, seq, line, type, value, evidence, organisation, letter_id, reason, detail, asked_type, asked_value)
        select @Id, t.seq, t.line, t.type, t.value, t.evidence, t.organisation, t.letter, t.reason, t.detail, t.asked_type, t.asked_value
        from unnest(@Seqs, @Lines, @Types, @Values, @Evidence, @Organisations, @Letters, @Reasons, @Details, @AskedTypes, @AskedValues)
            as t (seq, line, type, value, evidence, organisation, letter, reason, detail, asked_type, asked_value)
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<MailingRef>> HandleAsync(Work work, MailingWanted request, CancellationToken cancel)
    {
        if (await IncidentRow.LockAsync(work, request.Incident, cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var kind = request.Kind ?? LetterText.KindFor(Classification.Rsit.TypeOf(incident.RsitType));
        if (kind == "reminder" || !LetterText.Kinds.Contains(kind))
            return Refuse.Invalid("ticketing.refused.mailing-kind", nameof(request.Kind), kind);
        if (request.List is { } pasted && (string.IsNullOrWhiteSpace(pasted) || Encoding.UTF8.GetByteCount(pasted) > PastedList.MostBytes))
            return string.IsNullOrWhiteSpace(pasted) ? Refuse.Invalid("ticketing.refused.mailing-empty", nameof(request.List)) : TooMuch();
        var text = request.List ?? string.Join('\n', (await work.QueryAsync<TraceRow>(Traces, Visible.With(work.Viewer, new { incident.Id }), cancel)).Select(static t => t.Value));
        if (PastedList.Read(text) is not { } list)
            return TooMuch();
        if (list.Items.Count == 0 && list.Faults.Count == 0)
            return Refuse.Invalid("ticketing.refused.mailing-empty", nameof(request.List));
        var mailing = new MailingRow { Id = Guid.CreateVersion7(), IncidentId = incident.Id, Kind = kind };
        await work.ExecuteAsync(Insert, new { mailing.Id, Incident = incident.Id, Kind = kind, list.Lines, list.Blank, list.Header, work.Now, By = work.Viewer.Id.Value, work.Viewer.Name }, cancel);
        var pap = (await Members.MarkingAsync(work, incident, cancel)).Pap;
        var placed = await addressees.FindAsync(work.Viewer, [.. list.Items.Select(static i => i.Thing)], pap, cancel);
        await StoreAsync(work, mailing, list, placed, cancel);
        await filling.AskAsync(work, incident, mailing, placed.Select(static p => p.Asked).OfType<Observable>(), cancel);
        await letters.CheckAsync(work, incident, mailing, cancel);
        work.Audit("ticketing.mailing.prepared", incident.Subject, new { incident.Number, mailing = mailing.Id, kind, lines = list.Lines, things = list.Items.Count, faults = list.Faults.Count });
        return new MailingRef(mailing.Id, incident.Number);
    }

    protected override Task CommittedAsync(MailingWanted request, MailingRef answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }

    private static Refusal TooMuch() => Refuse.Invalid("ticketing.refused.mailing-long", nameof(MailingWanted.List), PastedList.MostLines, PastedList.MostBytes / (1024 * 1024));

    private static async Task StoreAsync(Work work, MailingRow mailing, PastedList list, IReadOnlyList<Placement> placed, CancellationToken cancel)
    {
        var kept = await StoreLetters.KeepAsync(work, mailing.Id, placed.Select(static p => p.To).OfType<Addressee>(), cancel);
        var lines = list.Items.Select((item, at) => (item.Line, item.Thing, item.Evidence, Placed: placed[at]))
            .Concat(list.Faults.Select(static f => (f.Line, Thing: new PastedThing("line", f.Text), Evidence: "", Placed: new Placement(null, f.Reason, Detail: f.Detail))))
            .OrderBy(static l => l.Line)
            .ToList();
        await work.ExecuteAsync(
            InsertItems,
            new
            {
                mailing.Id,
                Seqs = Enumerable.Range(1, lines.Count).ToArray(),
                Lines = lines.Select(static l => l.Line).ToArray(),
                Types = lines.Select(static l => l.Thing.Type).ToArray(),
                Values = lines.Select(static l => l.Thing.Value).ToArray(),
                Evidence = lines.Select(static l => l.Evidence).ToArray(),
                Organisations = lines.Select(static l => PastedList.Tidy(l.Placed.Organisation, 200)).ToArray(),
                Letters = lines.Select(l => l.Placed.To is { } to ? kept[to.Key] : null).ToArray(),
                Reasons = lines.Select(static l => l.Placed.Reason).ToArray(),
                Details = lines.Select(static l => l.Placed.Detail).ToArray(),
                AskedTypes = lines.Select(static l => l.Placed.Asked?.Type).ToArray(),
                AskedValues = lines.Select(static l => l.Placed.Asked?.Value).ToArray(),
            },
            cancel);
    }

    private sealed class TraceRow
    {
        public string Type { get; set; } = "";

        public string Value { get; set; } = "";
    }
}
