using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Notices;

/// <summary>A message to be written.</summary>
/// <param name="Number">The incident.</param>
/// <param name="Audience">constituent or reporter.</param>
/// <param name="Language">Language to write in; null for the first recipient's.</param>
internal sealed record NoticeWanted(string Number, string Audience = "constituent", string? Language = null);

/// <summary>A message ready to be edited.</summary>
/// <param name="Recipients">All who may be meant; those written to first are marked.</param>
/// <param name="Language">Language of the text.</param>
/// <param name="Subject">Without the part that is put before it.</param>
/// <param name="Text">Without the lines that are put before it.</param>
/// <param name="SubjectLine">What the subject will be.</param>
/// <param name="FirstLines">What will stand before the text.</param>
internal sealed record NoticeDraft(IReadOnlyList<NoticeRecipient> Recipients, string Language, string Subject, string Text, string SubjectLine, string FirstLines);

/// <summary>Someone to write to.</summary>
internal sealed record NoticeRecipient(string Address, string Name, string Organisation, string Purpose, string Language, bool Chosen, Refusal? Blocked);

/// <summary>Writes a message from the template in the recipient's language, with everyone who may get it and those whom the marking forbids.</summary>
internal sealed class PrepareNotice(Database database, IConstituency constituency, NoticeText text) : Query<NoticeWanted, NoticeDraft>
{
    private const string Traces = $"select distinct o.type, o.value from ticketing.observables o where o.incident_id in {Members.OfId} order by o.type, o.value limit 100";

    internal const string Parties = $"select distinct on (p.role, p.address) p.address, p.name, p.role from ticketing.parties p where p.incident_id in {Members.OfId} order by p.role, p.address";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<NoticeDraft>> HandleAsync(Viewer viewer, NoticeWanted request, CancellationToken cancel)
    {
        var incident = await IncidentRow.FindAsync(database, viewer, request.Number, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var cards = await CardsAsync(constituency, viewer, incident, cancel);
        var contacts = Addresses(cards);
        var known = await database.QueryAsync<PartyRow>(Parties, Visible.With(viewer, new { incident.Id }), cancel);
        var parties = known.Select(p => p.Address).ToHashSet();
        var marking = await Members.MarkingAsync(database, incident, cancel);
        var toReporter = request.Audience == "reporter";
        var recipients = toReporter
            ? known.Where(p => p.Role == "reporter").Select(p => new NoticeRecipient(p.Address, p.Name, "", "reporter", viewer.Language, true, MailRules.Check(marking, p.Address, contacts, parties))).ToList()
            : cards.SelectMany(c => Chosen(c).Select(k => new NoticeRecipient(k.Contact.Mail, k.Contact.Name, c.Name, k.Contact.Purpose, k.Contact.Language, k.Chosen, MailRules.Check(marking, k.Contact.Mail, contacts, parties)))).ToList();
        var language = Languages.All.Contains(request.Language ?? "") ? request.Language! : recipients.FirstOrDefault(r => r.Chosen)?.Language ?? viewer.Language;
        if (!Languages.All.Contains(language))
            language = "en";
        var traces = await database.QueryAsync<Observable>(Traces, Visible.With(viewer, new { incident.Id }), cancel);
        var (subject, body) = toReporter
            ? text.ForReporter(incident, recipients.FirstOrDefault()?.Name ?? "", language)
            : text.ForConstituent(incident, string.Join(", ", incident.ConstituentNames), traces, language);
        return new NoticeDraft(recipients, language, subject, body, text.SubjectLine(marking, incident.Number, subject, language), text.FirstLines(marking, language));
    }

    internal static async Task<List<ConstituentCard>> CardsAsync(IConstituency constituency, Viewer viewer, IncidentRow incident, CancellationToken cancel)
    {
        var cards = new List<ConstituentCard>();
        foreach (var id in incident.Constituents)
            if (await constituency.FindAsync(viewer, new(id), cancel) is { } card)
                cards.Add(card);
        return cards;
    }

    internal static HashSet<string> Addresses(IEnumerable<ConstituentCard> cards) => [.. cards.SelectMany(c => c.Contacts).Select(k => k.Mail.Trim().ToLowerInvariant())];

    /// <summary>Security contacts are meant; where there is none abuse, and else the first.</summary>
    private static IEnumerable<(ContactCard Contact, bool Chosen)> Chosen(ConstituentCard card)
    {
        var purpose = card.Contacts.Any(c => c.Purpose == "security") ? "security" : card.Contacts.Any(c => c.Purpose == "abuse") ? "abuse" : null;
        return card.Contacts.Select((c, i) => (c, purpose is null ? i == 0 : c.Purpose == purpose));
    }

    internal sealed class PartyRow
    {
        public string Address { get; set; } = "";

        public string Name { get; set; } = "";

        public string Role { get; set; } = "";
    }
}
