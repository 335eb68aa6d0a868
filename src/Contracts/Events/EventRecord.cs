namespace Appliance.Contracts;

/// <summary>A fact that crosses modules: past tense, ids plus the facts needed, its marking. Serialised as JSON in the outbox.</summary>
/// <remarks>Add members with defaults; never rename or remove one without raising the version in <see cref="EventAttribute"/>.</remarks>
public abstract record EventRecord
{
    /// <summary>Identity of the fact: a handler that sees it twice acts once.</summary>
    public EventId EventId { get; init; } = EventId.New();

    /// <summary>When it happened, UTC. Set by the publisher's clock when the change is written.</summary>
    public DateTimeOffset OccurredAt { get; init; }

    /// <summary>Who may read it and what may be done with it.</summary>
    public required Marking Marking { get; init; }

    /// <summary>Deliveries of one aggregate keep their order; others do not wait for each other.</summary>
    public abstract string Aggregate { get; }
}

/// <summary>The stable name and version of an event, as stored.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EventAttribute(string name, int version = 1) : Attribute
{
    /// <summary>For example <c>sensing.alert-escalated</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Raised when a reader of the old shape would misread the new one.</summary>
    public int Version { get; } = version;
}
