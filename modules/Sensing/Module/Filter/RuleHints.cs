using Appliance.Contracts;
using Appliance.Kernel.Data;
using Dapper;

namespace Appliance.Sensing.Filter;

/// <summary>What the bar of the rules offers: signatures of the rules that are here. They are marked by nobody and carry no counts.</summary>
internal sealed class RuleHints(Database database, TimeProvider time) : QueryHints(database, time)
{
    private const string Sid =
        """
        select r.sid::text as value, max(r.message) as about, 0::bigint as count, 0::bigint as looked
        from sensing.rules r
        where r.sid is not null and (@like::text is null or r.sid::text like @like or r.message ilike '%' || @like)
        group by r.sid
        order by r.sid
        limit @most
        """;

    public override Permission Permission => Permissions.Look;

    protected override IReadOnlyList<string> Fields { get; } = ["sid"];

    protected override bool Counts => false;

    protected override string? SqlOf(string field) => field == "sid" ? Sid : null;

    protected override DynamicParameters Parameters(Viewer viewer, QueryHintsRequest request, DateTimeOffset since) => new();
}
