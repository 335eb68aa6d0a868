using System.Text.Json.Serialization;

namespace Appliance.Contracts;

/// <summary>Identifies a person or token that acts in the appliance.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct UserId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static UserId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies an organisation the CIRT serves.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct ConstituentId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static ConstituentId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies a group of alerts: one signature between one source and one destination.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct AlertGroupId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static AlertGroupId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies an incident.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct IncidentId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static IncidentId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies an advisory over all its revisions.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct AdvisoryId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static AdvisoryId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies a node that information is shared with: a centre or another CIRT.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct PeerId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static PeerId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies a mail message, received or sent.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct MailId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static MailId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one published fact. Handlers are idempotent on it.</summary>
[JsonConverter(typeof(StrongIdJson))]
public readonly record struct EventId(Guid Value)
{
    /// <summary>A new time-ordered identifier.</summary>
    public static EventId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
