using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Mailings;

/// <summary>An address by hand for things that have none.</summary>
/// <param name="Mailing">The mailing.</param>
/// <param name="Items">Their <see cref="ExceptionLine.Seq"/>; at most 10,000.</param>
/// <param name="Address">Whom to write to.</param>
/// <param name="Organisation">Who that is; empty for the domain of the address.</param>
/// <param name="Language">In which language.</param>
internal sealed record AddressRequest(Guid Mailing, IReadOnlyList<int> Items, string Address, string Organisation = "", string Language = "en");

/// <summary>Gives exceptions an address by hand: they get a letter of their own, or join the one to that address.</summary>
internal sealed class AddressItems(Database database, StoreLetters letters, Addressees addressees) : Act<AddressRequest, int>(database)
{
    private const string Update =
        """
        update ticketing.mailing_items i set letter_id = @Letter, reason = '', detail = '', organisation = case when i.organisation = '' then @Organisation else i.organisation end
        where i.mailing_id = @Mailing and i.seq = any(@Seqs) and i.type <> 'line' and i.reason <> 'duplicate'
          and (i.letter_id is null or exists (select 1 from ticketing.letters l where l.id = i.letter_id and l.state = 'ready' and (l.blocked is not null or l.left_out)))
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<int>> HandleAsync(Work work, AddressRequest request, CancellationToken cancel)
    {
        if (await MailingRow.LockAsync(work, request.Mailing, cancel) is not { } mailing || await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        if (!MailAddress.TryRead(request.Address, out var address, out var why))
            return Refuse.Invalid("kernel.mail.refused.address", nameof(request.Address), request.Address ?? "", why);
        if (await addressees.IsOwnAsync(address, cancel))
            return Refuse.Invalid("ticketing.refused.mailing-own", nameof(request.Address), address);
        if (!Languages.All.Contains(request.Language))
            return Refuse.Invalid("ticketing.refused.language", nameof(request.Language), request.Language);
        if ((request.Items ?? []).Count is 0 or > PastedList.MostLines)
            return Refuse.Invalid("ticketing.refused.mailing-things", nameof(request.Items));
        var organisation = PastedList.Tidy(request.Organisation ?? "", 200) is { Length: > 0 } named ? named : address[(address.LastIndexOf('@') + 1)..];
        var to = new Addressee(null, organisation, address, "", request.Language, "hand", "hand");
        if ((await StoreLetters.KeepAsync(work, mailing.Id, [to], cancel))[to.Key] is not { } letter)
            return Refuse.Conflict("ticketing.refused.letter-left", address);
        var placed = await work.ExecuteAsync(Update, new { Mailing = mailing.Id, Letter = letter, Seqs = request.Items!.Distinct().ToArray(), Organisation = organisation }, cancel);
        if (placed == 0)
            return Refuse.Conflict("ticketing.refused.mailing-things");
        await letters.CheckAsync(work, incident, mailing, cancel);
        work.Audit("ticketing.mailing.addressed", incident.Subject, new { incident.Number, mailing = mailing.Id, address, things = placed });
        return placed;
    }
}

/// <summary>Whether a contact is left out.</summary>
internal sealed record LeaveRequest(Guid Mailing, Guid Letter, bool LeftOut = true);

/// <summary>Leaves a contact out of a mailing, or takes it in again, while its letter has not left.</summary>
internal sealed class LeaveOut(Database database) : Act<LeaveRequest, Done>(database)
{
    private const string Update = "update ticketing.letters set left_out = @LeftOut where id = @Letter and mailing_id = @Mailing and state = 'ready'";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, LeaveRequest request, CancellationToken cancel)
    {
        if (await MailingRow.LockAsync(work, request.Mailing, cancel) is not { } mailing || await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        if (await work.ExecuteAsync(Update, request, cancel) == 0)
            return Refuse.Conflict("ticketing.refused.letter-gone");
        work.Audit(request.LeftOut ? "ticketing.mailing.left-out" : "ticketing.mailing.taken-in", incident.Subject, new { incident.Number, mailing = mailing.Id, letter = request.Letter });
        return default(Done);
    }
}
