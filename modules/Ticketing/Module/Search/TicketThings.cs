using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Ticketing.Search;

/// <summary>Names incidents and reports by the paths of their pages.</summary>
internal sealed class TicketThings(Database database) : IThings
{
    private const string IncidentPages = "/tickets/";

    private const string ReportPages = "/tickets/reports/";

    private const string Incidents =
        $"""
        select '{IncidentPages}' || m.number as path, m.number || ' ' || m.title as title, m.tlp, m.pap, m.exercise
        from ticketing.incidents m
        where m.number = any(@Numbers) and {Visible.RowsOfConstituents}
        """;

    private const string Reports =
        $"""
        select '{ReportPages}' || m.id as path, m.subject as title, m.tlp, m.pap, m.exercise
        from ticketing.reports m
        where m.id = any(@Ids) and {Visible.RowsOfConstituents}
        """;

    public bool Owns(string path) => Number(path) is not null || ThingPath.Id(path, ReportPages) is not null;

    public async Task<IReadOnlyList<Thing>> FindAsync(Viewer viewer, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.Read))
            return [];
        string[] numbers = [.. paths.Select(Number).OfType<string>()];
        Guid[] ids = viewer.May(Permissions.Triage) ? [.. paths.Select(p => ThingPath.Id(p, ReportPages)).OfType<Guid>()] : [];
        var incidents = await database.QueryAsync<ThingRow>(Incidents, Visible.With(viewer, new { Numbers = numbers }), cancel, 1);
        var reports = await database.QueryAsync<ThingRow>(Reports, Visible.With(viewer, new { Ids = ids }), cancel, 1);
        return [.. incidents.Select(r => r.Of("ticketing.kind.incident")), .. reports.Select(r => r.Of("ticketing.kind.report"))];
    }

    // Pages of lists stand beside those of incidents; a number ends with a digit, their names do not.
    private static string? Number(string path) => ThingPath.Key(path, IncidentPages) is [.., >= '0' and <= '9'] number ? number : null;
}
