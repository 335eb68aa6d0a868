using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Search;

/// <summary>
/// Two ways to the incidents that hold some words. Words that few texts hold are looked up in their indexes, and what holds them is then held against the list that was asked for.
/// Words that many texts hold are asked of one incident after the other in the order of the list, until a page is full: the commoner they are, the sooner that is.
/// </summary>
internal static class WordHits
{
    /// <summary>From so many messages and notes on, walking the list is the shorter way: measured at five million of them.</summary>
    private const int Many = 6_000;

    /// <summary>True of an incident <c>m</c> with <c>@Words</c> in it or in its parts; for an incident at a time.</summary>
    public const string Holds =
        $"""
        (m.grams @@ ticketing.asked(@Words)
          or exists (select 1 from ticketing.timeline t where t.incident_id = m.id and t.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff))
          or exists (select 1 from ticketing.timeline t join ticketing.note_versions n on n.note_id = t.id where t.incident_id = m.id and n.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff)))
        """;

    /// <summary>As <see cref="Holds"/>, also where one of the incidents merged into it does.</summary>
    public const string HoldsWithParts =
        $"""
        ({Holds}
          or exists (select 1 from ticketing.incidents r where r.id = m.id and exists (select 1 from ticketing.incidents m where m.root_id = r.id and {Holds} and {Visible.RowsOfConstituents})))
        """;

    // A bitmap of rows is made by the index alone; only the rows that are counted are read.
    private const string Count = "select count(*) from (select 1 from ticketing.timeline t where t.grams @@ ticketing.asked(@Words) limit @Many) counted";

    /// <summary>Whether to walk the list.</summary>
    public static async Task<bool> AreManyAsync(Database database, string words, CancellationToken cancel) =>
        await database.FindAsync<long>(Count, new { Words = words, Many }, cancel) >= Many;
}
