using System.Text.Json;

namespace Appliance.Sensing.Sensors;

/// <summary>What the last stats record said: packets, losses by stage, interfaces. A stock Suricata fills the part it knows.</summary>
internal sealed record Heartbeat(long Packets, long KernelDrops, IReadOnlyList<StageDrop> Drops, IReadOnlyList<InterfaceState> Interfaces, int? Generation, long UptimeSeconds, long JobsWaiting, long EventsLost, long AlertsLost, long Bytes = 0)
{
    /// <summary>Stages that only our own engine has: packets left out of the ring on disk, given up by a fault, records not written.</summary>
    private static readonly string[] s_own = ["packets", "fault", "spool"];

    public static Heartbeat None { get; } = new(0, 0, [], [], null, 0, 0, 0, 0);

    /// <summary>All packets and records lost, whatever the stage.</summary>
    public long Lost => Drops.Sum(static d => d.Count);

    public static Heartbeat Of(string? body)
    {
        if (string.IsNullOrEmpty(body))
            return None;
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 128 });
        if (!document.RootElement.TryGetProperty("stats", out var stats) || stats.ValueKind != JsonValueKind.Object)
            return None;
        var kernel = Number(stats, "capture", "kernel_drops");
        var drops = new List<StageDrop> { new("kernel", kernel) };
        var stages = Find(stats, "sensor", "drops") is { ValueKind: JsonValueKind.Object } told ? told : (JsonElement?)null;
        // The ring of an interface is the kernel's: the same packets, counted once.
        drops.Add(new("decode", stages is { } own ? Number(own, "decode") : Number(stats, "decoder", "invalid")));
        drops.AddRange(MemcapsOf(stats, stages));
        if (stages is { } known)
            drops.AddRange(s_own.Select(stage => new StageDrop(stage, Number(known, stage))));
        var (eventsLost, alertsLost) = (Number(stats, "spool", "events_lost"), Number(stats, "spool", "alerts_lost"));
        drops.Add(new("unread", eventsLost + alertsLost));
        var packets = Math.Max(Number(stats, "capture", "kernel_packets"), Number(stats, "decoder", "pkts"));
        int? generation = Find(stats, "sensor", "generation") is { ValueKind: JsonValueKind.Number } g && g.TryGetInt32(out var n) ? n : null;
        return new(packets, kernel, drops, InterfacesOf(stats), generation, Number(stats, "uptime"), Number(stats, "sensor", "jobs_waiting"), eventsLost, alertsLost, Number(stats, "decoder", "bytes"));
    }

    /// <summary>By the name of the limit, as both engines count them; what our own counts beyond is the memory for fragments.</summary>
    private static List<StageDrop> MemcapsOf(JsonElement stats, JsonElement? stages)
    {
        var drops = new List<StageDrop>
        {
            new("memcap-flow", Number(stats, "flow", "memcap")),
            new("memcap-sessions", Number(stats, "tcp", "ssn_memcap_drop")),
            new("memcap-segments", Number(stats, "tcp", "segment_memcap_drop")),
        };
        if (stages is { } own)
            drops.Add(new("memcap-defrag", Math.Max(0, Number(own, "memcap") - drops.Sum(static d => d.Count))));
        return drops;
    }

    private static List<InterfaceState> InterfacesOf(JsonElement stats)
    {
        var interfaces = new List<InterfaceState>();
        if (Find(stats, "sensor", "interfaces") is not { ValueKind: JsonValueKind.Array } list)
            return interfaces;
        foreach (var item in list.EnumerateArray().Where(static i => i.ValueKind == JsonValueKind.Object))
            interfaces.Add(new(Text(item, "name"), Text(item, "state"), Text(item, "method"), Text(item, "reason"), Number(item, "packets"), Number(item, "drops")));
        return interfaces;
    }

    private static JsonElement? Find(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }
        return element;
    }

    private static long Number(JsonElement element, params ReadOnlySpan<string> path) =>
        Find(element, path) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : 0;

    private static string Text(JsonElement element, string name) => Find(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";
}

/// <summary>Losses at one stage: kernel, decode, memcap by its name, packets, fault, spool, unread.</summary>
internal sealed record StageDrop(string Stage, long Count);

/// <summary>One interface as the sensor reports it.</summary>
internal sealed record InterfaceState(string Name, string State, string Method, string Reason, long Packets, long Drops);
