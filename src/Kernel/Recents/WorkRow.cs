using Appliance.Contracts;

namespace Appliance.Kernel.Recents;

/// <summary>What a query says of one piece of work: <c>path, title, state, at, due, tlp, pap, exercise</c>.</summary>
public sealed class WorkRow
{
    /// <summary>Its page.</summary>
    public string Path { get; init; } = "";

    /// <summary>Number and title.</summary>
    public string Title { get; init; } = "";

    /// <summary>End of the resource key of its state.</summary>
    public string State { get; init; } = "";

    /// <summary>When it last changed.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>When it must be done.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>Marking.</summary>
    public short Tlp { get; init; }

    /// <summary>Marking.</summary>
    public short Pap { get; init; }

    /// <summary>True for an exercise.</summary>
    public bool Exercise { get; init; }

    /// <summary>The work item, of the kind and state that the keys name.</summary>
    public WorkItem Of(string kindKey, string stateKeys) => new(kindKey, Title, stateKeys + State, Path, At, Due, new Marking((Tlp)Tlp, (Pap)Pap, Exercise));
}
