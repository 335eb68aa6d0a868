using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Search;

/// <summary>
/// Where some words stand: in an incident's number, title, summary, notes, mail and tasks, or as a trace of it. Words that few texts hold are looked up in their indexes, and the incidents are known
/// then. Words that many texts hold are asked of one incident after the other in the order of a list, which fills a page the sooner the commoner they are: <see cref="Holds"/>.
/// </summary>
/// <param name="Incidents">Those that the viewer may see and that are known to hold them.</param>
/// <param name="Roots">The same, or into which they were merged.</param>
/// <param name="Common">The kinds of places that hold them too often to be looked up.</param>
internal sealed record WordHits(Guid[] Incidents, Guid[] Roots, IReadOnlyList<string> Common)
{
    /// <summary>So many places of a kind are looked up at most: each is a page somewhere on the disk.</summary>
    public const int Few = 3_000;

    /// <summary>So many incidents of a list are asked at most before the words are looked up all the same: who wrote them may have put them where the list ends.</summary>
    public const int Window = 4_000;

    /// <summary>True of an incident <c>m</c> with the words in it or in its parts; for one at a time. <c>offset 0</c> keeps the server from reading all places first.</summary>
    public const string Holds =
        """
        (m.id = any(@Sure)
          or (@Titles and m.grams @@ ticketing.asked(@Words))
          or (@Texts and exists (select 1 from ticketing.timeline t where t.incident_id = m.id and t.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff) offset 0))
          or (@Versions and exists (select 1 from ticketing.timeline t join ticketing.note_versions n on n.note_id = t.id where t.incident_id = m.id and n.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff) offset 0))
          or (@Tasks and @Staff and exists (select 1 from ticketing.tasks k where k.incident_id = m.id and k.grams @@ ticketing.asked(@Words) offset 0))
          or (@Traces and exists (select 1 from ticketing.observables o where o.incident_id = m.id and o.value = lower(@Words) offset 0)))
        """;

    /// <summary>As <see cref="Holds"/>, also where one of the incidents merged into it does.</summary>
    public const string HoldsWithParts =
        $"""
        ({Holds}
          or exists (select 1 from ticketing.incidents r where r.id = m.id and exists (select 1 from ticketing.incidents m where m.root_id = r.id and {Holds} and {Visible.RowsOfConstituents} offset 0) offset 0))
        """;

    /// <summary>An incident <c>m</c> that is known to hold them, or into which one was merged that is.</summary>
    public const string Known = "m.id = any(@Roots)";

    // The places are counted before those are left out that the viewer may not see: what was cut short is not all.
    private const string Look =
        $"""
        select p.kind, sum(p.places)::bigint as places, coalesce(array_agg(m.id) filter (where m.id is not null), array[]::uuid[]) as incidents,
            coalesce(array_agg(distinct coalesce(m.root_id, m.id)) filter (where m.id is not null), array[]::uuid[]) as roots
        from (select e.kind, e.incident, count(*) as places from (
            (select 'number' as kind, m.id as incident from ticketing.incidents m where m.number = upper(@Words))
            union all
            (select 'titles', m.id from ticketing.incidents m where m.grams @@ ticketing.asked(@Words) limit @Most)
            union all
            (select 'texts', t.incident_id from ticketing.timeline t where t.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff) limit @Most)
            union all
            (select 'versions', t.incident_id from ticketing.note_versions n join ticketing.timeline t on t.id = n.note_id where n.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff) limit @Most)
            union all
            (select 'tasks', k.incident_id from ticketing.tasks k where k.grams @@ ticketing.asked(@Words) and @Staff limit @Most)
            union all
            (select 'traces', o.incident_id from ticketing.observables o where o.value = lower(@Words) limit @Most)) e
            group by e.kind, e.incident) p
        left join ticketing.incidents m on m.id = p.incident and {Visible.RowsOfConstituents}
        group by p.kind
        """;

    /// <summary>Whether some places were too many.</summary>
    public bool AreMany => Common.Count > 0;

    /// <summary>Looks the words up.</summary>
    /// <param name="database">Where.</param>
    /// <param name="viewer">Whose search it is: people of constituents see no notes and tasks of the team.</param>
    /// <param name="words">As typed.</param>
    /// <param name="most">Places of a kind, from which on they are left to be asked of each incident.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<WordHits> LookAsync(Database database, Viewer viewer, string words, int most, CancellationToken cancel)
    {
        var kinds = await database.QueryAsync<KindRow>(Look, Visible.With(viewer, new { Words = words, Staff = viewer.Constituent is null, Most = most }), cancel);
        var known = kinds.Where(k => k.Places < most).ToList();
        return new([.. known.SelectMany(k => k.Incidents).Distinct()], [.. known.SelectMany(k => k.Roots).Distinct()], [.. kinds.Where(k => k.Places >= most).Select(k => k.Kind)]);
    }

    /// <summary>The fragments' parameters, those of the viewer, and the query's own.</summary>
    public Dapper.DynamicParameters With(Viewer viewer, string words, object own)
    {
        var parameters = Visible.With(viewer, own);
        parameters.AddDynamicParams(new
        {
            Words = words,
            Staff = viewer.Constituent is null,
            Sure = Incidents,
            Roots,
            Titles = Common.Contains("titles"),
            Texts = Common.Contains("texts"),
            Versions = Common.Contains("versions"),
            Tasks = Common.Contains("tasks"),
            Traces = Common.Contains("traces"),
        });
        return parameters;
    }

    private sealed class KindRow
    {
        public string Kind { get; set; } = "";

        public long Places { get; set; }

        public Guid[] Incidents { get; set; } = [];

        public Guid[] Roots { get; set; } = [];
    }
}
