using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Uplink.Peers;

namespace Appliance.Uplink.Gate;

/// <summary>A share with everything a person needs to decide.</summary>
internal sealed record ShareSheet
{
    public required Share Share { get; init; }

    /// <summary>The record inside, as label key and value.</summary>
    public required IReadOnlyList<RecordField> Record { get; init; }

    /// <summary>What stays here, and why.</summary>
    public required IReadOnlyList<Withheld> Withheld { get; init; }

    /// <summary>The objects that leave, each in indented JSON.</summary>
    public required IReadOnlyList<LeavingObject> Leaves { get; init; }

    /// <summary>Hash of the bytes shown: an approval names it.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The rule that applies now.</summary>
    public required string Rule { get; init; }

    /// <summary>All peers, with the reason of those that may not be chosen.</summary>
    public required IReadOnlyList<Candidate> Peers { get; init; }

    /// <summary>To whom it went or will go, and how far it came.</summary>
    public required IReadOnlyList<RecipientLine> Recipients { get; init; }
}

/// <summary>One field of the internal record.</summary>
/// <param name="LabelKey">Resource key of its label.</param>
/// <param name="Value">Its value.</param>
/// <param name="Stays">True when it does not leave.</param>
internal sealed record RecordField(string LabelKey, string Value, bool Stays = false, string ReasonKey = "");

/// <summary>One object that leaves.</summary>
internal sealed record LeavingObject(string Type, string Id, string Json);

/// <summary>A peer that could be a recipient.</summary>
/// <param name="HinderKey">Why it may not be chosen, or null.</param>
internal sealed record Candidate(Guid Id, string Name, string Role, Tlp Ceiling, string? HinderKey);

/// <summary>How far a share came at one peer.</summary>
internal sealed class RecipientLine
{
    public Guid PeerId { get; set; }

    public string Name { get; set; } = "";

    public string State { get; set; } = "";

    public string Note { get; set; } = "";

    public DateTimeOffset ChangedAt { get; set; }

    public DateTimeOffset? PulledAt { get; set; }

    public DateTimeOffset? AcknowledgedAt { get; set; }
}

/// <summary>Shows one share: the record inside beside what leaves.</summary>
internal sealed class ShowShare(Database database, NodeStore nodes, ShareDrafts drafts, UplinkOptions options) : Query<Guid, ShareSheet>
{
    private const string Recipients =
        """
        select r.peer_id, p.name, r.state, r.note, r.changed_at, r.pulled_at, r.acknowledged_at
        from uplink.share_recipients r
        join uplink.peers p on p.id = r.peer_id
        where r.share_id = @Id
        order by lower(p.name)
        """;

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override Permission Permission => Permissions.ShareRead;

    protected override async Task<Outcome<ShareSheet>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        if (await Share.FindAsync(database, viewer, request, cancel) is not { } share)
            return Refuse.NotFound("uplink.refused.share-unknown");
        var source = ShareSource.Of(share);
        var open = share.State is "pending" or "signed";
        // An open share is shown as it would leave now; a decided one as it was decided.
        var (bundle, stays) = open
            ? drafts.Build(await nodes.ReadAsync(cancel), share.Id, source, share.Generation, share.Created, share.Modified)
            : (share.Frozen is { } frozen ? Encoding.UTF8.GetString(frozen) : share.Draft, JsonSerializer.Deserialize<Withheld[]>(share.Withheld, OutboxJson.Options) ?? []);
        var peers = await Peer.AllAsync(database, cancel);
        return new ShareSheet
        {
            Share = share,
            Record = RecordOf(source, stays),
            Withheld = stays,
            Leaves = Split(bundle),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bundle))),
            Rule = open ? GateRules.RuleFor(share.Marking, options.FourEyes) : share.Rule,
            Peers = [.. peers.Select(p => new Candidate(p.Id, p.Name, p.Role, p.CeilingTlp, GateRules.Hinders(share.Marking, p)))],
            Recipients = await database.QueryAsync<RecipientLine>(Recipients, new { Id = request }, cancel),
        };
    }

    private static List<RecordField> RecordOf(ShareSource source, IReadOnlyList<Withheld> stays)
    {
        var fields = new List<RecordField>
        {
            new("uplink.field.number", source.Number),
            new("uplink.field.title", source.Title),
        };
        if (source.Text.Length > 0)
            fields.Add(new("uplink.field.text", source.Text));
        if (source.RsitType.Length > 0)
            fields.Add(new("uplink.field.rsit", source.RsitType));
        fields.Add(new("uplink.field.severity", source.Severity.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        if (source.FirstSeen is { } seen)
            fields.Add(new("uplink.field.first-seen", Stix.StixTime.Stix(seen)));
        foreach (var observable in source.Observables.Distinct())
        {
            var kept = stays.FirstOrDefault(s => s.Type == observable.Type && s.Value == observable.Value);
            fields.Add(new($"uplink.observable.{observable.Type}", observable.Value, kept is not null, kept?.ReasonKey ?? ""));
        }
        return fields;
    }

    private static List<LeavingObject> Split(string bundle)
    {
        using var document = JsonDocument.Parse(bundle);
        return [.. document.RootElement.GetProperty("objects").EnumerateArray().Reverse().Select(o =>
            new LeavingObject(o.GetProperty("type").GetString()!, o.GetProperty("id").GetString()!, JsonSerializer.Serialize(o, s_indented)))];
    }
}
