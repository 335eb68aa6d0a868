using Appliance.Contracts;

namespace Appliance.Uplink.Peers;

/// <summary>What a person says about a peer.</summary>
internal sealed record PeerForm
{
    public string Name { get; init; } = "";

    /// <summary>national or hub.</summary>
    public string Role { get; init; } = "national";

    /// <summary>Address of its discovery or API root; empty: it pulls from us.</summary>
    public string RootUrl { get; init; } = "";

    public string ReadCollection { get; init; } = "shared";

    public string WriteCollection { get; init; } = "inbox";

    public Tlp Ceiling { get; init; } = Tlp.Green;

    public bool TakesExercises { get; init; }

    /// <summary>pending, trusted or suspended.</summary>
    public string Trust { get; init; } = "pending";

    /// <summary>Everything that is wrong with it, at once.</summary>
    public IReadOnlyList<Refusal> Faults()
    {
        var faults = new List<Refusal>();
        if (Name.Trim().Length is 0 or > 200)
            faults.Add(Refuse.Invalid("uplink.refused.peer-name", nameof(Name)));
        if (Role is not ("national" or "hub"))
            faults.Add(Refuse.Invalid("uplink.refused.peer-role", nameof(Role)));
        if (RootUrl.Trim().Length > 0 && !(Uri.TryCreate(RootUrl.Trim(), UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.UserInfo.Length == 0))
            faults.Add(Refuse.Invalid("uplink.refused.peer-url", nameof(RootUrl), RootUrl));
        foreach (var (field, value) in new[] { (nameof(ReadCollection), ReadCollection), (nameof(WriteCollection), WriteCollection) })
            if (value.Trim().Length is 0 or > 200 || value.Any(c => !(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '~')))
                faults.Add(Refuse.Invalid("uplink.refused.peer-collection", field, value));
        if (Ceiling is < Tlp.Clear or > Tlp.AmberStrict)
            faults.Add(Refuse.Invalid("uplink.refused.peer-ceiling", nameof(Ceiling)));
        if (Trust is not ("pending" or "trusted" or "suspended"))
            faults.Add(Refuse.Invalid("uplink.refused.peer-trust", nameof(Trust)));
        return faults;
    }

    /// <summary>The values as stored.</summary>
    public object Parameters(Guid id, DateTimeOffset now) => new
    {
        Id = id,
        Name = Name.Trim(),
        Role,
        RootUrl = RootUrl.Trim() is { Length: > 0 } url ? url : null,
        ReadCollection = ReadCollection.Trim(),
        WriteCollection = WriteCollection.Trim(),
        Ceiling = (short)Ceiling,
        TakesExercises,
        Trust,
        Now = now,
    };
}
