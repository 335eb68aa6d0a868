using Appliance.Contracts;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;
using Dapper;

namespace Appliance.Sensing.Inbox;

/// <summary>What part of the groups is looked at.</summary>
internal sealed record InboxFilter(string View, int WindowHours = 24, string? Query = null)
{
    public const int LongestWindowHours = 24 * 366;

    public static IReadOnlyList<string> Views { get; } = ["inbox", "mine", "snoozed", "escalated", "closed"];

    /// <summary>The condition that <see cref="Parameters"/> fill, after the visibility fragment. One text for list, counts and "all matching".</summary>
    public const string Condition =
        $"""
        m.state = @state
        and (not @mine or m.owner_id = @viewer_id)
        and m.last_received >= @since
        and {FilterSql.Common}
        and {FilterSql.OfGroups}
        """;

    /// <summary>The parameters of <see cref="Condition"/> for <paramref name="viewer"/>, or why the filter makes no sense.</summary>
    public Outcome<DynamicParameters> Parameters(Viewer viewer, DateTimeOffset now, object? own = null)
    {
        if (!Views.Contains(View, StringComparer.Ordinal))
            return Refuse.Invalid("sensing.refused.view", "view", View);
        var parsed = FilterTerms.Parse(Query);
        if (!parsed.TryGet(out var terms))
            return Outcome<DynamicParameters>.Refused(parsed.Refusals);
        var parameters = Visible.With(viewer, own);
        parameters.AddDynamicParams(new
        {
            state = View is "inbox" or "mine" ? "open" : View,
            mine = View == "mine",
            since = now.AddHours(-Math.Clamp(WindowHours, 1, LongestWindowHours)),
        });
        terms.AddTo(parameters);
        return parameters;
    }
}
