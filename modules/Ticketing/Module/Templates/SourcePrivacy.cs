using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Templates;

/// <summary>What a template must not hold of the incident it was made from: its people, its organisations and its traces, and no address of mail at all.</summary>
internal static partial class SourcePrivacy
{
    private const int Named = 5;

    private const string Told =
        $"""
        -- every row: a text about to be kept is held against what belongs to its source, and only words of that text are named
        select f.value
        from (
            select p.address as value from ticketing.parties p where p.incident_id in {Members.OfGroup}
            union select p.name from ticketing.parties p where p.incident_id in {Members.OfGroup}
            union select o.value from ticketing.observables o where o.incident_id in {Members.OfGroup}
            union select unnest(m.constituent_names) from ticketing.incidents m where m.id in {Members.OfGroup}
        ) f
        where length(f.value) > 3 and strpos(lower(@Text), lower(f.value)) > 0
        order by f.value
        limit 6
        """;

    /// <summary>Why the texts are not kept, or null.</summary>
    public static async Task<Refusal?> FaultAsync(Work work, Guid source, IEnumerable<string> texts, CancellationToken cancel)
    {
        var text = string.Join('\n', texts);
        var found = (await work.QueryAsync<string>(Told, new { Incident = source, Text = text }, cancel)).Concat(Address().Matches(text).Select(m => m.Value)).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return found.Count == 0 ? null : Refuse.Invalid("ticketing.refused.template-personal", null, string.Join(", ", found.Take(Named)) + (found.Count > Named ? " …" : ""));
    }

    [GeneratedRegex(@"[^\s@<>(),;:]+@[^\s@<>(),;:]+\.[^\s@<>(),;:.]+", RegexOptions.NonBacktracking)]
    private static partial Regex Address();
}
