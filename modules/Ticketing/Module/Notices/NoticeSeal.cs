using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Notices;

/// <summary>A message that is being written.</summary>
internal sealed record SealQuestion(string Number, IReadOnlyList<string> Addresses);

/// <summary>How it would leave.</summary>
/// <param name="Keys">Of each address, in their order.</param>
/// <param name="Signs">openpgp, smime, or null when it leaves unsigned.</param>
/// <param name="Answers">True when the last mail that came in for the incident was encrypted.</param>
/// <param name="Required">True when the site's policy asks for encryption of what is marked so.</param>
internal sealed record SealOutlook(IReadOnlyList<RecipientKey> Keys, string? Signs, bool Answers, bool Required)
{
    /// <summary>True when every recipient has a key that can be used, all of one kind.</summary>
    public bool Possible => Keys.Count > 0 && Keys.All(k => k.Usable) && (Keys.Select(k => k.Scheme).Distinct().Count() == 1);

    /// <summary>True when it is refused in clear until somebody decides so.</summary>
    public bool Wanted => Answers || Required;
}

/// <summary>Tells, while a message is written, whether each recipient has a key and what an answer to encrypted mail owes.</summary>
internal sealed class LookAtSeal(Database database, OutgoingMail mail, MailStore store) : Query<SealQuestion, SealOutlook>
{
    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<SealOutlook>> HandleAsync(Viewer viewer, SealQuestion request, CancellationToken cancel)
    {
        var incident = await IncidentRow.FindAsync(database, viewer, request.Number, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var addresses = (request.Addresses ?? []).Take(500).ToList();
        var marking = await Members.MarkingAsync(database, incident, cancel);
        var last = await database.QueryAsync<Guid>(NoticeSeal.LastIn, Visible.With(viewer, new { incident.Id }), cancel);
        return new SealOutlook(await mail.KeysAsync(addresses, cancel), await mail.SignsAsync(cancel), await NoticeSeal.AnyEncryptedAsync(store, viewer, last, cancel), mail.MustEncrypt(marking));
    }
}

/// <summary>What an answer to encrypted mail owes. One place, so that page and act agree.</summary>
internal static class NoticeSeal
{
    /// <summary>The last mail that came in: a report, or an answer in the thread.</summary>
    public const string LastIn =
        $"""
        select x.mail_id
        from (
            select m.mail_id, m.received_at as at from ticketing.reports m where m.incident_id in {Members.OfId} and m.mail_id is not null and {Visible.RowsOfConstituents}
            union all
            select t.mail_id, t.at from ticketing.timeline t where t.incident_id in {Members.OfId} and t.kind = 'mail-in' and t.mail_id is not null) x
        order by x.at desc
        limit 1
        """;

    public static async Task<bool> AnyEncryptedAsync(MailStore store, Viewer viewer, IReadOnlyList<Guid> mails, CancellationToken cancel) =>
        mails.Count > 0 && (await store.EncryptedAsync(viewer, [.. mails.Select(m => new MailId(m))], cancel)).Count > 0;

    /// <summary>How the message is to leave, or why it may not leave so.</summary>
    /// <param name="asked">encrypted, clear, or null for what fits.</param>
    /// <param name="answers">True when it answers encrypted mail.</param>
    /// <param name="required">True when the policy asks for encryption.</param>
    /// <param name="overridden">True when somebody who may do so has said why.</param>
    public static Outcome<SealWish> Wish(string? asked, bool answers, bool required, bool overridden) => asked switch
    {
        "encrypted" => SealWish.Required,
        "clear" when required && !overridden => Refuse.Invalid("ticketing.refused.must-encrypt", "Seal"),
        "clear" => SealWish.Clear,
        null or "" => answers ? SealWish.Required : SealWish.Policy,
        _ => Refuse.Invalid("ticketing.refused.seal", "Seal", asked),
    };
}
