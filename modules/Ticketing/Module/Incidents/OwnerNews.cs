using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;

namespace Appliance.Ticketing.Incidents;

/// <summary>Tells the owner of an incident what others did to it.</summary>
internal static class OwnerNews
{
    private const string Owners =
        """
        -- every row: owners are told the number of what is theirs, whatever its marking
        select m.id, m.number, m.owner_id
        from ticketing.incidents m
        where m.id = any(@Ids) and m.owner_id is not null and m.owner_id <> @By
        """;

    /// <summary>Writes the notices that <paramref name="entries"/>, just added, call for.</summary>
    public static async Task TellAsync(Work work, IReadOnlyList<TimelineEntry> entries, CancellationToken cancel)
    {
        var news = entries.Select(e => (e.Incident, Key: KeyOf(e.Kind))).Where(e => e.Key is not null).ToLookup(e => e.Incident.Value, e => e.Key!);
        if (news.Count == 0)
            return;
        var owned = await work.QueryAsync<OwnedRow>(Owners, new { Ids = news.Select(n => n.Key).ToArray(), By = work.Viewer.Id.Value }, cancel);
        await work.TellAsync(owned.SelectMany(o => Keys(news[o.Id]).Select(key => new NewNotice(new(o.OwnerId), key, $"incident/{o.Id}", $"/tickets/{o.Number}", o.Number))), cancel);
    }

    // Who is given an incident needs not hear that it changed in the same moment.
    private static IEnumerable<string> Keys(IEnumerable<string> keys)
    {
        var all = keys.Distinct().ToList();
        return all.Contains("ticketing.notice.assigned") ? ["ticketing.notice.assigned"] : all;
    }

    private static string? KeyOf(string kind) => kind switch
    {
        "owner" => "ticketing.notice.assigned",
        "note" => "ticketing.notice.noted",
        "mail-in" => "ticketing.notice.mail",
        "report" => "ticketing.notice.report",
        "escalated" => "ticketing.notice.late",
        "state" or "edit" or "alert" or "split" or "merge" or "merged" or "unmerge" or "undo" or "confirmed" or "acknowledged" or "follow-up" or "task" or "playbook" => "ticketing.notice.changed",
        _ => null,
    };

    private sealed record OwnedRow(Guid Id, string Number, Guid OwnerId);
}
