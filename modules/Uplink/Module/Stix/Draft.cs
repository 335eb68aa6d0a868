using System.Text.Json.Nodes;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>Who says it: this node as its peers know it.</summary>
/// <param name="Id">Root of this node's STIX ids.</param>
/// <param name="Name">Its name.</param>
/// <param name="Created">When the node came to be.</param>
/// <param name="Named">When it got its present name.</param>
/// <param name="PageKey">Key of the page cursors.</param>
internal sealed record Node(Guid Id, string Name, DateTimeOffset Created, DateTimeOffset Named, byte[] PageKey)
{
    /// <summary>STIX id of the node's identity object.</summary>
    public string IdentityId => StixId.Of("identity", Id, "node");

    /// <summary>The identity object.</summary>
    public JsonObject Identity() => new()
    {
        ["type"] = "identity",
        ["spec_version"] = "2.1",
        ["id"] = IdentityId,
        ["created"] = StixTime.Stix(Created),
        ["modified"] = StixTime.Stix(Named > Created ? Named : Created),
        ["name"] = Name,
        ["identity_class"] = "organization",
        ["object_marking_refs"] = new JsonArray(TlpMarking.IdOf(Tlp.Clear)),
    };
}

/// <summary>What is to be said, freed of everything that must not leave.</summary>
internal sealed record Draft
{
    /// <summary>incident or advisory.</summary>
    public required string Kind { get; init; }

    /// <summary><c>incident/…</c> or <c>advisory/…</c>, with the count of withdrawals before: a revoked id is never used again.</summary>
    public required string Name { get; init; }

    public required string Number { get; init; }

    public required string Title { get; init; }

    public string Text { get; init; } = "";

    public string Language { get; init; } = "";

    public string RsitType { get; init; } = "";

    public required int Severity { get; init; }

    public required Marking Marking { get; init; }

    /// <summary>The same over all revisions.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Rising with each revision.</summary>
    public required DateTimeOffset Modified { get; init; }

    public DateTimeOffset? FirstSeen { get; init; }

    public required IReadOnlyList<Trace> Traces { get; init; }
}
