using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Mailings;

/// <summary>What of a mailing changes; null stays as it is.</summary>
/// <param name="Mailing">The mailing, not sent yet.</param>
/// <param name="Version">The version that was seen.</param>
/// <param name="Kind">infected, vulnerable, phishing or leaked; own words are kept.</param>
/// <param name="Words">Words by language, with the fields {organisation}, {items}, {count} and {reference}; a language whose words are null goes back to the shipped ones.</param>
/// <param name="WithFile">All things of a contact also as CSV.</param>
/// <param name="Override">Why it goes outside the marking; empty takes that back.</param>
internal sealed record MailingEdit(Guid Mailing, int Version, string? Kind = null, IReadOnlyDictionary<string, LetterWords?>? Words = null, bool? WithFile = null, string? Override = null);

/// <summary>Changes the words of a mailing and how it goes.</summary>
internal sealed class EditMailing(Database database, StoreLetters letters) : Act<MailingEdit, int>(database)
{
    private const int LongestText = 50_000;

    private const string Update = "update ticketing.mailings set kind = @Kind, texts = @Texts::jsonb, with_file = @WithFile, override_reason = @Override, version = version + 1 where id = @Id";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<int>> HandleAsync(Work work, MailingEdit request, CancellationToken cancel)
    {
        if (await MailingRow.LockAsync(work, request.Mailing, cancel) is not { } mailing || await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        if (mailing.State != "draft")
            return Refuse.Conflict("ticketing.refused.mailing-sent");
        if (mailing.Version != request.Version)
            return Refuse.Changed("ticketing.refused.mailing-changed");
        var faults = Faults(request, mailing).ToList();
        var reason = request.Override?.Trim();
        if (reason is { Length: > 0 } && !work.Viewer.May(Permissions.Override))
            return Refuse.Forbidden("kernel.refused.permission", Permissions.Override.Id);
        if (reason is { Length: > 0 and < 5 } or { Length: > 500 })
            faults.Add(Refuse.Invalid("ticketing.refused.reason", nameof(request.Override)));
        if (faults.Count > 0)
            return Outcome<int>.Refused(faults);
        var words = mailing.Words();
        foreach (var (language, own) in request.Words ?? new Dictionary<string, LetterWords?>())
        {
            words.Remove(language);
            if (own is not null)
                words.Add(language, new(own.Subject.Trim(), own.Text.Trim().ReplaceLineEndings("\n")));
        }
        (mailing.Kind, mailing.WithFile, mailing.OverrideReason) = (request.Kind ?? mailing.Kind, request.WithFile ?? mailing.WithFile, reason is null ? mailing.OverrideReason : reason.Length > 0 ? reason : null);
        await work.ExecuteAsync(Update, new { mailing.Id, mailing.Kind, Texts = JsonSerializer.Serialize(words, OutboxJson.Options), mailing.WithFile, Override = mailing.OverrideReason }, cancel);
        await letters.CheckAsync(work, incident, mailing, cancel);
        work.Audit("ticketing.mailing.edited", incident.Subject, new { incident.Number, mailing = mailing.Id, mailing.Kind, languages = request.Words?.Keys, mailing.WithFile, @override = mailing.OverrideReason });
        return mailing.Version + 1;
    }

    private static IEnumerable<Refusal> Faults(MailingEdit request, MailingRow mailing)
    {
        if (request.Kind is { } kind && (kind != mailing.Kind && (kind == "reminder" || !LetterText.Kinds.Contains(kind))))
            yield return Refuse.Invalid("ticketing.refused.mailing-kind", nameof(request.Kind), kind);
        foreach (var (language, words) in request.Words ?? new Dictionary<string, LetterWords?>())
        {
            if (!Languages.All.Contains(language))
                yield return Refuse.Invalid("ticketing.refused.language", nameof(request.Words), language);
            if (words is null)
                continue;
            if (string.IsNullOrWhiteSpace(words.Subject) || words.Subject.Length > 300 || HeaderText.Breaks(words.Subject))
                yield return Refuse.Invalid("ticketing.refused.mail-subject", "Subject");
            if (string.IsNullOrWhiteSpace(words.Text) || words.Text.Length > LongestText || words.Text.Contains('\0', StringComparison.Ordinal))
                yield return Refuse.Invalid("ticketing.refused.mail-text", "Text", LongestText);
            else if (!words.Text.Contains("{items}", StringComparison.Ordinal))
                yield return Refuse.Invalid("ticketing.refused.mailing-items", "Text", "{items}");
            if (LetterText.Unknown($"{words.Subject} {words.Text}").FirstOrDefault() is { } unknown)
                yield return Refuse.Invalid("ticketing.refused.mailing-field", "Text", $"{{{unknown}}}", string.Join(", ", LetterText.Fields.Select(static f => $"{{{f}}}")));
            if (words.Subject?.Contains("{items}", StringComparison.Ordinal) == true)
                yield return Refuse.Invalid("ticketing.refused.mailing-field", "Subject", "{items}", "{organisation}, {count}, {reference}");
        }
    }
}
