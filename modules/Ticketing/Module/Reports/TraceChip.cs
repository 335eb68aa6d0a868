using Appliance.Contracts;

namespace Appliance.Ticketing.Reports;

/// <summary>One trace of a report as a person looks it over before it becomes the incident's.</summary>
/// <param name="Trace">The trace.</param>
/// <param name="File">Name of the file whose hash it is, or null.</param>
/// <param name="Incident">The open incident that has it too, or null.</param>
internal sealed record TraceChip(Observable Trace, string? File, string? Incident)
{
    /// <summary>Traces with a chip each. The host of an address on the web has none: it goes where its address goes.</summary>
    public static IReadOnlyList<TraceChip> Of(ReportSheet sheet)
    {
        var hosts = sheet.Traces.Select(t => Host(new(t.Type, t.Value))).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. sheet.Traces
                .Where(t => t.Type is not ("domain" or "ipv4" or "ipv6") || !hosts.Contains(t.Value))
                .Select(t => new TraceChip(new(t.Type, t.Value), t.Type == "sha256" ? sheet.Attachments.FirstOrDefault(a => a.Sha256 == t.Value)?.Name : null, t.Incident)),
        ];
    }

    /// <summary>Everything that stays out when these chips do: a host with the last of its addresses.</summary>
    public static IReadOnlyList<Observable> LeftOut(ReportSheet sheet, IReadOnlySet<Observable> struck)
    {
        var kept = sheet.Traces.Select(t => new Observable(t.Type, t.Value)).Where(t => !struck.Contains(t)).Select(Host).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var gone = struck.Select(Host).OfType<string>().Where(h => !kept.Contains(h)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. sheet.Traces.Where(t => struck.Contains(new(t.Type, t.Value)) || t.Type is "domain" or "ipv4" or "ipv6" && gone.Contains(t.Value)).Select(t => new Observable(t.Type, t.Value))];
    }

    private static string? Host(Observable trace) => trace.Type == "url" && Uri.TryCreate(trace.Value, UriKind.Absolute, out var url) ? url.IdnHost.Trim('[', ']') : null;
}
