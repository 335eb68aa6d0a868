using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Gate;

/// <summary>A publishable fact in the one form the gate works with.</summary>
internal sealed record ShareSource(string Kind, string Subject, string Number, string Title, string Text, string Language, string RsitType, int Severity, Marking Marking, DateTimeOffset? FirstSeen, IReadOnlyList<Observable> Observables)
{
    public static ShareSource Of(IncidentConfirmed fact) => new(
        "incident", fact.Aggregate, fact.Number, fact.Title, "", "", fact.RsitType, fact.Severity, fact.Marking, fact.FirstSeen is { } seen ? StixTime.Milliseconds(seen) : null, fact.Observables);

    public static ShareSource Of(AdvisoryPublished fact) => new(
        "advisory", fact.Aggregate, fact.Number, fact.Title, $"{fact.Summary.Trim()}\n\n{fact.Body.Trim()}".Trim(), fact.Language, "", fact.Severity, fact.Marking, null,
        [.. fact.Cves.Select(c => new Observable("cve", c)), .. fact.Observables]);

    /// <summary>The source of a stored share, from the event as it came.</summary>
    public static ShareSource Of(Share share) => share.Kind == "incident"
        ? Of(JsonSerializer.Deserialize<IncidentConfirmed>(share.Source, OutboxJson.Options)!)
        : Of(JsonSerializer.Deserialize<AdvisoryPublished>(share.Source, OutboxJson.Options)!);
}

/// <summary>Builds what would leave.</summary>
internal sealed class ShareDrafts(Redaction redaction)
{
    /// <summary>The bundle in canonical JSON, and what was kept out of it.</summary>
    public (string Bundle, IReadOnlyList<Withheld> Stays) Build(Node node, Guid share, ShareSource source, int generation, DateTimeOffset created, DateTimeOffset modified)
    {
        var (leaves, stays) = redaction.Apply(source.Observables);
        var objects = new BundleBuilder(node, new Draft
        {
            Kind = source.Kind,
            Name = NameOf(source.Subject, generation),
            Number = source.Number,
            Title = source.Title,
            Text = source.Text,
            Language = source.Language,
            RsitType = source.RsitType,
            Severity = source.Severity,
            Marking = source.Marking,
            Created = created,
            Modified = modified,
            FirstSeen = source.FirstSeen,
            Traces = leaves,
        }).Build();
        var bundle = new JsonObject
        {
            ["type"] = "bundle",
            ["id"] = StixId.Of("bundle", node.Id, share.ToString()),
            ["objects"] = new JsonArray([.. objects]),
        };
        return (Encoding.UTF8.GetString(CanonicalJson.Write(bundle)), stays);
    }

    /// <summary>The name from which ids follow. A withdrawn one is spent: revoked objects are final (STIX 2.1, section 3.2).</summary>
    public static string NameOf(string subject, int generation) => generation == 0 ? subject : $"{subject}#{generation}";
}
