using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Pipeline;

/// <summary>One link of the chain. <c>sensing.pipeline.{Key}</c> names it, <c>sensing.pipeline.{Key}.{Finding}</c> says what is so and what to do.</summary>
/// <param name="Key">interface packets engine spool importer database filters.</param>
/// <param name="Good">Whether records get through here.</param>
/// <param name="Finding">End of the resource key of the sentence.</param>
/// <param name="Arguments">The particulars.</param>
/// <param name="Link">Page on which the next step is done.</param>
internal sealed record PipelineStep(string Key, bool Good, string Finding, string[] Arguments, string? Link);

/// <summary>The chain, and the first broken link.</summary>
internal sealed record PipelineView(IReadOnlyList<PipelineStep> Steps, PipelineStep? Broken);

/// <summary>Asks why nothing is shown; the filter is the one the empty list was made with.</summary>
internal sealed record DiagnosePipelineRequest(InboxFilter? Filter = null);

/// <summary>Follows a packet from the interface to the list and says where it stops: one red link, one next step.</summary>
internal sealed class DiagnosePipeline(Database database, SensorStates states, TimeProvider time) : Query<DiagnosePipelineRequest, PipelineView>
{
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(30);

    private const string Facts =
        """
        -- every row: captures are only counted
        select
            (select coalesce(sum(records), 0)::bigint from sensing.hourly where type = 'alert' and hour > @since) as alerts,
            (select coalesce(sum(records), 0)::bigint from sensing.hourly where type not in ('stats', 'engine') and hour > @since) as records,
            (select count(*) from sensing.captures where state in ('queued', 'running')) as jobs,
            (select count(*) from sensing.captures where state = 'done' and done_at > @since) as replays,
            (select count(*) from sensing.auto_close_rules where removed_at is null and expires_at > @now) as auto_rules,
            (select max(rules_loaded) from sensing.sensor_generations) as rules
        """;

    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<PipelineView>> HandleAsync(Viewer viewer, DiagnosePipelineRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var window = Math.Clamp(request.Filter?.WindowHours ?? 24, 1, InboxFilter.LongestWindowHours);
        var facts = (await database.FindAsync<FactsRow>(Facts, new { since = now.AddHours(-window), now }, cancel))!;
        var sensors = (await states.ReadAsync(database, cancel)).Where(static s => s.Present).ToList();
        var steps = new List<PipelineStep>
        {
            Interface(sensors, facts),
            Packets(sensors, facts),
            Engine(sensors, facts),
            Spool(sensors),
            Importer(sensors, now),
            new("database", true, "good", [Number(facts.Records), Number(window)], null),
            Filters(request.Filter, facts),
        };
        return new PipelineView(steps, steps.FirstOrDefault(static s => !s.Good));
    }

    private static PipelineStep Interface(List<SensorRow> sensors, FactsRow facts)
    {
        var capturing = sensors.SelectMany(static s => s.Heartbeat.Interfaces).Where(static i => i.State == "capturing").Select(static i => i.Name).ToList();
        if (capturing.Count > 0)
            return new("interface", true, "good", [string.Join(", ", capturing)], null);
        var refused = sensors.SelectMany(static s => s.Heartbeat.Interfaces).FirstOrDefault(static i => i.Reason.Length > 0);
        if (refused is not null)
            return new("interface", false, "refused", [refused.Name, refused.Reason], "/sense/sensors");
        if (facts.Jobs > 0 || facts.Replays > 0)
            return new("interface", true, "replay", [Number(facts.Jobs + facts.Replays)], null);
        if (sensors.Any(static s => !s.IsOurs && s.LastRecordAt is not null))
            return new("interface", true, "other", [], null);
        var chosen = sensors.SelectMany(static s => s.Interfaces).ToList();
        return chosen.Count > 0
            ? new("interface", false, "waiting", [string.Join(", ", chosen)], "/sense/sensors")
            : new("interface", false, "none", [], "/sense/sensors");
    }

    private static PipelineStep Packets(List<SensorRow> sensors, FactsRow facts)
    {
        var packets = sensors.Sum(static s => s.Heartbeat.Packets);
        var lost = sensors.Sum(static s => s.Heartbeat.Lost);
        if (packets == 0 && facts.Records == 0)
            return new("packets", false, "none", [], "/sense/captures");
        if (packets == 0)
            return new("packets", true, "replay", [Number(facts.Records)], null);
        return lost > 0 && lost * 20 > packets
            ? new("packets", false, "lost", [Number(packets), Number(lost)], "/sense/sensors")
            : new("packets", true, "good", [Number(packets)], null);
    }

    private static PipelineStep Engine(List<SensorRow> sensors, FactsRow facts)
    {
        if (sensors.FirstOrDefault(static s => s.State == "running") is not { } running)
        {
            var last = sensors.OrderByDescending(static s => s.HeartbeatAt).FirstOrDefault();
            return new("engine", false, last?.State ?? "never", [last?.Name ?? "", last?.Path ?? ""], "/sense/sensors");
        }
        return running.IsOurs && facts.Rules is null or 0
            ? new("engine", false, "no-rules", [running.Name], "/sense/rules")
            : new("engine", true, "good", [running.Name, Number(facts.Rules ?? 0)], null);
    }

    private static PipelineStep Spool(List<SensorRow> sensors)
    {
        if (sensors.FirstOrDefault(static s => s.IsOurs && !Directory.Exists(Path.Combine(s.Path, "spool"))) is { } missing)
            return new("spool", false, "missing", [missing.Path], "/sense/sensors");
        if (sensors.FirstOrDefault(static s => !s.IsOurs && !Directory.Exists(s.Path)) is { } absent)
            return new("spool", false, "missing", [absent.Path], "/sense/sensors");
        return new("spool", true, "good", [Number(sensors.Sum(static s => s.WaitingSegments))], null);
    }

    private static PipelineStep Importer(List<SensorRow> sensors, DateTimeOffset now)
    {
        var late = sensors.FirstOrDefault(s => s.WaitingSegments > 4 && (s.ReadAt is null || now - s.ReadAt > s_late));
        return late is not null
            ? new("importer", false, "late", [late.Name, Number(late.WaitingSegments)], "/admin/health")
            : new("importer", true, "good", [Number(sensors.Sum(static s => s.Lines))], null);
    }

    private static PipelineStep Filters(InboxFilter? filter, FactsRow facts)
    {
        if (facts.Alerts == 0)
            return new("filters", true, "quiet", [], null);
        if (!string.IsNullOrWhiteSpace(filter?.Query))
            return new("filters", false, "query", [Number(facts.Alerts), filter.Query], "/sense/inbox");
        return filter?.View is null or "inbox"
            ? new("filters", true, "handled", [Number(facts.Alerts), Number(facts.AutoRules)], "/sense/inbox?view=closed")
            : new("filters", true, "other-view", [Number(facts.Alerts)], "/sense/inbox");
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);

    private sealed class FactsRow
    {
        public long Alerts { get; init; }
        public long Records { get; init; }
        public long Jobs { get; init; }
        public long Replays { get; init; }
        public long AutoRules { get; init; }
        public int? Rules { get; init; }
    }
}
