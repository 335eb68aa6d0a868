using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;

namespace Appliance.Ticketing.Incidents;

/// <summary>Colleagues that a note calls by <c>@</c> and their log-in name. Who may not read the incident is not told of it.</summary>
internal static partial class Mentions
{
    /// <summary>Tells those whom <paramref name="text"/> calls and <paramref name="before"/>, the note as it was, did not.</summary>
    public static async Task TellAsync(Work work, IncidentRow incident, string text, string before, IStaff staff, CancellationToken cancel)
    {
        var called = In(text).Except(In(before), StringComparer.OrdinalIgnoreCase).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (called.Count == 0)
            return;
        var colleagues = await staff.WhoMayAsync(work.Viewer, Permissions.Read, cancel);
        await work.TellAsync(
            colleagues.Where(c => called.Contains(c.LogIn) && c.MayRead(incident.Marking()))
                .Select(c => new NewNotice(c.Id, "ticketing.notice.mentioned", incident.Subject, $"/tickets/{incident.Number}", incident.Number)),
            cancel);
    }

    /// <summary>The names that <paramref name="text"/> calls; an address of mail calls nobody.</summary>
    internal static IReadOnlyList<string> In(string text) => [.. Call().Matches(text).Select(m => m.Groups[1].Value.TrimEnd('.', '-', '_')).Distinct(StringComparer.OrdinalIgnoreCase)];

    [GeneratedRegex(@"(?:^|[^\p{L}\p{N}_@./+-])@([\p{L}\p{N}][\p{L}\p{N}._-]{1,59})", RegexOptions.NonBacktracking)]
    private static partial Regex Call();
}
