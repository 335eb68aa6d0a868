using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Templates;

/// <summary>One template.</summary>
internal sealed class ShowTemplate(Database database) : Query<Guid, TemplateSheet>
{
    public override Permission Permission => Permissions.Open;

    protected override async Task<Outcome<TemplateSheet>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel) =>
        viewer.Constituent is null && await database.FindAsync<TemplateRow>(TemplateRow.One, Visible.With(viewer, new { Template = request }), cancel) is { } found
            ? found.Read()
            : Refuse.NotFound("ticketing.refused.no-template");
}
