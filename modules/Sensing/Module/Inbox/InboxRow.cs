using System.Net;
using Appliance.Contracts;

namespace Appliance.Sensing.Inbox;

/// <summary>One group as the inbox shows it.</summary>
public class InboxRow
{
    public const string Columns =
        """
        m.id, m.gid, m.sid, m.rev, m.signature, m.category, m.src, m.dst, m.src_port, m.dst_port, m.proto, m.app_proto, m.name, m.severity, m.count, m.score, m.reasons,
        m.first_seen, m.last_seen, m.first_received, m.last_received, m.state, m.verdict, m.reason, m.closed_by_rule, m.snoozed_until, m.owner_id, m.owner_name,
        m.incident_id, m.incident_number, m.src_constituent, m.src_constituent_name, m.dst_constituent, m.dst_constituent_name,
        m.sensor_id, m.replay, m.tlp, m.pap, m.exercise
        """;

    public Guid Id { get; init; }
    public int Gid { get; init; }
    public long Sid { get; init; }
    public int Rev { get; init; }
    public string Signature { get; init; } = "";
    public string Category { get; init; } = "";
    public IPAddress? Src { get; init; }
    public IPAddress? Dst { get; init; }
    public int? SrcPort { get; init; }
    public int? DstPort { get; init; }
    public string? Proto { get; init; }
    public string? AppProto { get; init; }
    public string? Name { get; init; }
    public short Severity { get; init; }
    public long Count { get; init; }
    public short Score { get; init; }
    public string[] Reasons { get; init; } = [];
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
    public DateTimeOffset FirstReceived { get; init; }
    public DateTimeOffset LastReceived { get; init; }
    public string State { get; init; } = "";
    public string? Verdict { get; init; }
    public string? Reason { get; init; }
    public Guid? ClosedByRule { get; init; }
    public DateTimeOffset? SnoozedUntil { get; init; }
    public Guid? OwnerId { get; init; }
    public string? OwnerName { get; init; }
    public Guid? IncidentId { get; init; }
    public string? IncidentNumber { get; init; }
    public Guid? SrcConstituent { get; init; }
    public string? SrcConstituentName { get; init; }
    public Guid? DstConstituent { get; init; }
    public string? DstConstituentName { get; init; }
    public short SensorId { get; init; }
    public string? Replay { get; init; }
    public short Tlp { get; init; }
    public short Pap { get; init; }
    public bool Exercise { get; init; }

    /// <summary>What people call the source, where it is an address of ours with a name.</summary>
    public string? SrcLabel { get; set; }

    /// <summary>The same of the destination.</summary>
    public string? DstLabel { get; set; }

    /// <summary>Alerts in each of the last 24 hours, oldest first.</summary>
    public IReadOnlyList<long> Hours { get; set; } = [];

    public Marking Marking => new((Tlp)Tlp, (Pap)Pap, Exercise);

    /// <summary>The reasons of the score as resource keys, with their points where they are fixed.</summary>
    public IEnumerable<string> ReasonKeys
    {
        get
        {
            foreach (var reason in Reasons)
                yield return $"sensing.reason.{reason}";
            if (Count >= 10)
                yield return "sensing.reason.count";
        }
    }
}
