using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Notices;

namespace Appliance.Ticketing.Mailings;

/// <summary>Puts things to their contacts, one letter for each, and says which letters the marking holds back.</summary>
internal sealed class StoreLetters(IConstituency constituency)
{
    private const string Insert =
        """
        insert into ticketing.letters (id, mailing_id, constituent_id, organisation, address, name, language, purpose, source, made_at)
        select t.id, @Mailing, t.constituent, t.organisation, t.address, t.name, t.language, t.purpose, t.source, @Now
        from unnest(@Ids, @Constituents, @Organisations, @Addresses, @Names, @Languages, @Purposes, @Sources) as t (id, constituent, organisation, address, name, language, purpose, source)
        on conflict (mailing_id, lower(address), coalesce(constituent_id, '00000000-0000-0000-0000-000000000000'::uuid)) do nothing
        """;

    private const string Known = "select l.id, l.constituent_id, l.address, l.state from ticketing.letters l where l.mailing_id = @Mailing";

    private const string Letters = $"select {LetterRow.Columns} from ticketing.letters l where l.mailing_id = @Mailing";

    private const string Block =
        "update ticketing.letters l set blocked = t.blocked from unnest(@Ids, @Blocked) as t (id, blocked) where l.id = t.id and l.blocked is distinct from t.blocked";

    /// <summary>The letter of each of <paramref name="addressees"/>; null where theirs has left already.</summary>
    public static async Task<IReadOnlyDictionary<(string, Guid?), Guid?>> KeepAsync(Work work, Guid mailing, IEnumerable<Addressee> addressees, CancellationToken cancel)
    {
        var wanted = addressees.DistinctBy(static a => a.Key).ToList();
        if (wanted.Count > 0)
        {
            await work.ExecuteAsync(
                Insert,
                new
                {
                    Mailing = mailing,
                    work.Now,
                    Ids = wanted.Select(static _ => Guid.CreateVersion7()).ToArray(),
                    Constituents = wanted.Select(static a => a.Constituent).ToArray(),
                    Organisations = wanted.Select(static a => PastedList.Tidy(a.Organisation, 200)).ToArray(),
                    Addresses = wanted.Select(static a => a.Address).ToArray(),
                    Names = wanted.Select(static a => PastedList.Tidy(a.Name, 200)).ToArray(),
                    Languages = wanted.Select(static a => a.Language).ToArray(),
                    Purposes = wanted.Select(static a => a.Purpose).ToArray(),
                    Sources = wanted.Select(static a => a.Source).ToArray(),
                },
                cancel);
        }
        return (await work.QueryAsync<LetterRow>(Known, new { Mailing = mailing }, cancel)).ToDictionary(static l => (l.Address.ToLowerInvariant(), l.ConstituentId), static l => l.State == "ready" ? l.Id : (Guid?)null);
    }

    /// <summary>Looks at every letter that has not left once more: whether the marking lets it go.</summary>
    public async Task CheckAsync(Work work, IncidentRow incident, MailingRow mailing, CancellationToken cancel)
    {
        var rules = await RulesAsync(work, incident, mailing.Id, cancel);
        var letters = (await work.QueryAsync<LetterRow>(Letters, new { Mailing = mailing.Id }, cancel)).Where(static l => l.State == "ready").ToList();
        await work.ExecuteAsync(Block, new { Ids = letters.Select(static l => l.Id).ToArray(), Blocked = letters.Select(l => rules.Check(l.Address, mailing.OverrideReason)?.Key).ToArray() }, cancel);
    }

    /// <summary>What the marking says now.</summary>
    public async Task<LetterRules> RulesAsync(Work work, IncidentRow incident, Guid mailing, CancellationToken cancel)
    {
        var contacts = PrepareNotice.Addresses(await PrepareNotice.CardsAsync(constituency, work.Viewer, incident, cancel));
        // Those whose own network or name is concerned are of the organisations concerned.
        foreach (var letter in await work.QueryAsync<LetterRow>(Letters, new { Mailing = mailing }, cancel))
            if (letter.Source == "directory")
                contacts.Add(letter.Address.ToLowerInvariant());
        var parties = (await work.QueryAsync<PrepareNotice.PartyRow>(PrepareNotice.Parties, Visible.With(work.Viewer, new { incident.Id }), cancel)).Select(static p => p.Address).ToHashSet();
        return new(await Members.MarkingAsync(work, incident, cancel), contacts, parties);
    }
}

/// <summary>Whom a mailing may go to under the marking of its incident.</summary>
internal sealed record LetterRules(Marking Marking, IReadOnlySet<string> Contacts, IReadOnlySet<string> Parties)
{
    /// <param name="address">Recipient.</param>
    /// <param name="overridden">Why it may go outside the marking; RED is never mailed.</param>
    public Refusal? Check(string address, string? overridden) =>
        MailRules.Check(Marking, address, Contacts, Parties) is { } refusal && (overridden is null || Marking.Tlp == Tlp.Red) ? refusal : null;
}
