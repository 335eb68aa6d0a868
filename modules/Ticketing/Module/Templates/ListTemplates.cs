using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Templates;

/// <summary>Lists templates by name, as far as their labels allow; the request says whether those that were retired are listed instead.</summary>
internal sealed class ListTemplates(Database database) : Query<bool, IReadOnlyList<TemplateSheet>>
{
    private const string Select = $"{TemplateRow.Select}\n  and (m.retired_at is not null) = @Retired\norder by lower(m.name), m.id\nlimit 500";

    public override Permission Permission => Permissions.Open;

    protected override async Task<Outcome<IReadOnlyList<TemplateSheet>>> HandleAsync(Viewer viewer, bool request, CancellationToken cancel) => viewer.Constituent is not null
        ? Array.Empty<TemplateSheet>()
        : (await database.QueryAsync<TemplateRow>(Select, Visible.With(viewer, new { Retired = request }), cancel)).Select(r => r.Read()).ToArray();
}
