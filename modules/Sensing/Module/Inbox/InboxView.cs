using Appliance.Contracts;
using Appliance.Kernel.Permissions;
using Dapper;

namespace Appliance.Sensing.Inbox;

/// <summary>What part of the groups is looked at.</summary>
internal sealed record InboxFilter(string View, int WindowHours = 24, string? Query = null)
{
    public const int LongestWindowHours = 24 * 366;

    public static IReadOnlyList<string> Views { get; } = ["inbox", "mine", "snoozed", "escalated", "closed"];

    /// <summary>The condition that <see cref="Parameters"/> fill, after the visibility fragment. One text for list, counts and "all matching".</summary>
    public const string Condition =
        """
        m.state = @state
        and (not @mine or m.owner_id = @viewer_id)
        and m.last_received >= @since
        and (@before::timestamptz is null or m.first_received < @before)
        and (@ip::cidr is null or m.src <<= @ip::cidr or m.dst <<= @ip::cidr)
        and (@src::cidr is null or m.src <<= @src::cidr)
        and (@dst::cidr is null or m.dst <<= @dst::cidr)
        and (@sid::bigint is null or m.sid = @sid)
        and (@severity::int is null or m.severity = @severity)
        and (@port::int is null or m.src_port = @port or m.dst_port = @port)
        and (@pattern::text is null or m.signature ilike @pattern or m.name ilike @pattern or m.src_constituent_name ilike @pattern
             or m.dst_constituent_name ilike @pattern or m.incident_number ilike @pattern)
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
            before = terms.Before,
            ip = terms.Ip?.ToString(),
            src = terms.Src?.ToString(),
            dst = terms.Dst?.ToString(),
            sid = terms.Sid,
            severity = terms.Severity,
            port = terms.Port,
            pattern = terms.Pattern,
        });
        return parameters;
    }
}
