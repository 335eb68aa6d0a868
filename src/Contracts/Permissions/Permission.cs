namespace Appliance.Contracts;

/// <summary>A right, named <c>module.noun.verb</c>. Declared once by its module and granted to roles there.</summary>
/// <param name="Id">For example <c>ticketing.incident.open</c>.</param>
public readonly record struct Permission(string Id)
{
    /// <summary>Any signed-in person: the pages about oneself, and lists whose rows carry their own rights.</summary>
    public static Permission SignedIn { get; } = new("console.signed-in");

    /// <summary>Any signed-in person, also one who must first get a second factor: what that takes, and nothing else.</summary>
    public static Permission Enrolling { get; } = new("console.enrolling");

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>The permission a page needs. A routable page without it does not compile (CIRT001).</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PermissionAttribute(string id) : Attribute
{
    /// <summary>The permission's id.</summary>
    public string Id { get; } = id;

    /// <summary>True for the few pages that also open for who must first get a second factor; they show only what that takes.</summary>
    public bool Enrolling { get; init; }
}

/// <summary>A page that answers without log-in, and why that is right.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PublicPageAttribute(string reason) : Attribute
{
    /// <summary>Why no log-in is needed.</summary>
    public string Reason { get; } = reason;
}

/// <summary>The roles the appliance ships. A person holds one or more.</summary>
public enum Role
{
    /// <summary>Runs the box: users, settings, backup. Sees no case content by default.</summary>
    Administrator,

    /// <summary>Leads the team: approves what leaves, sees everything the team sees.</summary>
    Manager,

    /// <summary>Handles incidents, writes advisories, tunes sensors.</summary>
    Analyst,

    /// <summary>Watches the inbox and takes reports.</summary>
    Operator,

    /// <summary>Reads the audit trail and the settings; changes nothing.</summary>
    Auditor,

    /// <summary>Installs and connects the box; leaves when the CIRT takes over.</summary>
    Provisioner,

    /// <summary>A person at an organisation the CIRT serves; sees that organisation's own cases.</summary>
    Constituent,

    /// <summary>Another node over TAXII or the API.</summary>
    Peer,
}
