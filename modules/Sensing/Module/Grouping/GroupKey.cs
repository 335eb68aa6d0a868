using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Grouping;

/// <summary>What makes alerts one group: signature, source, destination, and exercise apart from real life.</summary>
internal readonly record struct GroupKey(int Gid, long Sid, Address Source, Address Destination, bool Exercise) : IComparable<GroupKey>
{
    public static GroupKey Of(EveRecord alert) => new(alert.Gid, alert.Sid, alert.Source, alert.Destination, alert.Exercise);

    /// <summary>Groups are always touched in this order, so that two sensors' batches never wait for each other in a circle.</summary>
    public int CompareTo(GroupKey other)
    {
        var order = Sid.CompareTo(other.Sid);
        if (order == 0)
            order = Gid.CompareTo(other.Gid);
        if (order == 0)
            order = Compare(Source, other.Source);
        if (order == 0)
            order = Compare(Destination, other.Destination);
        return order != 0 ? order : Exercise.CompareTo(other.Exercise);
    }

    private static int Compare(Address a, Address b)
    {
        var order = a.Family.CompareTo(b.Family);
        if (order == 0)
            order = a.High.CompareTo(b.High);
        return order != 0 ? order : a.Low.CompareTo(b.Low);
    }
}

/// <summary>The alerts of one key in one batch.</summary>
internal sealed class GroupDelta(EveRecord first)
{
    public EveRecord Last { get; private set; } = first;

    public long Count { get; private set; }

    public int Severity { get; private set; } = first.Severity;

    public long FirstSeen { get; private set; } = first.SeenMicros;

    public long LastSeen { get; private set; } = first.SeenMicros;

    public void Add(EveRecord alert)
    {
        Count++;
        Severity = Math.Min(Severity, alert.Severity);
        FirstSeen = Math.Min(FirstSeen, alert.SeenMicros);
        if (alert.SeenMicros < LastSeen)
            return;
        (LastSeen, Last) = (alert.SeenMicros, alert);
    }
}
