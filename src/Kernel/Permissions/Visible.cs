using Appliance.Contracts;
using Dapper;

namespace Appliance.Kernel.Permissions;

/// <summary>
/// The one fragment that decides which marked rows a viewer sees, inside the query and before paging. A marked table has the columns
/// <c>tlp smallint, pap smallint, exercise boolean, named uuid[]</c>, and <c>constituents uuid[]</c> where people of constituents may look.
/// </summary>
/// <remarks>
/// Write <c>where {Visible.Rows}</c> with the table aliased <c>m</c>, and pass <see cref="With"/> as parameters. A test fails on any SQL constant that
/// reads a marked table without it. Not row-level security: its barrier defeats the text and inet indexes.
/// </remarks>
public static class Visible
{
    /// <summary>For tables with <c>tlp</c> and <c>named</c>: staff and the appliance.</summary>
    public const string Rows =
        "(m.tlp <= @viewer_tlp or @viewer_id = any(m.named))";

    /// <summary>For tables that also have <c>constituents uuid[]</c>: people of an organisation see only its rows.</summary>
    public const string RowsOfConstituents =
        "((m.tlp <= @viewer_tlp or @viewer_id = any(m.named)) and (@viewer_constituent::uuid is null or @viewer_constituent = any(m.constituents)))";

    /// <summary>The fragment's parameters for <paramref name="viewer"/>, together with the query's own.</summary>
    public static DynamicParameters With(Viewer viewer, object? own = null)
    {
        var parameters = new DynamicParameters(own);
        // RED is by name: a person's ceiling never reaches it, the appliance itself reads all.
        var ceiling = viewer.IsSystem ? Tlp.Red : (Tlp)Math.Min((int)viewer.ReadsUpTo, (int)Tlp.AmberStrict);
        parameters.Add("viewer_tlp", (short)ceiling);
        parameters.Add("viewer_id", viewer.Id.Value);
        parameters.Add("viewer_constituent", viewer.Constituent?.Value, System.Data.DbType.Guid);
        return parameters;
    }
}
