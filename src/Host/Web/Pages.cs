using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Kernel.Modules;
using Appliance.Ui;
using Appliance.Ui.Layout;
using Microsoft.AspNetCore.Components.Endpoints;

namespace Appliance.Host.Web;

/// <summary>Maps the pages of Ui, Console and the modules, and the circuit that the signed-in ones share.</summary>
internal static class Pages
{
    public static void MapPages(this WebApplication app, ModuleCatalog catalog, ModuleSet modules)
    {
        app.MapUi();
        var pages = app.MapRazorComponents<App>()
            // The policy header is ours: see SecurityHeaders.
            .AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null)
            .AddAdditionalAssemblies([.. catalog.PageAssemblies(modules)]);
        pages.Add(endpoint =>
        {
            // What belongs to no page is the circuit itself: for people who are signed in.
            var isPage = endpoint.Metadata.OfType<ComponentTypeMetadata>().Any();
            if (!isPage && !endpoint.Metadata.OfType<NeedsPermission>().Any())
                endpoint.Metadata.Add(new NeedsPermission(Permission.Enrolling));
        });
    }
}
