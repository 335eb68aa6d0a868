using Appliance.Contracts;

namespace Appliance.Ticketing.Incidents;

/// <summary>Copies the names of organisations at the time they are chosen: the incident shows who was meant even when the directory changes.</summary>
internal static class ConstituentNames
{
    /// <summary>The names in order, or a refusal for one that the viewer cannot see.</summary>
    public static async Task<Outcome<List<string>>> ReadAsync(IConstituency constituency, Viewer viewer, IReadOnlyList<ConstituentId> ids, CancellationToken cancel)
    {
        var names = new List<string>();
        foreach (var id in ids)
        {
            if (await constituency.FindAsync(viewer, id, cancel) is not { } card)
                return Refuse.Invalid("ticketing.refused.constituent-unknown", nameof(IncidentFields.Constituents), id.ToString());
            names.Add(card.Name);
        }
        return names;
    }
}
