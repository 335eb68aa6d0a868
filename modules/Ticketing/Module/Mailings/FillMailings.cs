using System.Net;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Lookups;

namespace Appliance.Ticketing.Mailings;

/// <summary>Gives things that wait for a registry their contact, or the reason why they have none, once the answer is there.</summary>
internal sealed class FillMailings(Database database, StoreLetters letters, Addressees addressees, TicketingOptions options)
{
    private const string Settled =
        """
        select distinct i.mailing_id
        from ticketing.mailing_items i
        join ticketing.mailings g on g.id = i.mailing_id
        join ticketing.lookups l on l.incident_id = g.incident_id and l.kind = 'rdap' and l.type = i.asked_type and l.value = i.asked_value and l.state <> 'queued'
        where i.reason = 'waiting'
        limit 1
        """;

    private const string Waiting =
        """
        select i.seq, i.type, i.value, i.asked_type, i.asked_value, l.state, l.answer::text as answer, l.reason
        from ticketing.mailing_items i
        join ticketing.lookups l on l.incident_id = @Incident and l.kind = 'rdap' and l.type = i.asked_type and l.value = i.asked_value and l.state <> 'queued'
        where i.mailing_id = @Mailing and i.reason = 'waiting'
        order by i.seq
        """;

    private const string Place =
        """
        update ticketing.mailing_items i
        set letter_id = t.letter, reason = t.reason, detail = t.detail, organisation = t.organisation, asked_type = coalesce(t.asked_type, i.asked_type), asked_value = coalesce(t.asked_value, i.asked_value)
        from unnest(@Seqs, @Letters, @Reasons, @Details, @Organisations, @AskedTypes, @AskedValues) as t (seq, letter, reason, detail, organisation, asked_type, asked_value)
        where i.mailing_id = @Mailing and i.seq = t.seq
        """;

    /// <summary>Fills one mailing that something was answered for; false when there is none.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        if (await database.FindAsync<Guid>(Settled, null, cancel) is var id && id == Guid.Empty)
            return false;
        await using var work = await database.BeginAsync(Viewer.System("ticketing"), cancel);
        if (await MailingRow.LockAsync(work, id, cancel) is { } mailing && await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is { } incident)
        {
            await ApplyAsync(work, incident, mailing, cancel);
            await letters.CheckAsync(work, incident, mailing, cancel);
        }
        await work.CommitAsync(cancel);
        return true;
    }

    /// <summary>Asks the registries what is not known yet; an answer that the box has already is taken at once.</summary>
    public async Task AskAsync(Work work, IncidentRow incident, MailingRow mailing, IEnumerable<Observable> asked, CancellationToken cancel)
    {
        var fresh = work.Now.AddHours(-options.Lookups.KeepHours);
        foreach (var one in asked.Distinct())
            await work.ExecuteAsync(AskLookup.Put, new { Id = mailing.IncidentId, Kind = LookupKind.Rdap.Id, one.Type, one.Value, work.Now, By = work.Viewer.Id.Value, Name = work.Viewer.Name, Fresh = fresh }, cancel);
        await ApplyAsync(work, incident, mailing, cancel);
    }

    private async Task ApplyAsync(Work work, IncidentRow incident, MailingRow mailing, CancellationToken cancel)
    {
        var rows = await work.QueryAsync<WaitingRow>(Waiting, new { Incident = mailing.IncidentId, Mailing = mailing.Id }, cancel);
        if (rows.Count == 0)
            return;
        var placed = new List<(WaitingRow Row, Placement Placement)>();
        foreach (var row in rows)
            placed.Add((row, await PlaceAsync(row, cancel)));
        var kept = await StoreLetters.KeepAsync(work, mailing.Id, placed.Select(static p => p.Placement.To).OfType<Addressee>(), cancel);
        var found = placed.Select(p => (p.Row, p.Placement, Letter: p.Placement.To is { } to ? kept[to.Key] : null)).ToList();
        await work.ExecuteAsync(
            Place,
            new
            {
                Mailing = mailing.Id,
                Seqs = found.Select(static f => f.Row.Seq).ToArray(),
                Letters = found.Select(static f => f.Letter).ToArray(),
                // Its contact's letter has left already.
                Reasons = found.Select(static f => f.Placement.To is not null && f.Letter is null ? "letter-left" : f.Placement.Reason).ToArray(),
                Details = found.Select(static f => f.Placement.To is not null && f.Letter is null ? f.Placement.To.Address : f.Placement.Detail).ToArray(),
                Organisations = found.Select(static f => f.Placement.Organisation).ToArray(),
                AskedTypes = found.Select(static f => f.Placement.Asked?.Type).ToArray(),
                AskedValues = found.Select(static f => f.Placement.Asked?.Value).ToArray(),
            },
            cancel);
        if (found.Select(static f => f.Placement.Asked).OfType<Observable>().ToList() is { Count: > 0 } again)
            await AskAsync(work, incident, mailing, again, cancel);
    }

    private async Task<Placement> PlaceAsync(WaitingRow row, CancellationToken cancel)
    {
        var facts = row.Answer is null ? [] : JsonSerializer.Deserialize<LookupFact[]>(row.Answer) ?? [];
        var own = Addressees.Subject(new(row.Type, row.Value));
        // A neighbour's answer that does not reach as far: this one is asked about by itself.
        if (own is not null && (own.Type, own.Value) != (row.AskedType, row.AskedValue) && (row.State != "answered" || !Covers(facts, own.Value)))
            return new(null, "waiting", Asked: own);
        var holder = facts.FirstOrDefault(static f => f.Key == "holder")?.Value ?? facts.FirstOrDefault(static f => f.Key == "name")?.Value ?? "";
        if (row.State != "answered")
            return row.State == "absent" ? new(null, "unknown") : row.Reason == "pap" ? new(null, "lookup-pap") : new(null, "lookup-failed", Detail: row.Reason);
        foreach (var fact in facts.Where(static f => f.Key == "abuse"))
        {
            if (!MailAddress.TryRead(fact.Value, out var address, out _))
                continue;
            return await addressees.IsOwnAsync(address, cancel) ? new(null, "ourselves", holder, address) : new(new(null, holder.Length > 0 ? holder : address[(address.LastIndexOf('@') + 1)..], address, "", "en", "abuse", "registry"), "", holder);
        }
        return new(null, "no-abuse", holder);
    }

    /// <summary>True when the range of the answer holds <paramref name="value"/>.</summary>
    private static bool Covers(IReadOnlyList<LookupFact> facts, string value)
    {
        if (facts.FirstOrDefault(static f => f.Key == "range")?.Value.Split(" – ") is not [var from, var to] || !IPAddress.TryParse(value, out var address) || !IPAddress.TryParse(from, out var first) || !IPAddress.TryParse(to, out var last))
            return false;
        return first.AddressFamily == address.AddressFamily && last.AddressFamily == address.AddressFamily
            && first.GetAddressBytes().AsSpan().SequenceCompareTo(address.GetAddressBytes()) <= 0 && address.GetAddressBytes().AsSpan().SequenceCompareTo(last.GetAddressBytes()) <= 0;
    }

    private sealed class WaitingRow
    {
        public int Seq { get; set; }

        public string Type { get; set; } = "";

        public string Value { get; set; } = "";

        public string AskedType { get; set; } = "";

        public string AskedValue { get; set; } = "";

        public string State { get; set; } = "";

        public string? Answer { get; set; }

        public string Reason { get; set; } = "";
    }
}
